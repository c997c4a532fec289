/** The defaults of all options. Rule: documented values only, each with its source. */
import { documentedLimits } from './limits.mts';
import type { DashScopeDoubleOptions, Settings } from './options.mts';

const hourMs = 60 * 60 * 1000;
const sandboxKey = 'sk-sandbox-0123456789abcdef';

/** `options` with every gap filled. */
export function settle(options: DashScopeDoubleOptions): Settings {
	const apiKey = options.apiKey ?? sandboxKey;
	const accounts = options.accounts ?? [{ id: 'sandbox', keys: [apiKey] }];
	return {
		host: options.host ?? '127.0.0.1',
		port: options.port ?? 0,
		storagePort: options.storagePort ?? 0,
		storageUrl: options.storageUrl,
		apiKey: accounts[0]?.keys[0] ?? apiKey,
		accounts,
		taskSeconds: options.taskSeconds ?? 60, // "typically takes 1 to 5 minutes" (reference)
		concurrency: options.concurrency ?? 1, // facts, section 2
		clock: options.clock ?? { now: () => Date.now() },
		rateLimits: { ...documentedLimits, ...options.rateLimits },
		taskRetentionMs: options.taskRetentionMs ?? 24 * hourMs, // facts, section 3
		taskRetentionFrom: options.taskRetentionFrom ?? 'end',
		resultLinkMs: options.resultLinkMs ?? 24 * hourMs, // reference, step 2
		uploadRetentionMs: options.uploadRetentionMs ?? 48 * hourMs, // facts, section 4
		maxUploadMegabytes: options.maxUploadMegabytes ?? 100, // facts, section 4
		verdictStyle: options.verdictStyle ?? 'output200', // facts, section 1
		videoBytes: options.videoBytes ?? 0,
		imageTimeoutMs: options.imageTimeoutMs ?? 5000,
		answerDelayMs: options.answerDelayMs ?? 0,
	};
}
