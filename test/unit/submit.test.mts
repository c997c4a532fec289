/** From jobs to accepted tasks: what is not paid for, and what is said of a video that was not made. */
import { openPaidTasks } from '../../nodes/EmojiVideo/batch/paidTasks';
import { planJobs } from '../../nodes/EmojiVideo/batch/plan';
import {
	create,
	createPrepared,
	portraitFailure,
	submitJobs,
	withHintAboutAreas,
} from '../../nodes/EmojiVideo/batch/submit';
import type { BatchTools, PreparedJob } from '../../nodes/EmojiVideo/batch/submit';
import { LOST_CREATE } from '../../nodes/EmojiVideo/dashscope/client';
import type { Client } from '../../nodes/EmojiVideo/dashscope/client';
import type { FaceAreas } from '../../nodes/EmojiVideo/dashscope/schemas';
import { portraitAt } from '../../nodes/EmojiVideo/media/portrait';
import { fail, STOPPED, succeed } from '../../nodes/EmojiVideo/result';
import type { Failure, FailureKind } from '../../nodes/EmojiVideo/result';
import { createVirtualClock } from './virtualClock.mts';

const areas: FaceAreas = { face: [212, 194, 460, 441], expression: [63, 30, 609, 575] };
const oblong: FaceAreas = { face: [10, 10, 20, 20], expression: [0, 0, 100, 50] };

const failure = (kind: FailureKind): Failure => ({ kind, message: 'm', nextStep: 'n' });

const jobsOf = (count: number, given: FaceAreas | undefined = areas) =>
	planJobs(
		Array.from({ length: count }, (_, itemIndex) => ({
			itemIndex,
			portrait: portraitAt(`https://example.com/${itemIndex}.png`),
			areas: given,
			templateIds: ['mengwa_kaixin'],
		})),
		0,
	);

/** Tools whose creates are answered by these, one after the other, then accepted. */
function toolsWith(answers: Array<FailureKind | undefined> = []) {
	const stop = new AbortController();
	const traced: string[] = [];
	let sent = 0;
	const createTask = async () => {
		const kind = answers[sent++];
		const value = { taskId: `task-${sent}`, status: 'PENDING', requestId: 'r' };
		return await Promise.resolve(kind ? fail(failure(kind)) : succeed({ value, raw: { sent } }));
	};
	const tools: BatchTools = {
		client: { createTask } as unknown as Client,
		paidTasks: openPaidTasks({}),
		clock: createVirtualClock(),
		signal: stop.signal,
		trace: (_, taskId) => void traced.push(taskId),
	};
	return { tools, stop, traced, sent: () => sent };
}

/** Submits, and how each job ended: its task, or the kind of its failure. */
async function submit(count: number, tools: BatchTools) {
	const ends: string[] = [];
	await submitJobs(jobsOf(count), tools, ({ itemIndex }, result) =>
		ends.push(`${itemIndex} ${result.ok ? result.value.entry.taskId : result.failure.kind}`),
	);
	return ends;
}

describe('jobs', () => {
	it('end each once, in order, and a refused one does not end the others', async () => {
		const { tools, traced } = toolsWith([undefined, 'refused']);
		expect(await submit(3, tools)).toEqual(['0 task-1', '1 refused', '2 task-3']);
		expect(traced).toEqual(['task-1', 'task-3']);
	});

	it('all end with a key that is refused, and nothing more is sent', async () => {
		const { tools, sent } = toolsWith(['unauthorized']);
		expect(await submit(3, tools)).toEqual(['0 unauthorized', '1 unauthorized', '2 unauthorized']);
		expect(sent()).toBe(1);
	});

	it('after Stop are not sent', async () => {
		const { tools, stop, sent } = toolsWith();
		stop.abort();
		expect(await submit(2, tools)).toEqual(['0 stopped', '1 stopped']);
		expect(sent()).toBe(0);
	});

	it('of an earlier try come first, and are not sent again', async () => {
		const { tools, sent } = toolsWith();
		const [, second] = jobsOf(2);
		tools.paidTasks.write(second?.key ?? '', { taskId: 'paid', acceptedAt: 1, areas });
		expect(await submit(2, tools)).toEqual(['1 paid', '0 task-1']);
		expect(sent()).toBe(1);
	});

	it('whose answer an earlier try has lost are not sent again', async () => {
		const { tools, sent } = toolsWith();
		const [job] = jobsOf(1);
		tools.paidTasks.markInFlight(job?.key ?? '');
		let asked = 0;
		const beforePaying = async () => await Promise.resolve(void asked++);
		const ends: unknown[] = [];
		await submitJobs(jobsOf(1), { ...tools, beforePaying }, (_, result) => ends.push(result));
		expect(ends).toEqual([
			fail({
				kind: 'noAnswer',
				message: 'An earlier try of this execution asked for this video, and the answer was lost',
				nextStep: LOST_CREATE,
			}),
		]);
		expect([asked, sent()]).toEqual([0, 0]);
	});

	it('are not sent where something forbids to pay', async () => {
		const { tools, sent } = toolsWith();
		const beforePaying = async () => await Promise.resolve(failure('input'));
		expect(await submit(2, { ...tools, beforePaying })).toEqual(['0 input', '1 input']);
		expect(sent()).toBe(0);
	});
});

