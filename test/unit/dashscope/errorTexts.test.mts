/** Texts of failures in n8n: each ID once, options by their labels, the code in the details. */
import type { INode, NodeApiError } from 'n8n-workflow';
import {
	timeLimitFailure,
	unansweredLimitFailure,
} from '../../../nodes/EmojiVideo/batch/limitFailures';
import { failureOfResponse, taskFailure } from '../../../nodes/EmojiVideo/dashscope/errors';
import { taskSchema } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { toNodeError } from '../../../nodes/EmojiVideo/execution/nodeErrors';
import { toItem } from '../../../nodes/EmojiVideo/execution/outputItems';
import { failureForModel } from '../../../nodes/EmojiVideo/execution/toolItems';
import { nameLimit } from '../../../nodes/EmojiVideo/parameters/limitLabels';
import { STOPPED, unexpectedFailure } from '../../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../../nodes/EmojiVideo/base/result';

const NODE = { name: 'Emoji Video', parameters: {} } as INode;
const ID = '0385dc79-5ff8-4d82-bcb6-xxxxxx';

const taskThat = (task_status: string, more: object = {}) =>
	taskSchema.parse({ request_id: 'r', output: { task_id: ID, task_status, ...more } });

const refused = (status: number, code: string, message: string): Failure => ({
	...failureOfResponse(status, { code, message, request_id: 'r' }),
	taskId: ID,
});

/** Functions, so that a test creates its own failure. */
const failures: Array<[string, () => Failure]> = [
	['a rejected request', () => refused(400, 'InvalidParameter', 'Field required: task_id')],
	['a status without a body', () => ({ ...failureOfResponse(502, undefined), taskId: ID })],
	[
		'a failed task',
		() => taskFailure(taskThat('FAILED', { code: 'InvalidURL', message: 'url error' })),
	],
	['a failed task of an unknown code', () => taskFailure(taskThat('FAILED', { code: 'Odd' }))],
	['a failed task without a reason', () => taskFailure(taskThat('FAILED'))],
	['an unknown task', () => taskFailure(taskThat('UNKNOWN'))],
	['a canceled task', () => taskFailure(taskThat('CANCELED'))],
	['the end of Timeout', () => nameLimit(timeLimitFailure(taskThat('RUNNING'), 'run'))],
	['the end of Queue Timeout', () => nameLimit(timeLimitFailure(taskThat('PENDING'), 'queue'))],
	[
		'no response at the end of Queue Timeout',
		() =>
			nameLimit(unansweredLimitFailure(taskThat('PENDING'), refused(503, 'X', 'busy'), 'queue')),
	],
	['Stop', () => ({ ...STOPPED, taskId: ID })],
	['an unexpected exception', () => unexpectedFailure(new Error('x is not a function'), [ID])],
];

const count = (text: string, word: string) => text.split(word).length - 1;

describe.each(failures)('the failure of %s', (_, failureOf) => {
	it('names the task once, and DashScope’s words after ours', () => {
		const failure = failureOf();
		const { message, description = '' } = toNodeError(NODE, failure, { itemIndex: 0 });
		const text = `${message}\n${description ?? ''}`;
		expect(count(text, ID)).toBe(1);
		expect(message).toMatch(/^(The|A|At|DashScope(?! says)|Emoji Video) /);
		for (const word of [failure.serviceMessage, failure.code].filter(Boolean)) {
			expect(message).not.toContain(word);
			expect(count(text, String(word))).toBe(1);
		}
	});

	it('has everything in the message for an AI model, once', () => {
		const failure = failureOf();
		const wholeText = failureForModel(failure);
		const { message, description } = toNodeError(NODE, failure, { wholeText });
		expect(count(`${message}\n${description ?? ''}`, ID)).toBe(1);
		expect(message).toContain(failure.nextStep);
		expect(message).toContain(failure.serviceMessage ?? '');
	});

	it('shows DashScope’s code and words in the details', () => {
		const failure = failureOf();
		// n8n stores the own properties of an error (n8n-core, workflow-execute.js).
		const details: Partial<NodeApiError> = { ...toNodeError(NODE, failure) };
		const { httpCode, messages = [] } = details;
		const shown = `${httpCode ?? ''} ${messages.join(' ')}`;
		for (const word of [failure.code, failure.serviceMessage].filter(Boolean))
			expect(shown).toContain(word);
	});

	it('becomes an item with the same texts', () => {
		const failure = failureOf();
		const { json } = toItem({ itemIndex: 0, result: { ok: false, failure } });
		expect(json).toMatchObject({ message: failure.message, error: { message: failure.message } });
		const { code, serviceMessage, requestId, taskId } = failure;
		const known = Object.entries({ code, serviceMessage, requestId, taskId });
		expect(json['error']).toMatchObject(
			Object.fromEntries(known.filter(([, value]) => value !== undefined)),
		);
	});
});

it('a failure that concerns several tasks names each once', () => {
	const { nextStep, taskId } = unexpectedFailure(new Error('x'), ['task-1', 'task-2']);
	expect(taskId).toBeUndefined();
	for (const id of ['task-1', 'task-2']) expect(count(nextStep, id)).toBe(1);
});
