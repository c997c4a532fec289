import { createHash } from 'node:crypto';
import { startDashScopeDouble } from '../../sandbox/dashscope/index.mts';
import type { DashScopeDouble } from '../../sandbox/dashscope/index.mts';
import { runNode } from './harness.mts';

let double: DashScopeDouble;
beforeAll(async () => {
	double = await startDashScopeDouble({ taskSeconds: 0.1, rateLimits: { enforce: false } });
});
afterAll(async () => await double.close());

const fast = { creationsPerSecond: 20, detectionsPerSecond: 20, pollInterval: 1 };

test('a portrait becomes a video', async () => {
	const { outputs, error } = await runNode({
		parameters: {
			resource: 'video',
			operation: 'createAndWait',
			imageUrl: double.portraitUrl('ada.png'),
			templates: ['mengwa_kaixin'],
			options: fast,
		},
		credential: { apiKey: double.apiKey, endpoint: 'custom', customUrl: double.url },
	});
	console.log(JSON.stringify(outputs).slice(0, 1500), error, double.counts());
	void createHash;
});
