/** Unexpected exceptions as failures, log lines and n8n's errors. */
import type { IExecuteFunctions, INode } from 'n8n-workflow';
import { CAUSE } from '../../../nodes/EmojiVideo/base/result';
import { createRecordException } from '../../../nodes/EmojiVideo/execution/exceptions';
import { toNodeError } from '../../../nodes/EmojiVideo/execution/nodeErrors';

const KEY = 'sk-1234567890';
const NODE = { name: 'Emoji Video' } as INode;

function recording() {
	const lines: string[] = [];
	const functions = { logger: { error: (line: string) => void lines.push(line) } };
	const record = createRecordException(functions as unknown as IExecuteFunctions, (text) =>
		text.replaceAll(KEY, '[API key]'),
	);
	return { lines, record };
}

describe('recordException', () => {
	it('logs the same exception once and different exceptions each', () => {
		const { lines, record } = recording();
		const error = new Error('first');
		record(error);
		record(error);
		record(new Error('second'));
		expect(lines).toHaveLength(2);
	});

	it('removes the API key from the log, the message and the cause', () => {
		const { lines, record } = recording();
		const failure = record(new Error(`bad header ${KEY}`));
		const texts = [...lines, failure.message, failure[CAUSE]?.message, failure[CAUSE]?.stack];
		for (const text of texts) {
			expect(text).toContain('bad header [API key]');
			expect(text).not.toContain(KEY);
		}
	});

	it('names the accepted tasks in the failure', () => {
		expect(recording().record(new Error('x'), ['t-1'])).toMatchObject({
			kind: 'unexpected',
			taskId: 't-1',
		});
	});

	it.each<[string, unknown, string]>([
		['a string', 'a text', 'a text'],
		['undefined', undefined, 'undefined'],
		['an object with an endless chain of causes', endless(), 'endless'],
		['an object whose properties throw', throwing(), 'object'],
	])('takes %s that was thrown', (_, thrown, words) => {
		const { lines, record } = recording();
		expect(record(thrown).message).toContain(words);
		expect(lines).toHaveLength(1);
	});

	it('keeps the cause out of JSON', () => {
		const { record } = recording();
		expect(JSON.stringify(record(new Error('x')))).not.toContain('stack');
	});
});

function endless(): Error {
	const error = new Error('endless');
	return Object.assign(error, { cause: error });
}

function throwing(): object {
	const refuse = (): never => {
		throw new Error('no');
	};
	return new Proxy({}, { get: refuse, ownKeys: refuse, getPrototypeOf: refuse });
}

it('n8n’s error of an unexpected exception has the exception as its cause, without its properties', () => {
	const thrown = Object.assign(new TypeError('x is not a function'), { headers: { a: KEY } });
	const failure = recording().record(thrown);
	const error = toNodeError(NODE, { ...failure, taskId: 't-1' });
	expect(error.message).toBe('Emoji Video came to an unexpected end: x is not a function');
	expect(error.cause).toMatchObject({ name: 'TypeError', message: 'x is not a function' });
	expect((error.cause as Error).stack).toContain('exceptions.test.mts');
	expect(error.cause).not.toHaveProperty('headers');
});
