/** From jobs to accepted tasks: what is not paid for, and what is said of a video that was not made. */
import { openPaidTasks } from '../../../nodes/EmojiVideo/batch/paidTasks';
import { planJobs } from '../../../nodes/EmojiVideo/batch/plan';
import type { Job } from '../../../nodes/EmojiVideo/batch/plan';
import {
	submitTask,
	submitPrepared,
	portraitFailure,
	submitJobs,
	withHintAboutAreas,
} from '../../../nodes/EmojiVideo/batch/submit';
import type { BatchTools, PreparedJob } from '../../../nodes/EmojiVideo/batch/submit';
import { UNCONFIRMED_SUBMIT } from '../../../nodes/EmojiVideo/dashscope/client';
import type { Client } from '../../../nodes/EmojiVideo/dashscope/client';
import type { FaceAreas } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { portraitAt } from '../../../nodes/EmojiVideo/media/portrait';
import type { Portrait } from '../../../nodes/EmojiVideo/media/portrait';
import { fail, STOPPED, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { Failure, FailureKind, Result } from '../../../nodes/EmojiVideo/base/result';
import { createVirtualClock } from '../support/virtualClock.mts';
import { createStop } from '../../../nodes/EmojiVideo/base/stop';

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
	const { stop, endBatch } = createStop();
	const traced: string[] = [];
	let sent = 0;
	const submitTask = async () => {
		const kind = answers[sent++];
		const value = { taskId: `task-${sent}`, status: 'PENDING', requestId: 'r' };
		return await Promise.resolve(kind ? fail(failure(kind)) : succeed({ value, raw: { sent } }));
	};
	const tools: BatchTools = {
		client: { submitTask } as unknown as Client,
		paidTasks: openPaidTasks({}),
		clock: createVirtualClock(),
		stop,
		trace: (_, taskId) => void traced.push(taskId),
	};
	return { tools, endBatch, traced, sent: () => sent };
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
		const { tools, traced } = toolsWith([undefined, 'rejected']);
		expect(await submit(3, tools)).toEqual(['0 task-1', '1 rejected', '2 task-3']);
		expect(traced).toEqual(['task-1', 'task-3']);
	});

	it('all end with a key that is refused, and nothing more is sent', async () => {
		const { tools, sent } = toolsWith(['unauthorized']);
		expect(await submit(3, tools)).toEqual(['0 unauthorized', '1 unauthorized', '2 unauthorized']);
		expect(sent()).toBe(1);
	});

	it('after Stop are not sent', async () => {
		const { tools, endBatch, sent } = toolsWith();
		endBatch();
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
				kind: 'noResponse',
				message: 'An earlier try of this execution asked for this video, and the answer was lost',
				nextStep: UNCONFIRMED_SUBMIT,
			}),
		]);
		expect([asked, sent()]).toEqual([0, 0]);
	});

	it('are not sent where something forbids to pay', async () => {
		const { tools, sent } = toolsWith();
		const beforePaying = async () => await Promise.resolve(failure('invalid'));
		expect(await submit(2, { ...tools, beforePaying })).toEqual(['0 invalid', '1 invalid']);
		expect(sent()).toBe(0);
	});
});

/** A portrait that is put where a model can read it; what could not be put there is told with the model. */
const portraitOf = (name: string, asked: string[] = [], fails?: RegExp): Portrait => ({
	id: `sha256:${name}`,
	about: { imageFile: `${name}.png` },
	hint: `Hint of ${name}.`,
	addressFor: async (model) => {
		asked.push(`${name} for ${model}`);
		const address = `oss://${model}/${name}`;
		return await Promise.resolve(
			fails?.test(address) ? fail(failure('invalid')) : succeed(address),
		);
	},
});

type Detected = FaceAreas | FailureKind | 'notPassed' | 'throws';

/** A batch whose detections end like this, by the portrait's name; the others find areas. */
function detecting(ends: Record<string, Detected> = {}) {
	const { tools, endBatch, sent } = toolsWith();
	const log: string[] = [];
	const videos: unknown[] = [];
	const accepting = tools.client;
	const detectFace = async (imageUrl: string) => {
		log.push(`detect ${imageUrl}`);
		const end = ends[imageUrl.slice(imageUrl.lastIndexOf('/') + 1)] ?? areas;
		if (end === 'throws') throw new Error('Nobody expected this');
		const requestId = 'r';
		if (end === 'notPassed') {
			const value = { passed: false as const, code: 'Odd', message: 'Who knows.', requestId };
			return await Promise.resolve(succeed({ value, raw: {} }));
		}
		if (typeof end === 'string') return await Promise.resolve(fail(failure(end)));
		const value = { passed: true as const, areas: end, requestId };
		return await Promise.resolve(succeed({ value, raw: {} }));
	};
	const client = {
		detectFace,
		submitTask: async (video: Parameters<Client['submitTask']>[0]) => {
			log.push(`create ${video.imageUrl}`);
			videos.push(video);
			return await accepting.submitTask(video);
		},
	} as unknown as Client;
	return { tools: { ...tools, client }, endBatch, sent, log, videos };
}

