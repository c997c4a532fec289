/** A double for a test file: quick tasks, no rate limits unless asked for, and the node's side of it. */
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { startDashScopeDouble } from '../../sandbox/dashscope/index.mts';
import type { DashScopeDouble, DashScopeDoubleOptions } from '../../sandbox/dashscope/index.mts';
import { runNode, startNode } from './harness.mts';
import type { Credential, NodeRun } from './harness.mts';

/** Options that keep a test short: the double's limits are off, so the node's may be. */
export const FAST = { creationsPerSecond: 20, detectionsPerSecond: 20, pollInterval: 1 };

export interface Sandbox {
	double: DashScopeDouble;
	credential: Credential;
	/** Runs the node on this account; `options` are added to FAST. */
	run: (run: Omit<NodeRun, 'credential'>) => ReturnType<typeof runNode>;
	start: (run: Omit<NodeRun, 'credential'>) => ReturnType<typeof startNode>;
	/** Create and Wait of one portrait with these templates, or with other parameters. */
	createAndWait: (parameters?: INodeParameters) => INodeParameters;
	/** Paths of all API requests so far, in order, by operation. */
	operations: () => string[];
}

/** Starts a double and closes it after the tests of the calling file. */
export function useSandbox(options: DashScopeDoubleOptions = {}): Sandbox {
	const sandbox = {} as Sandbox;
	beforeAll(async () => {
		const double = await startDashScopeDouble({
			taskSeconds: 0.05,
			rateLimits: { enforce: false },
			...options,
		});
		const credential: Credential = {
			apiKey: double.apiKey,
			endpoint: 'custom',
			customUrl: double.url,
		};
		Object.assign(sandbox, {
			double,
			credential,
			run: async (run: Omit<NodeRun, 'credential'>) => await runNode({ ...run, credential }),
			start: async (run: Omit<NodeRun, 'credential'>) => await startNode({ ...run, credential }),
			createAndWait: (parameters: INodeParameters = {}): INodeParameters => ({
				resource: 'video',
				operation: 'createAndWait',
				imageUrl: double.portraitUrl('ada.png'),
				templates: ['mengwa_kaixin'],
				...parameters,
				options: { ...FAST, ...(parameters['options'] as IDataObject) },
			}),
			operations: () =>
				double
					.ledger()
					.filter(({ origin }) => origin === 'api')
					.map(({ operation }) => operation),
		});
	});
	beforeEach(() => {
		sandbox.double.reset();
		sandbox.double.faults.clear();
	});
	afterAll(async () => await sandbox.double.close());
	return sandbox;
}