describe('a create', () => {
	const [job] = jobsOf(1);
	if (!job) throw new Error('A job is needed.');
	const prepared: PreparedJob = { job, address: 'https://example.com/0.png', areas: oblong };

	it('that was accepted is written down with its areas and its time', async () => {
		const { tools, traced } = toolsWith();
		const entry = {
			taskId: 'task-1',
			requestId: 'r',
			acceptedAt: tools.clock.now(),
			areas: oblong,
		};
		expect(await create(prepared, tools)).toEqual(succeed({ job, entry, raw: { sent: 1 } }));
		expect(tools.paidTasks.find(job.key)).toEqual(entry);
		expect(traced).toEqual(['task-1']);
	});

	it.each<FailureKind>(['refused', 'unreachable', 'throttled'])(
		'that ended with %s may be tried again, and tells what is odd about its areas',
		async (kind) => {
			const { tools } = toolsWith([kind]);
			const result = await create(prepared, tools);
			expect(result).toMatchObject({
				failure: {
					kind,
					nextStep: expect.stringMatching(/^n The Expression Area is 100 x 50/) as string,
				},
			});
			expect(tools.paidTasks.isInFlight(job.key)).toBe(false);
		},
	);

	it.each<FailureKind>(['noAnswer', 'interrupted', 'unavailable', 'unreadable'])(
		'that ended with %s may have made a task, and stays in doubt',
		async (kind) => {
			const { tools } = toolsWith([kind]);
			expect(await create(prepared, tools)).toEqual(fail(failure(kind)));
			expect(tools.paidTasks.isInFlight(job.key)).toBe(true);
		},
	);

	it('after Stop is not sent, and nothing is in doubt', async () => {
		const { tools, stop, sent } = toolsWith();
		stop.abort();
		expect(await create(prepared, tools)).toEqual(fail(STOPPED));
		expect([sent(), tools.paidTasks.isInFlight(job.key)]).toEqual([0, false]);
	});

	it.each([
		[['unauthorized'] as const, ['unauthorized', 'unauthorized'], 1],
		[['refused'] as const, ['refused', 'task-2'], 2],
	])('of several, answered first with %j, end with %j', async (answers, expected, requests) => {
		const { tools, sent } = toolsWith([...answers]);
		const ends: string[] = [];
		await createPrepared(
			[prepared, { ...prepared, job: { ...job, key: 'other' } }],
			tools,
			(_, result) => ends.push(result.ok ? result.value.entry.taskId : result.failure.kind),
			async () => await Promise.resolve(),
		);
		expect(ends).toEqual(expected);
		expect(sent()).toBe(requests);
	});
});

describe('a portrait that did not pass', () => {
	const verdict = { passed: false as const, requestId: 'r', code: 'Odd', message: 'Who knows.' };

	it.each([
		[undefined, 'Use another portrait.'],
		['It is small.', 'Use another portrait. It is small.'],
	])('with the hint %j says to do %j', (hint, nextStep) => {
		expect(portraitFailure(verdict, hint)).toEqual({
			kind: 'portrait',
			message: 'The portrait did not pass face detection: the portrait cannot be used',
			nextStep,
			code: 'Odd',
			serviceMessage: 'Who knows.',
			requestId: 'r',
		});
	});
});

it('a failure stays as it is where nothing is odd about the areas', () => {
	expect(withHintAboutAreas(failure('task'), undefined)).toEqual(failure('task'));
	expect(withHintAboutAreas(failure('task'), areas)).toEqual(failure('task'));
});