const jobsFor = (portraits: Portrait[], templateIds = ['t'], given?: FaceAreas) =>
	planJobs(
		portraits.map((portrait, itemIndex) => ({ itemIndex, portrait, areas: given, templateIds })),
		0,
	);

/** Submits jobs, and how each ended: its task, or the kind and message of its failure. */
async function endsOf(
	jobs: Job[],
	tools: BatchTools,
	...more: [untilRoom?: () => Promise<void>, handOver?: (prepared: PreparedJob) => void]
) {
	const ends: string[] = [];
	const hear = ({ itemIndex }: Job, result: Result<{ entry: { taskId: string } }>) =>
		ends.push(`${itemIndex} ${result.ok ? result.value.entry.taskId : result.failure.kind}`);
	await submitJobs(jobs, tools, hear, ...more);
	return ends;
}

const settle = async () => await new Promise((resolve) => setImmediate(resolve));

describe('a portrait without areas', () => {
	it('is detected where that model reads it, and its video is made where the other does', async () => {
		const asked: string[] = [];
		const { tools, log, videos } = detecting();
		const jobs = jobsFor([portraitOf('ada', asked)]);
		expect(await endsOf(jobs, tools)).toEqual(['0 task-1']);
		expect(log).toEqual(['detect oss://emoji-detect-v1/ada', 'create oss://emoji-v1/ada']);
		expect(videos).toEqual([{ imageUrl: 'oss://emoji-v1/ada', templateId: 't', areas }]);
		expect(tools.paidTasks.findAreas('sha256:ada')).toEqual(areas);
	});

	it('is detected once, for all of its templates and items', async () => {
		const { tools, log } = detecting();
		const jobs = jobsFor([portraitOf('ada'), portraitOf('ada')], ['t', 'u']);
		expect(await endsOf(jobs, tools)).toHaveLength(4);
		expect(log.filter((line) => line.startsWith('detect'))).toHaveLength(1);
	});

	it('is not detected again by the next try', async () => {
		const { tools, log } = detecting();
		tools.paidTasks.writeAreas('sha256:ada', oblong);
		expect(await endsOf(jobsFor([portraitOf('ada'), portraitOf('bob')]), tools)).toEqual([
			'0 task-1',
			'1 task-2',
		]);
		expect(log.filter((line) => line.startsWith('detect'))).toEqual([
			'detect oss://emoji-detect-v1/bob',
		]);
	});

	it('is put where the second model reads it while earlier videos are still made', async () => {
		const asked: string[] = [];
		const { tools } = detecting();
		const never = async () => await new Promise<never>(() => undefined);
		void endsOf(jobsFor([portraitOf('ada', asked), portraitOf('bob', asked)]), tools, never);
		await settle();
		expect(new Set(asked)).toEqual(
			new Set([
				'ada for emoji-detect-v1',
				'ada for emoji-v1',
				'bob for emoji-detect-v1',
				'bob for emoji-v1',
			]),
		);
	});

	it('that does not pass ends all of its jobs with its own hint, and no others', async () => {
		const { tools } = detecting({ bob: 'notPassed' });
		const results: Array<Result<unknown>> = [];
		await submitJobs(
			jobsFor([portraitOf('ada'), portraitOf('bob')], ['t', 'u']),
			tools,
			(_, result) => void results.push(result),
		);
		const verdict = { passed: false as const, code: 'Odd', message: 'Who knows.', requestId: 'r' };
		expect(results.map(({ ok }) => ok)).toEqual([true, true, false, false]);
		expect(results[3]).toEqual(fail(portraitFailure(verdict, 'Hint of bob.')));
		expect(tools.paidTasks.findAreas('sha256:bob')).toBeUndefined();
	});

	it.each<[Detected, string[], number]>([
		['rejected', ['0 rejected', '1 task-1'], 2],
		['throws', ['0 unexpected', '1 task-1'], 2],
		['unauthorized', ['0 unauthorized', '1 unauthorized'], 1],
	])('whose detection ends with %s: %j', async (end, expected, detections) => {
		const { tools, log } = detecting({ ada: end });
		expect(await endsOf(jobsFor([portraitOf('ada'), portraitOf('bob')]), tools)).toEqual(expected);
		expect(log.filter((line) => line.startsWith('detect'))).toHaveLength(detections);
	});

	it.each([
		['first', /detect/, []],
		['second', /emoji-v1/, ['detect oss://emoji-detect-v1/ada']],
	])('that cannot be put where the %s model reads it is not paid for', async (_, fails, calls) => {
		const { tools, log } = detecting();
		expect(await endsOf(jobsFor([portraitOf('ada', [], fails)]), tools)).toEqual(['0 invalid']);
		expect(log).toEqual(calls);
	});

	it('is not detected where its areas are given', async () => {
		const { tools, videos, log } = detecting();
		expect(await endsOf(jobsFor([portraitOf('ada')], ['t'], oblong), tools)).toEqual(['0 task-1']);
		expect(log).toEqual(['create oss://emoji-v1/ada']);
		expect(videos).toMatchObject([{ areas: oblong }]);
	});

	it('is not detected where its areas are given, beside others that are', async () => {
		const { tools, log } = detecting();
		const [given] = jobsFor([portraitOf('ada')], ['t'], oblong);
		const [ben, kim] = jobsFor([portraitOf('ben'), portraitOf('kim')]);
		const jobs = [given, ben, kim].flatMap((job) => job ?? []);
		expect(await endsOf(jobs, tools)).toHaveLength(3);
		expect(log.filter((line) => line.startsWith('detect'))).toEqual([
			'detect oss://emoji-detect-v1/ben',
			'detect oss://emoji-detect-v1/kim',
		]);
	});

	it('is detected one after the other, ten ahead of the video that is made', async () => {
		const { tools, log } = detecting();
		const names = Array.from({ length: 30 }, (_, nth) => `p${nth}`);
		const rooms: Array<() => void> = [];
		const untilRoom = async () =>
			await new Promise<void>((resolve) => {
				rooms.push(resolve);
			});
		void endsOf(jobsFor(names.map((name) => portraitOf(name))), tools, untilRoom);
		const detected = () => log.filter((line) => line.startsWith('detect'));
		await settle();
		expect(detected()).toEqual(
			names.slice(0, 11).map((name) => `detect oss://emoji-detect-v1/${name}`),
		);
		rooms[0]?.();
		await settle();
		expect(detected()).toHaveLength(12);
	});

	it('is not detected any more after Stop', async () => {
		const { tools, log, endBatch } = detecting();
		const untilRoom = async () => await Promise.resolve(endBatch());
		const slow = async (imageUrl: string) => {
			await settle();
			return await tools.client.detectFace(imageUrl);
		};
		const client = { ...tools.client, detectFace: slow };
		const names = ['a', 'b', 'c', 'd', 'e'];
		const jobs = jobsFor(names.map((name) => portraitOf(name)));
		expect(await endsOf(jobs, { ...tools, client }, untilRoom)).toEqual(
			names.map((_, nth) => `${nth} stopped`),
		);
		for (let round = 0; round < 10; round++) await settle();
		expect(log.length).toBeLessThanOrEqual(2);
		expect(log.filter((line) => line.startsWith('create'))).toEqual([]);
	});
});

