/** A rejected key: before it has worked, one response decides; afterwards it takes two, some time apart. */
import { answerOf, clientWith } from '../../contract/quickClient.mts';
import {
	CONFIRM_AFTER_MS,
	confirmationPauseMs,
	noteResult,
	withoutLasting,
} from '../../../nodes/EmojiVideo/dashscope/keyTrust';
import type { KeyTrust } from '../../../nodes/EmojiVideo/dashscope/keyTrust';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { FailureKind } from '../../../nodes/EmojiVideo/base/result';

const failed = (kind: FailureKind, lasts?: boolean) =>
	fail({ kind, message: 'm', nextStep: 'n', ...(lasts && { lasts }) });
const WORKED: KeyTrust = { hasWorked: true };
const DENIED = failed('unauthorized');

describe('the trust in a key', () => {
	it('begins with the first success, and a success ends a doubt', () => {
		expect(noteResult({ hasWorked: false }, succeed(1), 7)).toEqual(WORKED);
		expect(noteResult({ hasWorked: true, rejectedAt: 3 }, succeed(1), 7)).toEqual(WORKED);
	});

	it('ends at once if the key has never worked', () => {
		const trust = noteResult({ hasWorked: false }, DENIED, 7);
		expect(trust).toEqual({ hasWorked: false });
		expect(confirmationPauseMs(trust, DENIED, 7)).toBeUndefined();
	});

	it('waits for a second rejection if the request is about an accepted task', () => {
		const trust = noteResult({ hasWorked: false }, DENIED, 7, true);
		expect(trust).toEqual({ hasWorked: false, rejectedAt: 7 });
		expect(confirmationPauseMs(trust, DENIED, 7)).toBe(CONFIRM_AFTER_MS);
	});

	it('remembers the first rejection of a key that has worked', () => {
		const first = noteResult(WORKED, DENIED, 7);
		expect(first).toEqual({ hasWorked: true, rejectedAt: 7 });
		expect(noteResult(first, DENIED, 9)).toEqual(first);
		expect(noteResult(first, failed('noResponse'), 9)).toEqual(first);
	});

	it('ends with a second rejection at least 10 seconds after the first', () => {
		const trust = { hasWorked: true, rejectedAt: 7 };
		expect(confirmationPauseMs(trust, DENIED, 7)).toBe(CONFIRM_AFTER_MS);
		expect(confirmationPauseMs(trust, DENIED, 6 + CONFIRM_AFTER_MS)).toBe(1);
		expect(confirmationPauseMs(trust, DENIED, 7 + CONFIRM_AFTER_MS)).toBeUndefined();
		expect(confirmationPauseMs(trust, failed('rejected'), 7)).toBeUndefined();
		expect(confirmationPauseMs(trust, succeed(1), 7)).toBeUndefined();
	});

	it('turns a lasting fault into a passing one', () => {
		expect(withoutLasting(failed('unreachable', true))).toStrictEqual(failed('unreachable'));
		expect(withoutLasting(DENIED)).toBe(DENIED);
		expect(withoutLasting(succeed(1))).toEqual(succeed(1));
	});
});

const RUNNING = answerOf({ output: { task_status: 'RUNNING' } });
const DENIAL = answerOf({ code: 'InvalidApiKey', message: 'm', request_id: 'r' }, 401);
const PAGE = answerOf('<html>Sorry, your request has been blocked</html>', 405);

describe('a client whose key has worked', () => {
	it.each(['once', 'patient'] as const)(
		'polls again after one rejection (%s)',
		async (attempts) => {
			const { client, sent } = clientWith(RUNNING, DENIAL, RUNNING);
			await client.getTask('t', attempts);
			expect(await client.getTask('t', attempts)).toMatchObject({ ok: true });
			expect(sent).toHaveLength(3);
		},
	);

	it('fails after two rejections', async () => {
		const { client, sent } = clientWith(RUNNING, DENIAL);
		await client.getTask('t', 'once');
		const result = await client.getTask('t', 'once');
		expect(result).toMatchObject({ failure: { kind: 'unauthorized' } });
		expect(sent).toHaveLength(3);
	});

	it('submits again after one rejection, because DashScope made no task', async () => {
		const accepted = answerOf({ output: { task_id: 't', task_status: 'PENDING' } });
		const { client, sent } = clientWith(RUNNING, DENIAL, accepted);
		await client.getTask('t', 'once');
		const areas = { face: [2, 2, 8, 8], expression: [0, 0, 9, 9] } as never;
		expect(await client.submitTask({ imageUrl: 'u', templateId: 't', areas })).toMatchObject({
			ok: true,
		});
		expect(sent).toHaveLength(3);
	});

	it('polls again after several pages of a firewall', async () => {
		const { client } = clientWith(RUNNING, PAGE, PAGE, PAGE, RUNNING);
		await client.getTask('t');
		expect(await client.getTask('t')).toMatchObject({ ok: true });
	});
});

describe('a client whose key has not worked yet', () => {
	it('fails after one rejection of a detection', async () => {
		const { client, sent } = clientWith(DENIAL, RUNNING);
		expect(await client.detectFace('u')).toMatchObject({ failure: { kind: 'unauthorized' } });
		expect(sent).toHaveLength(1);
	});

	it('polls a task again after one rejection, because a key must have submitted it', async () => {
		const { client, sent } = clientWith(DENIAL, RUNNING);
		expect(await client.getTask('t', 'once')).toMatchObject({ ok: true });
		expect(sent).toHaveLength(2);
	});

	it('sends a request twice to a firewall that blocks it', async () => {
		const { client, sent } = clientWith(PAGE);
		expect(await client.getTask('t')).toMatchObject({ failure: { kind: 'intermediary' } });
		expect(sent).toHaveLength(2);
	});
});
