/** The submits of a check: nothing is paid twice, and no task is lost. */
import { openPaidTasks } from '../../../../nodes/EmojiVideo/batch/paidTasks';
import type { CreatedTask, ListedTask } from '../../../../nodes/EmojiVideo/dashscope/schemas';
import { submitGroup } from '../../../../nodes/EmojiVideo/durable/layers/submitGroup';
import { STATE_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/storedExecutions';
import type { Entry } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { CheckRequest } from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import { SUPERVISOR_NODE } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { ExecutionContext } from '../../../../nodes/EmojiVideo/execution/context';
import { fail, STOPPED, succeed } from '../../../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import { START_MS } from '../../support/simulatedAccount.mts';
import {
	AREAS,
	GONE_ON,
	accepted,
	n8nWith,
	requestOf,
	PARKED,
	rowWith,
	scheduleOf,
	unsubmitted,
} from '../parts.mts';
import { createVirtualClock } from '../../support/virtualClock.mts';
import { createStop } from '../../../../nodes/EmojiVideo/base/stop';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };
const WRONG_KEY: Failure = { kind: 'unauthorized', message: 'wrong key', nextStep: 'x' };

interface Trouble {
	/** The failure of the nth submit, from 0. */
	failures?: Record<number, Failure>;
	/** The account's task list; a failure: it cannot be read. */
	listed?: Array<Partial<ListedTask>> | Failure;
	/** How long the list takes, and each submit. */
	listMs?: number;
	submitMs?: number;
	rows?: Record<string, unknown>;
	n8n?: Record<string, unknown>;
	/** No submit gets a response before it is aborted. */
	hangs?: boolean;
	isStopped?: boolean;
}

/** Submits a request's group on an account with these faults. */
async function play(entries: Entry[], more: Partial<CheckRequest> = {}, trouble: Trouble = {}) {
	const { failures = {}, listed = [], listMs = 0, submitMs = 0, hangs, isStopped } = trouble;
	const clock = createVirtualClock(START_MS);
	const { stop, endBatch } = createStop();
	if (isStopped) endBatch();
	const sent: Array<{ imageUrl: string; templateId: string }> = [];
	let lists = 0;
	const submitTask = async (video: { imageUrl: string; templateId: string }) => {
		const nth = sent.length;
		sent.push(video);
		if (hangs) await clock.sleep(Infinity, stop.batchEnd);
		if (stop.batchEnd.aborted) return fail({ ...STOPPED, kind: 'interrupted' });
		await clock.sleep(submitMs);
		const failure = failures[nth];
		const value: CreatedTask = {
			taskId: `task-${nth}`,
			requestId: `request-${nth}`,
			status: 'PENDING',
		};
		return failure ? fail(failure) : succeed({ value, raw: {} });
	};
	const listTasks = async () => {
		lists++;
		await clock.sleep(listMs);
		if (!Array.isArray(listed)) return fail(listed);
		return succeed({ value: { tasks: listed, rows: listed.length, pages: 1 } });
	};
	const rows = { user: PARKED, ...trouble.rows };
	const { functions, read, log, warned } = n8nWith(rows, trouble.n8n);
	const paidTasks = openPaidTasks({});
	const context = {
		client: { submitTask, listTasks, aheadMs: () => 0 },
		clock,
		functions,
		stop,
		endBatch,
		paidTasks,
	} as unknown as ExecutionContext;
	const request = requestOf(entries, more);
	const schedule = scheduleOf(entries);
	const submitting = submitGroup(context, request, schedule);
	const { progress, ...submitted } = await clock.until(submitting);
	const endedAt = clock.now();
	return {
		...submitted,
		progress: [...progress],
		sent: sent.map(({ imageUrl }) => imageUrl),
		videos: sent,
		lists,
		read,
		log,
		warned,
		paid: paidTasks.taskIds(),
		schedule,
		ms: endedAt - START_MS,
		/** Whether the check is aborted when its time to submit ends. */
		isHaltedLater: async () => {
			await clock.advance(request.submittingEndsAt - endedAt + 1);
			return stop.batchEnd.aborted;
		},
	};
}

const several = (count: number) =>
	Array.from({ length: count }, (_, position) => unsubmitted(position));

