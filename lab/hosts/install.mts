/** The hosts of `hosts.mts`, installed. The rule: the one that the tests use anyway is not installed twice. */
import { tmpdir } from 'node:os';
import path from 'node:path';

import { installedIn, installVersion } from '../../sandbox/n8n/install-version.mts';
import type { N8nVersion } from '../../sandbox/n8n/install-version.mts';
import { ensureN8n } from '../../sandbox/n8n/install.mts';
import type { N8nInstall } from '../../sandbox/n8n/install.mts';
import { MAIN_VERSION } from './hosts.mts';

/** Where hosts are installed, each in a folder named by its version. */
export const HOSTS_FOLDER = path.join(tmpdir(), 'emoji-video-hosts');

/** @param keep takes what is there from an earlier run */
export async function installHost(
	folder: string,
	wanted: N8nVersion,
	keep: boolean,
): Promise<N8nInstall> {
	if (wanted.version === MAIN_VERSION) return await ensureN8n();
	const host = path.join(folder, wanted.version, 'host');
	const known = keep ? installedIn(host, wanted) : undefined;
	return known ?? (await installVersion(host, wanted));
}