describe('jobs that are handed over', () => {
	it('have all that a create needs, as plain JSON; nobody else hears of them', async () => {
		const { tools, sent } = detecting({ bob: 'notPassed' });
		const jobs = jobsFor([portraitOf('ada'), portraitOf('bob'), portraitOf('cyd')]);
		const handed: PreparedJob[] = [];
		const ends = await endsOf(jobs, tools, undefined, (prepared) => handed.push(prepared));
		expect(ends).toEqual(['1 portrait']);
		expect(sent()).toBe(0);
		expect(handed).toEqual(
			['ada', 'cyd'].map((name) => ({
				job: {
					itemIndex: name === 'ada' ? 0 : 2,
					imageFile: `${name}.png`,
					templateId: 't',
					key: jobs[name === 'ada' ? 0 : 2]?.key,
				},
				address: `oss://emoji-v1/${name}`,
				areas,
			})),
		);
		expect(JSON.parse(JSON.stringify(handed))).toEqual(handed);
	});
});

describe('room at the service', () => {
	it('is waited for before each create', async () => {
		const { tools, log } = detecting();
		const untilRoom = async () => await Promise.resolve(void log.push('room'));
		await endsOf(jobsFor([portraitOf('a'), portraitOf('b')], ['t'], areas), tools, untilRoom);
		expect(log).toEqual(['room', 'create oss://emoji-v1/a', 'room', 'create oss://emoji-v1/b']);
	});

	it('is waited for before each create of prepared jobs', async () => {
		const { tools, log } = detecting();
		const untilRoom = async () => await Promise.resolve(void log.push('room'));
		const handed: PreparedJob[] = [];
		const jobs = jobsFor([portraitOf('a'), portraitOf('b')], ['t'], areas);
		await endsOf(jobs, tools, undefined, (prepared) => handed.push(prepared));
		await submitPrepared(handed, tools, () => undefined, untilRoom);
		expect(log).toEqual(['room', 'create oss://emoji-v1/a', 'room', 'create oss://emoji-v1/b']);
	});

	it('that cannot be waited for is the failure of one job, and it is not sent', async () => {
		const { tools, sent } = detecting();
		let asked = 0;
		const untilRoom = async () => {
			if (asked++ === 0) throw new Error('Nobody expected this');
			await Promise.resolve();
		};
		const jobs = jobsFor([portraitOf('a'), portraitOf('b')], ['t'], areas);
		expect(await endsOf(jobs, tools, untilRoom)).toEqual(['0 unexpected', '1 task-1']);
		expect(sent()).toBe(1);
	});
});