describe("a check's group", () => {
	it('is submitted in order, and each entry gets its task', async () => {
		const { progress, submitting, videos, paid } = await play(several(2), {}, { submitMs: 1000 });
		expect(submitting).toBe('done');
		expect(progress).toEqual([
			[0, { taskId: 'task-0', requestId: 'request-0', acceptedAt: START_MS + 1000 }],
			[1, { taskId: 'task-1', requestId: 'request-1', acceptedAt: START_MS + 2000 }],
		]);
		expect(videos).toEqual([
			{ imageUrl: 'oss://0.png', templateId: 'mengwa_kaixin', areas: AREAS },
			{ imageUrl: 'oss://1.png', templateId: 'mengwa_kaixin', areas: AREAS },
		]);
		expect(paid).toEqual(['task-0', 'task-1']);
	});

	it('is polled from then on', async () => {
		const { schedule } = await play([accepted('before', 0), unsubmitted(1)]);
		expect([...schedule.open.keys()]).toEqual(['before', 'task-0']);
		expect(schedule.open.get('task-0')).toMatchObject({
			templateId: 'mengwa_kaixin',
			acceptedAt: START_MS,
		});
	});

	it("is logged with the user's execution, item, template and portrait", async () => {
		const { log } = await play([unsubmitted(4)]);
		expect(log).toEqual([
			'Emoji Video: task accepted: task=task-0 execution=user item=4 template=mengwa_kaixin portrait="4.png"',
		]);
	});

	it('has the requested positions, and no others', async () => {
		const { sent, progress } = await play(several(3), { group: [1] });
		expect(sent).toEqual(['oss://1.png']);
		expect(progress.map(([position]) => position)).toEqual([1]);
	});

	it('is empty: neither n8n nor the account is asked', async () => {
		const { submitting, read, lists } = await play([accepted('a', 0)], {
			unconfirmed: { since: 0, until: 0, known: [] },
			supervisorId: 'supervisor',
		});
		expect({ submitting, read, lists }).toEqual({ submitting: 'done', read: [], lists: 0 });
	});

	it.each(['address', 'areas', 'templateId'] as const)(
		'leaves out an entry without its %s',
		async (name) => {
			const { sent, progress } = await play([unsubmitted(0, { [name]: undefined })], {
				group: [0],
			});
			expect([sent, progress]).toEqual([[], []]);
		},
	);

	it('is submitted while Queue Ahead has room', async () => {
		const { sent, submitting } = await play([accepted('a', 0), ...several(3)], { queueAhead: 3 });
		expect([sent.length, submitting]).toEqual([2, 'done']);
	});

	it('is not submitted after a failure that ends the batch', async () => {
		const { sent, submitting } = await play(several(2), { maySubmit: false });
		expect([sent, submitting]).toEqual([[], 'done']);
	});
});

describe('a failed submit', () => {
	it("is its entry's failure, and the others are submitted", async () => {
		const { progress, endedBy, schedule } = await play(
			several(3),
			{},
			{ failures: { 1: REFUSED } },
		);
		expect(progress.map(([, { taskId, settled }]) => taskId ?? settled)).toEqual([
			'task-0',
			REFUSED,
			'task-2',
		]);
		expect([...schedule.open.keys()]).toEqual(['task-0', 'task-2']);
		expect(endedBy).toBeUndefined();
	});

	it('ends the group if the node stops at the first failure', async () => {
		const { sent, endedBy } = await play(
			several(3),
			{ stopsAtFirstFailure: true },
			{ failures: { 1: REFUSED } },
		);
		expect([sent.length, endedBy]).toEqual([2, undefined]);
	});

	it('with a wrong key ends the group and the batch', async () => {
		const { sent, endedBy } = await play(several(3), {}, { failures: { 1: WRONG_KEY } });
		expect([sent.length, endedBy]).toEqual([2, WRONG_KEY]);
	});

	it('alone ends the group: an accepted task does not', async () => {
		const { sent } = await play(several(3), { stopsAtFirstFailure: true });
		expect(sent).toHaveLength(3);
	});

	it('leaves its entry unchanged after an abort', async () => {
		const { progress, submitting } = await play(several(2), {}, { isStopped: true });
		expect([progress, submitting]).toEqual([[], 'done']);
	});
});

describe("the time of a check's submits", () => {
	it('lasts until submitUntil', async () => {
		const { sent, submitting, progress } = await play(
			several(5),
			{ submitUntil: START_MS + 2000 },
			{ submitMs: 1000 },
		);
		expect(sent).toHaveLength(3);
		expect(progress).toHaveLength(3);
		expect(submitting).toBe('done');
	});

	it('lets a check submit at its last moment', async () => {
		expect((await play(several(1), { submitUntil: START_MS })).sent).toHaveLength(1);
	});

	it('makes a later check report late without reading the list', async () => {
		const { sent, submitting, lists } = await play(several(1), {
			submitUntil: START_MS - 1,
			unconfirmed: { since: 0, until: 0, known: [] },
		});
		expect({ sent, submitting, lists }).toEqual({ sent: [], submitting: 'late', lists: 0 });
	});

	it('makes a check report late if the list takes too long', async () => {
		const { sent, submitting } = await play(
			several(1),
			{ submitUntil: START_MS + 1000, unconfirmed: { since: 0, until: 0, known: [] } },
			{ listMs: 1001 },
		);
		expect([sent, submitting]).toEqual([[], 'late']);
	});

	it('aborts a submit without a response at submittingEndsAt', async () => {
		const { ms, progress, sent } = await play(several(2), {}, { hangs: true });
		expect(ms).toBe(150_000);
		expect(progress).toMatchObject([[0, { settled: { kind: 'interrupted' } }]]);
		expect(sent).toHaveLength(1);
	});

	it('does not abort a check whose submits have ended', async () => {
		const { isHaltedLater } = await play(several(2), {}, { submitMs: 1000 });
		expect(await isHaltedLater()).toBe(false);
	});
});

