/**
 * The mock of DashScope: a real HTTP server that responds as emoji-detect-v1 and emoji-v1 do by
 * Alibaba's documents. Rule: two origins as in life, one for the API and one for storage, and no state
 * outside the mock, so that many can run side by side.
 */
import type { AddressInfo } from 'node:net';
import { createApiOrigin } from './api/origin.mts';
import { createControl, type Control } from './control.mts';
import { addControlRoutes } from './control-http.mts';
import type { DashScopeMockOptions } from './options.mts';
import { createStorageOrigin } from './storage/origin.mts';
import { portraitNames } from './verdicts.mts';
import { createWorld } from './world.mts';

export { plainBehindHttps, startHttpsFront, type HttpsFront } from './boxes/https.mts';
export { startProxy, type Proxy, type ProxyRefusal, type RefusalOrder } from './boxes/proxy.mts';
export type { Clock } from './clock.mts';
export type { Control, TaskView } from './control.mts';
export { faultKinds, type Fault, type FaultKind } from './faults/kinds.mts';
export type { FaultOrder, Faults } from './faults/orders.mts';
export { pages, type PageName } from './faults/pages.mts';
export { operations } from './ledger.mts';
export type { LedgerCounts, LedgerEntry, Operation, Origin } from './ledger.mts';
export type { RateLimits } from './limits.mts';
export { oddityNames, type OddityName } from './oddities.mts';
export type {
	AccountOption,
	AnswerDelay,
	DashScopeMockOptions,
	TaskSeconds,
	TaskTiming,
} from './options.mts';
export { portraitLines } from './playground.mts';
export { refusals, type RefusalName } from './refusals.mts';
export type { TaskFailure, TaskStatus } from './tasks.mts';
export type { VerdictCode, VerdictStyle } from './verdicts.mts';
export { templateIds, templateSeconds, templateVideo } from './templates.mts';
export { portraitNames, portraitsFolder } from './verdicts.mts';

/** A running mock. */
export interface DashScopeMock extends Control {
	/** API origin without a slash at its end, e.g. `http://127.0.0.1:40123`. */
	url: string;
	/** Storage origin, likewise. */
	storageUrl: string;
	/** A key that works. */
	apiKey: string;
	/** URLs of all sample portraits, by file name. */
	portraits: Record<string, string>;
	/** The URL of one sample portrait, e.g. `ada.png`; throws when there is none of that name. */
	portraitUrl: (name: string) => string;
	/** Stops both origins and destroys their connections. */
	close: () => Promise<void>;
}

/** `http://host:port` of a listening server. */
function urlOf(host: string, address: AddressInfo | string | null): string {
	if (address === null || typeof address === 'string') throw new Error('The server has no port.');
	return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

/** Starts a mock and returns it once both origins listen. */
export async function startDashScopeMock(
	options: DashScopeMockOptions = {},
): Promise<DashScopeMock> {
	const world = createWorld(options);
	const control = createControl(world, options);
	const api = createApiOrigin(world);
	const storage = createStorageOrigin(world);
	addControlRoutes(api, control);
	const { host, port, storagePort } = world.settings;
	const close = async (): Promise<void> => {
		await Promise.all([api.close(), storage.close()]);
	};
	try {
		await storage.listen({ host, port: storagePort });
		await api.listen({ host, port });
	} catch (error) {
		await close();
		throw error;
	}
	const ownUrl = urlOf(host, storage.server.address());
	world.storageUrl = world.settings.storageUrl ?? ownUrl;
	world.apiUrl = urlOf(host, api.server.address());
	const portraits = Object.fromEntries(
		portraitNames.map((name) => [name, `${world.storageUrl}/portraits/${name}`]),
	);
	return {
		...control,
		url: world.apiUrl,
		storageUrl: world.storageUrl,
		apiKey: world.settings.apiKey,
		portraits,
		portraitUrl(name) {
			const url = portraits[name];
			if (url === undefined) throw new Error(`There is no sample portrait named ${name}.`);
			return url;
		},
		close,
	};
}
