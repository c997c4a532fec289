/** How an execution is parked on a sub-workflow: it can be found again, and goes on by a date of its own. */
import type { IExecuteFunctions, IWorkflowBase } from 'n8n-workflow';
import { keepsFilesInMemory } from '../../../../nodes/EmojiVideo/durable/n8n/filesInMemory';
import { canPark, parkOn, sleepUntil } from '../../../../nodes/EmojiVideo/durable/n8n/parking';
import { START_MS } from '../../support/simulatedAccount.mts';

const SAVED = { $execution: { id: 'e' }, $workflow: { id: 'w' } };
const CODE = { name: 'a layer' } as IWorkflowBase;
const SENT = [{ json: { sent: true } }];
const FALLBACK = [{ json: { fallback: true } }];

interface Host {
	position?: object;
	/** What comes of the sub-workflow. */
	result?: object;
	isToolExecution?: () => boolean;
	type?: string;
}

function n8nWith({ position = SAVED, result, isToolExecution, type = 'emojiVideo' }: Host = {}) {
	const calls: unknown[][] = [];
	const withTasks: unknown[] = [];
	const executeData = { data: { main: [[{ json: { before: true } }]] } };
	const functions = {
		getWorkflowDataProxy: () => position,
		getNode: () => ({ type }),
		isToolExecution,
		getMode: () => 'trigger',
		executeWorkflow: async (...call: unknown[]) => {
			calls.push(call);
			return await Promise.resolve({ executionId: 'sub', data: [null], ...result });
		},
		setMetadata: (metadata: unknown) => void withTasks.push(metadata),
		getExecuteData: () => executeData,
		putExecutionToWait: async (date: Date) => {
			withTasks.push(date);
			return await Promise.resolve();
		},
	} as unknown as IExecuteFunctions;
	return { functions, calls, withTasks, executeData };
}

describe('n8n can park', () => {
	it.each<[string, Host, boolean]>([
		['an execution of a saved workflow', {}, true],
		['none without an ID', { position: { $workflow: { id: 'w' } } }, false],
		['none with an empty ID', { position: { ...SAVED, $execution: { id: '' } } }, false],
		['none of a workflow that is not saved', { position: { $execution: { id: 'e' } } }, false],
		['none whose agent waits for its tool', { type: 'emojiVideoTool' }, false],
		['none that is called as a tool', { isToolExecution: () => true }, false],
	])('%s', (_, host, can) => {
		expect(canPark(n8nWith(host).functions)).toBe(can);
	});
});

const park = async (functions: IExecuteFunctions) =>
	await parkOn(functions, CODE, SENT, START_MS, FALLBACK);

describe('an execution is parked', () => {
	const waits = { waitTill: new Date(0) };

	it('on a sub-workflow that knows whom to resume', async () => {
		const { functions, calls } = n8nWith({ result: waits });
		expect(await park(functions)).toEqual({ kind: 'parked', executionId: 'sub' });
		const parentExecution = { executionId: 'e', workflowId: 'w', shouldResume: true };
		expect(calls).toEqual([
			[{ code: CODE }, SENT, undefined, { parentExecution, executionMode: 'trigger' }],
		]);
	});

	it('until its own date, with what it goes on with then, and a link to the other', async () => {
		const { functions, withTasks, executeData } = n8nWith({ result: waits });
		await park(functions);
		expect(withTasks).toEqual([
			{ subExecution: { executionId: 'sub', workflowId: 'w' }, subExecutionsCount: 1 },
			new Date(START_MS),
		]);
		expect(executeData.data.main).toEqual([FALLBACK]);
	});

	it('without a link where it cannot be found again', async () => {
		const { functions, calls, withTasks } = n8nWith({ result: waits, position: {} });
		await park(functions);
		expect(withTasks).toEqual([new Date(START_MS)]);
		expect(calls[0]?.[3]).toEqual({ parentExecution: undefined, executionMode: 'trigger' });
	});
});

describe('a sub-workflow that ends at once', () => {
	it.each<[string, object, unknown[]]>([
		['brings its items', { data: [[{ json: { done: true } }]] }, [{ json: { done: true } }]],
		['may have none', { data: [null] }, []],
	])('%s, and nothing is parked', async (_, result, items) => {
		const { functions, withTasks } = n8nWith({ result });
		expect(await park(functions)).toEqual({ kind: 'ended', items });
		expect(withTasks).toEqual([]);
	});
});

it('an execution that is parked can be parked again, on the same', async () => {
	const { functions, calls, withTasks, executeData } = n8nWith();
	await sleepUntil(functions, START_MS, FALLBACK);
	expect([calls, withTasks]).toEqual([[], [new Date(START_MS)]]);
	expect(executeData.data.main).toEqual([FALLBACK]);
});

describe('n8n keeps files in its memory', () => {
	it.each<[string, () => unknown, boolean]>([
		['if a file that it takes has no ID', () => ({ mimeType: 'text/plain' }), true],
		['not if it has one', () => ({ id: 'filesystem:1' }), false],
		[
			'not if it does not say',
			() => {
				throw new Error('Nobody expected this');
			},
			false,
		],
	])('%s', async (_, answer, does) => {
		const prepared: unknown[][] = [];
		const prepareBinaryData = async (...call: unknown[]) => {
			prepared.push(call);
			return await Promise.resolve(answer());
		};
		const functions = { helpers: { prepareBinaryData } } as unknown as IExecuteFunctions;
		expect(await keepsFilesInMemory(functions)).toBe(does);
		expect(prepared).toEqual([[Buffer.from('.'), 'emoji-video.txt', 'text/plain']]);
	});
});