describe("the user's execution", () => {
	it('is read after every five submits', async () => {
		const accepted: string[] = [];
		const lookedAfter: number[] = [];
		const user = () => {
			lookedAfter.push(accepted.length);
			return PARKED;
		};
		const logger = { info: (line: string) => accepted.push(line) };
		await play(several(12), {}, { rows: { user }, n8n: { logger } });
		expect(lookedAfter).toEqual([5, 10]);
	});

	it('ends the submits after five at most if it no longer waits', async () => {
		const { sent, progress, submitting } = await play(several(12), {}, { rows: { user: GONE_ON } });
		expect([sent.length, progress.length, submitting]).toEqual([5, 5, 'done']);
	});

	it("if unknown, lets all be submitted and logged with the check's ID", async () => {
		const { sent, log } = await play(several(6), { owner: undefined });
		expect(sent).toHaveLength(6);
		expect(log[5]).toContain('execution=own ');
	});

	it.each([
		['a check whose supervisor has stored another round submits nothing', 7, 'late', 0],
		['a check whose supervisor has stored this round submits', 1, 'done', 2],
	])('%s', async (_, number, submitting, count) => {
		const supervisor = rowWith(SUPERVISOR_NODE, STATE_KEY, { round: { number } });
		const submitted = await play(
			several(2),
			{ supervisorId: 'supervisor' },
			{ rows: { supervisor } },
		);
		expect([submitted.submitting, submitted.sent.length]).toEqual([submitting, count]);
	});
});

describe('an unconfirmed group', () => {
	const unconfirmed = { since: START_MS - 100_000, until: START_MS, known: ['known'] };
	const listed = [{ taskId: 'known' }, { taskId: 'other-a' }, { taskId: 'other-b' }];

	it('ends in errors that name the unknown tasks, and nothing is submitted', async () => {
		const entries = [accepted('known', 0), unsubmitted(1), unsubmitted(2)];
		const { progress, submitting, sent, warned } = await play(entries, { unconfirmed }, { listed });
		const settled = expect.objectContaining({
			kind: 'noResponse',
			nextStep: expect.stringMatching(/may be this video: other-a, other-b\. A task may/) as string,
		}) as Failure;
		expect(progress).toEqual([
			[1, { settled }],
			[2, { settled }],
		]);
		expect([submitting, sent]).toEqual(['done', []]);
		expect(warned).toEqual([
			'Emoji Video: execution user was interrupted while it created 2 videos. They are not created again, because the account has tasks that may be theirs: other-a, other-b.',
		]);
	});

	it('ends the same way without an owner, and if nothing may be submitted', async () => {
		const { progress, warned } = await play(
			several(1),
			{ unconfirmed, owner: undefined, maySubmit: false },
			{ listed },
		);
		expect(progress).toHaveLength(1);
		expect(warned).toEqual([expect.stringContaining('execution  was interrupted')]);
	});

	it('is submitted if the list has no unknown tasks', async () => {
		const { sent, lists, submitting } = await play(
			several(2),
			{ unconfirmed },
			{ listed: [{ taskId: 'known' }] },
		);
		expect([sent.length, lists, submitting]).toEqual([2, 1, 'done']);
	});

	it('stays unconfirmed if the list cannot be read', async () => {
		const { sent, submitting, progress } = await play(
			several(2),
			{ unconfirmed },
			{ listed: REFUSED },
		);
		expect({ sent, submitting, progress }).toEqual({
			sent: [],
			submitting: 'unreadable',
			progress: [],
		});
	});
});

describe("the user's own rate", () => {
	/** n8n with an account of its own that accepts every submit. */
	const accountThat = (getCredentials: () => Promise<unknown>) => {
		let requests = 0;
		const poll = async () => {
			const body = JSON.stringify({ output: { task_id: `own-${requests++}` } });
			return await Promise.resolve({ statusCode: 200, headers: {}, body });
		};
		const getNode = () => ({ name: 'Emoji Video' });
		const helpers = { httpRequest: poll, httpRequestWithAuthentication: poll };
		return { getCredentials, getNode, helpers };
	};
	let accounts = 0;
	const key = async () => await Promise.resolve({ apiKey: `sk-creates-${accounts++}` });

	it('applies through a client of its own', async () => {
		const { paid, ms } = await play(several(3), { submitRate: 0.25 }, { n8n: accountThat(key) });
		expect(paid).toEqual(['own-0', 'own-1', 'own-2']);
		expect(ms).toBeGreaterThanOrEqual(8000);
	});

	it('if not set, leaves the check’s client', async () => {
		const { paid } = await play(several(2), {}, { n8n: accountThat(key) });
		expect(paid).toEqual(['task-0', 'task-1']);
	});

	it('leaves the check’s client if the account cannot be opened again', async () => {
		const n8n = accountThat(async () => await Promise.reject(new Error('gone')));
		const { paid } = await play(several(2), { submitRate: 0.25 }, { n8n });
		expect(paid).toEqual(['task-0', 'task-1']);
	});
});
