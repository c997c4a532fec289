/** How an execution is parked on a sub-workflow, with a date of its own. */
import type { IExecuteFunctions, IWorkflowBase } from 'n8n-workflow';
import { keepsFilesInMemory } from '../../../../nodes/EmojiVideo/durable/n8n/filesInMemory';
import { canPark, parkOn, sleepUntil } from '../../../../nodes/EmojiVideo/durable/n8n/parking';
import { START_MS } from '../../support/simulatedAccount.mts';

const SAVED = { $execution: { id: 'e' }, $workflow: { id: 'w' } };
const CODE = { name: 'a layer' } as IWorkflowBase;
const SENT = [{ json: { sent: true } }];
const FALLBACK = [{ json: { fallback: true } }];

interface Host {
	ids?: object;
	/** The result of the sub-workflow. */
	result?: object;
	isToolExecution?: () => boolean;
	type?: string;
}

function n8nWith({ ids = SAVED, result, isToolExecution, type = 'emojiVideo' }: Host = {}) {
	const calls: unknown[][] = [];
	const shown: unknown[] = [];
	const executeData = { data: { main: [[{ json: { before: true } }]] } };
	const functions = {
		getWorkflowDataProxy: () => ids,
		getNode: () => ({ type }),
		isToolExecution,
		getMode: () => 'trigger',
		executeWorkflow: async (...call: unknown[]) => {
			calls.push(call);
			return await Promise.resolve({ executionId: 'sub', data: [null], ...result });
		},
		setMetadata: (metadata: unknown) => void shown.push(metadata),
		getExecuteData: () => executeData,
		putExecutionToWait: async (date: Date) => {
			shown.push(date);
			return await Promise.resolve();
		},
	} as unknown as IExecuteFunctions;
	return { functions, calls, shown, executeData };
}

describe('n8n can park', () => {
	it.each<[string, Host, boolean]>([
		['an execution of a saved workflow', {}, true],
		['no execution without an ID', { ids: { $workflow: { id: 'w' } } }, false],
		['no execution with an empty ID', { ids: { ...SAVED, $execution: { id: '' } } }, false],
		['no execution of an unsaved workflow', { ids: { $execution: { id: 'e' } } }, false],
		['no execution of the tool node', { type: 'emojiVideoTool' }, false],
		['no execution that an agent calls as a tool', { isToolExecution: () => true }, false],
	])('%s', (_, host, can) => {
		expect(canPark(n8nWith(host).functions)).toBe(can);
	});
});

const park = async (functions: IExecuteFunctions) =>
	await parkOn(functions, CODE, SENT, START_MS, FALLBACK);

describe('an execution is parked', () => {
	const waits = { waitTill: new Date(0) };

	it('on a sub-workflow that resumes it', async () => {
		const { functions, calls } = n8nWith({ result: waits });
		expect(await park(functions)).toEqual({ kind: 'parked', executionId: 'sub' });
		const parentExecution = { executionId: 'e', workflowId: 'w', shouldResume: true };
		expect(calls).toEqual([
			[{ code: CODE }, SENT, undefined, { parentExecution, executionMode: 'trigger' }],
		]);
	});

	it('until its own date, with its fallback items and a link to the sub-execution', async () => {
		const { functions, shown, executeData } = n8nWith({ result: waits });
		await park(functions);
		expect(shown).toEqual([
			{ subExecution: { executionId: 'sub', workflowId: 'w' }, subExecutionsCount: 1 },
			new Date(START_MS),
		]);
		expect(executeData.data.main).toEqual([FALLBACK]);
	});

	it('without a link if it has no IDs', async () => {
		const { functions, calls, shown } = n8nWith({ result: waits, ids: {} });
		await park(functions);
		expect(shown).toEqual([new Date(START_MS)]);
		expect(calls[0]?.[3]).toEqual({ parentExecution: undefined, executionMode: 'trigger' });
	});
});

describe('a sub-workflow that ends at once', () => {
	it.each<[string, object, unknown[]]>([
		['returns its items', { data: [[{ json: { done: true } }]] }, [{ json: { done: true } }]],
		['may return none', { data: [null] }, []],
	])('%s, and the execution is not parked', async (_, result, items) => {
		const { functions, shown } = n8nWith({ result });
		expect(await park(functions)).toEqual({ kind: 'ended', items });
		expect(shown).toEqual([]);
	});
});

it('a parked execution can be parked again on its sub-workflow', async () => {
	const { functions, calls, shown, executeData } = n8nWith();
	await sleepUntil(functions, START_MS, FALLBACK);
	expect([calls, shown]).toEqual([[], [new Date(START_MS)]]);
	expect(executeData.data.main).toEqual([FALLBACK]);
});

describe('n8n keeps files in its memory', () => {
	it.each<[string, () => unknown, boolean]>([
		['if a stored file has no ID', () => ({ mimeType: 'text/plain' }), true],
		['not if a stored file has an ID', () => ({ id: 'filesystem:1' }), false],
		[
			'not if no file can be stored',
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