describe('what forbids to pay', () => {
	it('is asked for once, and not where everything is paid for', async () => {
		const { tools } = toolsWith();
		let asked = 0;
		const beforePaying = async () => await Promise.resolve(void asked++);
		expect(await submit(3, { ...tools, beforePaying })).toHaveLength(3);
		expect(asked).toBe(1);
		expect(await submit(3, { ...tools, beforePaying })).toEqual([
			'0 task-1',
			'1 task-2',
			'2 task-3',
		]);
		expect(asked).toBe(1);
	});

	it('is asked for where one of several is neither paid for nor in doubt', async () => {
		const { tools } = toolsWith();
		const [doubtful] = jobsOf(1);
		tools.paidTasks.markInFlight(doubtful?.key ?? '');
		const beforePaying = async () => await Promise.resolve(failure('invalid'));
		expect(await submit(2, { ...tools, beforePaying })).toEqual(['0 invalid', '1 invalid']);
	});

	it('does not hold back what was paid for', async () => {
		const { tools } = toolsWith();
		const [first] = jobsOf(1);
		tools.paidTasks.write(first?.key ?? '', { taskId: 'paid', acceptedAt: 1, areas });
		const beforePaying = async () => await Promise.resolve(failure('invalid'));
		expect(await submit(2, { ...tools, beforePaying })).toEqual(['0 paid', '1 invalid']);
	});
});

describe('a create', () => {
	let job: Job;
	let prepared: PreparedJob;

	beforeEach(() => {
		[job] = jobsOf(1) as [Job];
		prepared = { job, address: 'https://example.com/0.png', areas: oblong };
	});

	it('that was accepted is written down with its areas and its time', async () => {
		const { tools, traced } = toolsWith();
		const entry = {
			taskId: 'task-1',
			requestId: 'r',
			acceptedAt: tools.clock.now(),
			areas: oblong,
		};
		expect(await submitTask(prepared, tools)).toEqual(succeed({ job, entry, raw: { sent: 1 } }));
		expect(tools.paidTasks.find(job.key)).toEqual(entry);
		expect(traced).toEqual(['task-1']);
	});

	it.each<FailureKind>(['rejected', 'unreachable', 'throttled'])(
		'that ended with %s may be tried again, and tells what is odd about its areas',
		async (kind) => {
			const { tools } = toolsWith([kind]);
			const result = await submitTask(prepared, tools);
			expect(result).toMatchObject({
				failure: {
					kind,
					nextStep: expect.stringMatching(/^n The Expression Area is 100 x 50/) as string,
				},
			});
			expect(tools.paidTasks.isInFlight(job.key)).toBe(false);
		},
	);

	it.each<FailureKind>(['noResponse', 'interrupted', 'unavailable', 'unreadable'])(
		'that ended with %s may have made a task, and stays in doubt',
		async (kind) => {
			const { tools } = toolsWith([kind]);
			expect(await submitTask(prepared, tools)).toEqual(fail(failure(kind)));
			expect(tools.paidTasks.isInFlight(job.key)).toBe(true);
		},
	);

	it('after Stop is not sent, and nothing is in doubt', async () => {
		const { tools, endBatch, sent } = toolsWith();
		endBatch();
		expect(await submitTask(prepared, tools)).toEqual(fail(STOPPED));
		expect([sent(), tools.paidTasks.isInFlight(job.key)]).toEqual([0, false]);
	});

	it.each([
		[['unauthorized'] as const, ['unauthorized', 'unauthorized'], 1],
		[['rejected'] as const, ['rejected', 'task-2'], 2],
	])('of several, answered first with %j, end with %j', async (answers, expected, requests) => {
		const { tools, sent } = toolsWith([...answers]);
		const ends: string[] = [];
		await submitPrepared(
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
