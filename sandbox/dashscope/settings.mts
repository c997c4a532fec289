/** The defaults of all options. Rule: each has its source; names in quotes are headings of docs/service.md. */
import { documentedLimits } from './limits.mts';
import { oddityNames, type OddityName } from './oddities.mts';
import type { DashScopeMockOptions, Settings } from './options.mts';

const hourMs = 60 * 60 * 1000;
const sandboxKey = 'sk-sandbox-0123456789abcdef';

/** The oddities that take turns. */
export function oddityList(wanted: boolean | readonly OddityName[]): readonly OddityName[] {
	if (typeof wanted === 'boolean') return wanted ? oddityNames : [];
	return wanted;
}

/** `options` with every gap filled. */
export function settle(options: DashScopeMockOptions): Settings {
	const apiKey = options.apiKey ?? sandboxKey;
	const accounts = options.accounts ?? [{ id: 'sandbox', keys: [apiKey] }];
	return {
		host: options.host ?? '127.0.0.1',
		port: options.port ?? 0,
		storagePort: options.storagePort ?? 0,
		storageUrl: options.storageUrl,
		apiKey: accounts[0]?.keys[0] ?? apiKey,
		accounts,
		taskSeconds: options.taskSeconds ?? 60, // "Task status": 1 to 5 minutes
		concurrency: options.concurrency ?? 1, // "Limits"
		clock: options.clock ?? { now: () => Date.now() },
		rateLimits: { ...documentedLimits, ...options.rateLimits },
		taskRetentionMs: options.taskRetentionMs ?? 24 * hourMs, // "Retention"
		taskRetentionFrom: options.taskRetentionFrom ?? 'end',
		resultTimeoutMs: options.resultTimeoutMs ?? Infinity,
		resultLinkMs: options.resultLinkMs ?? 24 * hourMs, // "Retention"
		uploadRetentionMs: options.uploadRetentionMs ?? 48 * hourMs, // "Retention"
		maxUploadMegabytes: options.maxUploadMegabytes ?? 1024, // recorded; the page's example has 100
		maxPageSize: options.maxPageSize ?? 100, // an assumption
		modelOfflineTimes: options.modelOfflineTimes ?? {},
		otherVideoModels: options.otherVideoModels ?? [],
		oddities: oddityList(options.oddities ?? false),
		verdictStyle: options.verdictStyle ?? 'output200', // "Face detection"
		videoBytes: options.videoBytes ?? 0,
		imageTimeoutMs: options.imageTimeoutMs ?? 5000,
		answerDelayMs: options.answerDelayMs ?? 0,
	};
}
