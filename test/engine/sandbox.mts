/**
 * A mock service for a test file, with quick tasks and no rate limits by default, and a way to run the node
 * against it. Rule: a test moves time, for the node and the mock alike, and never waits for it.
 */
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock, DashScopeMockOptions } from '../../sandbox/dashscope/index.mts';
import { runNode, startNode } from './harness.mts';
import type { Credential, NodeRun, RunningNode } from './harness.mts';
import { isNetworkAtWork, processNow, watchNetwork } from './server/mortalProcess.mts';
import { takeTime } from './server/virtualTime.mts';
import type { VirtualTime } from './server/virtualTime.mts';

/** Options that keep a test short. */
export const FAST = { pollInterval: 1 };
/** The mock enforces no limits, so the node needs none. */
export const FAST_RATES = { creationsPerSecond: 20, detectionsPerSecond: 20 };

type SandboxRun = Omit<NodeRun, 'credential'> & Partial<Pick<NodeRun, 'credential'>>;

export interface Sandbox {
	double: DashScopeMock;
	credential: Credential;
	/** The clock of the running test. */
	time: VirtualTime;
	/** Runs the node to its end. Default: on this account. */
	run: (run: SandboxRun) => ReturnType<typeof runNode>;
	/** Starts the node. Its result arrives as the test moves time. */
	start: (run: SandboxRun) => Promise<RunningNode>;
	/** Create and Wait of one portrait with these templates, or with other parameters. */
	createAndWait: (parameters?: INodeParameters) => INodeParameters;
	/** Paths of all API requests so far, in order, by operation. */
	operations: () => string[];
}

/** Starts a mock service and closes it after the tests of the calling file. */
export function useSandbox(options: DashScopeMockOptions = {}): Sandbox {
	const sandbox = {} as Sandbox;
	beforeAll(async () => {
		const double = await startDashScopeMock({
			taskSeconds: 0.05,
			rateLimits: { enforce: false },
			clock: { now: () => Date.now() },
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
			run: async (run: SandboxRun) => await sandbox.time.during(runNode({ credential, ...run })),
			start: async (run: SandboxRun) => await startNode({ credential, ...run }),
			createAndWait: (parameters: INodeParameters = {}): INodeParameters => ({
				resource: 'video',
				operation: 'createAndWait',
				imageUrl: double.portraitUrl('ada.png'),
				templates: ['mengwa_kaixin'],
				...parameters,
				options: { ...FAST, ...(parameters['options'] as IDataObject) },
				limitOptions: { ...FAST_RATES, ...(parameters['limitOptions'] as IDataObject) },
			}),
			operations: () =>
				double
					.ledger()
					.filter(({ origin }) => origin === 'api')
					.map(({ operation }) => operation),
		});
	});
	let restore = () => {};
	beforeEach(() => {
		const unwatch = watchNetwork();
		sandbox.time = takeTime(isNetworkAtWork, processNow);
		restore = () => {
			sandbox.time.restore();
			unwatch();
		};
		sandbox.double.reset();
		sandbox.double.faults.clear();
	});
	afterEach(() => restore());
	afterAll(async () => await sandbox.double.close());
	return sandbox;
}
