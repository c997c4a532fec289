/**
 * The versions of n8n that the package is tested on. The rule: the oldest and the newest that are
 * supported are among them, and each runs on a Node.js that it asks for itself (`engines` of n8n).
 */
import type { N8nVersion } from '../../sandbox/n8n/install-version.mts';

/** The version of `sandbox/n8n/host`, which `npm start` and the end-to-end tests use, too. */
export const MAIN_VERSION = '2.40.7';

/** The oldest n8n that the package supports; the oldest of its minor version that npm still has. */
export const OLDEST_SUPPORTED = '1.101.1';

export const HOSTS: N8nVersion[] = [
	{ version: OLDEST_SUPPORTED, node: '^20.19.0', layout: 'npm' },
	{ version: '1.123.81', node: '^22.16.0', layout: 'npm' },
	{
		version: '2.0.3',
		node: '^22.16.0',
		layout: 'pnpm',
		undeclared: [
			'@modelcontextprotocol/sdk',
			'csv-parse',
			'fflate',
			'moment-timezone',
			'multer',
			'zod-class',
		],
	},
	{ version: '2.20.12', node: '^22.16.0', layout: 'npm' },
	{ version: MAIN_VERSION, node: '^24.0.0', layout: 'npm' },
	{ version: '2.41.1', node: '^24.0.0', layout: 'npm' },
];

/** @throws with the known versions, if this is none of them */
export function hostOf(version: string): N8nVersion {
	const host = HOSTS.find((one) => one.version === version);
	if (host !== undefined) return host;
	const known = HOSTS.map((one) => one.version).join(', ');
	throw new Error(`There is no host ${version}; known are ${known} (lab/hosts/hosts.mts)`);
}
