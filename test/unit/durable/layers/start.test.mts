/** The start of a durable wait: its stored state, and when it stays in memory. */
import { openPaidTasks } from '../../../../nodes/EmojiVideo/batch/paidTasks';
import type { VideoLabel } from '../../../../nodes/EmojiVideo/batch/plan';
import type { PreparedJob } from '../../../../nodes/EmojiVideo/batch/submit';
import { startWait } from '../../../../nodes/EmojiVideo/actions/startWait';
import { unpack } from '../../../../nodes/EmojiVideo/durable/plan/packing';
import { waitStateSchema } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { WaitState } from '../../../../nodes/EmojiVideo/durable/plan/state';
import { WAIT_STATE_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import type { ExecutionContext } from '../../../../nodes/EmojiVideo/execution/context';
import { failed } from '../../../../nodes/EmojiVideo/execution/outcome';
import type { Outcome } from '../../../../nodes/EmojiVideo/execution/outcome';
import { fail, STOPPED, succeed } from '../../../../nodes/EmojiVideo/base/result';
import type { Failure } from '../../../../nodes/EmojiVideo/base/result';
import type { Delivery } from '../../../../nodes/EmojiVideo/wait/deliver';
import { createStop } from '../../../../nodes/EmojiVideo/base/stop';
import type { WaitOptions, Waiting } from '../../../../nodes/EmojiVideo/wait/inMemoryWait';
import { answered, defaults, START_MS } from '../../support/simulatedAccount.mts';
import { AREAS, layerWith } from '../parts.mts';
import { createVirtualClock } from '../../support/virtualClock.mts';
import { INITIAL_LATE_MS } from '../../../../nodes/EmojiVideo/durable/plan/pace';

const REFUSED: Failure = { kind: 'rejected', message: 'rejected', nextStep: 'x' };
const HOUR_MS = 3_600_000;

const label = (itemIndex: number, more: Partial<VideoLabel> = {}) => ({
	itemIndex,
	key: `key-${itemIndex}`,
	templateId: 'mengwa_kaixin',
	imageFile: `${itemIndex}.png`,
	...more,
});

const prepared = (itemIndex: number): PreparedJob => ({
	job: label(itemIndex),
	address: `oss://${itemIndex}.png`,
	areas: AREAS,
});

const accepted = (taskId: string, itemIndex: number) => ({
	job: label(itemIndex),
	entry: { taskId, requestId: 'r', areas: AREAS, acceptedAt: START_MS - 5 },
});

interface Begun {
	/** By item; of how many items there are. */
	deliveries?: Delivery[];
	inputs?: number;
	videos?: number[];
	refused?: Outcome[];
	options?: Partial<WaitOptions>;
	context?: Partial<ExecutionContext>;
	ends?: Array<{ n: number }>;
	refuses?: string;
	/** How n8n stores a file. */
	stored?: object;
	/** The failure of a submit, by portrait URL. */
	failures?: Record<string, Failure>;
	more?: Record<string, unknown>;
}

function startCheck({
	deliveries = [],
	inputs = 1,
	videos = [0],
	refused = [],
	options,
	context,
	ends,
	refuses,
	stored = {},
	failures = {},
	more,
}: Begun = {}) {
	const hints: Array<{ message: string; type?: string }> = [];
	const submitted: string[] = [];
	/** Of the service, in order. */
	const polled: string[] = [];
	const clock = createVirtualClock(START_MS);
	const { stop, endBatch } = createStop();
	const paidTasks = openPaidTasks({});
	const n8n = layerWith({
		ends,
		refuses,
		more: {
			getInputData: () => Array.from({ length: inputs }, () => ({ json: {} })),
			addExecutionHints: (hint: { message: string }) => void hints.push(hint),
			helpers: { prepareBinaryData: async () => await Promise.resolve(stored) },
			...more,
		},
	});
	const submitTask = async ({ imageUrl }: { imageUrl: string }) => {
		submitted.push(imageUrl);
		polled.push('create');
		const failure = failures[imageUrl];
		if (failure) return fail(failure);
		return await Promise.resolve(
			succeed({ value: { taskId: `new-${submitted.length}`, requestId: 'r' }, raw: {} }),
		);
	};
	const getTask = async (taskId: string) => {
		polled.push(taskId);
		return await Promise.resolve(answered({ taskId, status: 'SUCCEEDED' } as never));
	};
	const tools = {
		functions: n8n.functions,
		clock,
		paidTasks,
		client: { submitTask, getTask },
		stop,
		endBatch,
		rates: {},
		stopsAtFirstFailure: false,
		...context,
	} as unknown as ExecutionContext;
	const wait: WaitOptions = {
		...defaults,
		returnsUnfinished: false,
		cancelsOnStop: false,
		survivesRestarts: true,
		...options,
	};
	const waiting = startWait({
		context: tools,
		options: wait,
		videos: videos.map((itemIndex) => label(itemIndex)),
		deliveries: new Map(deliveries.map((delivery, itemIndex) => [itemIndex, delivery])),
		refused,
	});
	const finish = async () => {
		const outcomes = await clock.until(waiting.finish());
		const [first] = n8n.started;
		const sent = first?.sent as Array<{ json: Record<string, unknown> }> | undefined;
		const state = unpack(sent?.[0]?.json[WAIT_STATE_KEY]) as WaitState | undefined;
		return { outcomes, state };
	};
	return { ...n8n, waiting, finish, hints, submitted, polled, paidTasks, stop, endBatch };
}

const jsonOf = ({ result }: Outcome) => (result.ok ? result.value.json : result.failure);

const isDurable = (waiting: Waiting) => waiting.mode === 'durable';

/** Hands a prepared job over to a wait that is durable. */
function handOver(waiting: Waiting, job: PreparedJob): void {
	if (waiting.mode === 'durable') waiting.handOver(job);
}

describe('a wait', () => {
	it('stays in memory without a hint, without Survive Restarts', () => {
		const { waiting, hints } = startCheck({ options: { survivesRestarts: false } });
		expect([isDurable(waiting), hints]).toEqual([false, []]);
	});

	it('stays in memory with a hint, if n8n cannot park the execution', () => {
		const { waiting, hints } = startCheck({ more: { getWorkflowDataProxy: () => ({}) } });
		expect(isDurable(waiting)).toBe(false);
		expect(hints).toEqual([
			{
				message: expect.stringMatching(/cannot park.*ends if n8n restarts\.$/) as string,
				location: 'outputPane',
				type: 'warning',
			},
		]);
	});

	const pack: Delivery = { simplify: true, isPack: true };
	const single: Delivery = { simplify: true };
	const no = [failed(1, REFUSED)];

	it.each<[string, Begun, boolean]>([
		['one video per item', { inputs: 3, videos: [0, 1, 2] }, true],
		['one video per item in another order', { inputs: 2, videos: [1, 0] }, true],
		['several videos of one item', { inputs: 1, videos: [0, 0, 0] }, true],
		['no video of one item', { inputs: 3, videos: [0, 2] }, false],
		['no video of the last item', { inputs: 2, videos: [0] }, false],
		['one pack per item', { inputs: 2, videos: [0, 1], deliveries: [pack, pack] }, true],
		['an invalid item among them', { inputs: 3, videos: [0, 2], refused: no }, true],
		['two videos of one item and none of another', { inputs: 2, videos: [0, 0] }, false],
		['several videos of several items', { inputs: 2, videos: [0, 0, 1] }, false],
		[
			'several videos of several items, one pack per item',
			{ inputs: 2, videos: [0, 0, 1, 1], deliveries: [pack, pack] },
			true,
		],
		[
			'several videos of several items, only one of them a pack',
			{ inputs: 2, videos: [0, 0, 1, 1], deliveries: [pack, single] },
			false,
		],
	])('with %s is parked, or stays in memory with a hint', (_, begun, is) => {
		const { waiting, hints } = startCheck(begun);
		expect(isDurable(waiting)).toBe(is);
		const warnings = is ? [] : [expect.stringMatching(/restarts\. n8n would mix up which video/)];
		expect(hints.map(({ message }) => message)).toEqual(warnings);
	});
});

/** Three items: one is refused, one is prepared, one has its task. */
function beginThree(more: Begun = {}) {
	const begun = startCheck({
		inputs: 3,
		videos: [2, 0],
		refused: [failed(1, REFUSED)],
		deliveries: [{ simplify: true }, { simplify: true }, { simplify: false, withDetails: true }],
		...more,
	});
	handOver(begun.waiting, prepared(2));
	begun.waiting.add(accepted('a', 0));
	return begun;
}

describe('the state of a parked batch', () => {
	it('has every video in the order of the items', async () => {
		const { finish } = beginThree();
		const { state } = await finish();
		expect(state?.entries).toEqual([
			{
				itemIndex: 0,
				templateId: 'mengwa_kaixin',
				imageFile: '0.png',
				simplify: true,
				taskId: 'a',
				requestId: 'r',
				areas: AREAS,
				acceptedAt: START_MS - 5,
			},
			{ itemIndex: 1, simplify: true, settled: REFUSED },
			{
				itemIndex: 2,
				templateId: 'mengwa_kaixin',
				imageFile: '2.png',
				simplify: false,
				withDetails: true,
				address: 'oss://2.png',
				areas: AREAS,
			},
		]);
		expect(state?.schedule.open).toMatchObject([
			{ taskId: 'a', templateId: 'mengwa_kaixin', acceptedAt: START_MS - 5 },
		]);
		expect(waitStateSchema.safeParse(state).success).toBe(true);
	});

	it('has the options, and the date of the last check', async () => {
		const { finish } = beginThree({
			options: { returnsUnfinished: true, cancelsOnStop: true, queueAhead: 7 },
			context: { rates: { create: 0.5 }, stopsAtFirstFailure: true },
		});
		expect((await finish()).state).toBeUndefined();
		const { finish: finishOthers } = beginThree({
			options: { returnsUnfinished: true, cancelsOnStop: true, queueAhead: 7 },
			context: {
				rates: { create: 0.5 },
				memory: { recall: () => ({ runs: [{ ms: 9 }], width: 3 }), keep: () => undefined },
			},
		});
		const { queueTimeoutMs, runTimeoutMs } = defaults;
		expect((await finishOthers()).state).toMatchObject({
			version: 3,
			returnsUnfinished: true,
			stopsAtFirstFailure: false,
			queueAhead: 7,
			submitRate: 0.5,
			lastCheckAt: START_MS + 3 * runTimeoutMs + queueTimeoutMs + runTimeoutMs,
			isLastCheck: false,
			lateMs: INITIAL_LATE_MS,
			rounds: 0,
			owner: { executionId: 'own', cancelsOnStop: true },
			schedule: { width: 3, runs: [{ ms: 9 }] },
		});
	});

	it('has simple items if the item has no delivery', async () => {
		const { waiting, finish } = startCheck();
		handOver(waiting, prepared(0));
		expect((await finish()).state?.entries).toMatchObject([{ simplify: true }]);
	});
});

describe('a batch that is parked', () => {
	it('resumes by itself an hour after its last check, with a placeholder for each video', async () => {
		const { finish, parked, started } = beginThree();
		const { state } = await finish();
		expect(started).toMatchObject([{ name: 'Emoji Video: guards execution own' }]);
		expect(parked).toMatchObject([
			{
				until: (state?.lastCheckAt ?? 0) + HOUR_MS,
				with: [
					[
						{ json: { taskId: 'a', unfinished: true }, pairedItem: { item: 0 } },
						{ json: { error: { message: 'rejected' } }, pairedItem: { item: 1 } },
						{ json: { status: 'UNKNOWN' }, pairedItem: { item: 2 } },
					],
				],
			},
		]);
	});

	it('shows its open videos and no error', async () => {
		const { finish, hints } = beginThree();
		const { outcomes } = await finish();
		const message = 'Waiting for 2 videos, next look at 03:29, then every 1 to 4 minutes';
		expect(outcomes.map(jsonOf)).toMatchObject([{ taskId: 'a', message }, { message }]);
		expect(hints).toEqual([{ message, location: 'outputPane' }]);
	});

	it('is unconfirmed for a Retry, which therefore does not pay again', async () => {
		const { finish, paidTasks } = beginThree();
		await finish();
		expect(['key-0', 'key-2'].map((key) => paidTasks.isInFlight(key))).toEqual([false, true]);
	});

	it('returns the items of a guard that ends at once', async () => {
		const { finish, hints, parked } = beginThree({ ends: [{ n: 1 }, { n: 2 }, { n: 3 }] });
		const { outcomes } = await finish();
		expect(outcomes.map(({ itemIndex }) => itemIndex)).toEqual([0, 1, 2]);
		expect(outcomes.map(jsonOf)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
		expect([hints, parked]).toEqual([[], []]);
	});

	it('takes every job without waiting for room', async () => {
		await expect(startCheck().waiting.untilRoom()).resolves.toBeUndefined();
	});
});

describe('files that n8n keeps in its memory', () => {
	const withFile: Delivery = { simplify: true, field: 'data' };

	it.each<[string, Delivery, object, number]>([
		['cause a hint that downloads come at the end', withFile, {}, 1],
		['cause no hint if n8n keeps files by reference', withFile, { id: 'filesystem:1' }, 0],
		['cause no hint without downloads', { simplify: true }, {}, 0],
	])('%s', async (_, delivery, stored, count) => {
		const { waiting, finish, hints, warned } = startCheck({
			inputs: 2,
			refused: [failed(1, REFUSED)],
			deliveries: [delivery],
			stored,
		});
		handOver(waiting, prepared(0));
		await finish();
		const warnings = hints.filter(({ type }) => type === 'warning');
		expect(warnings).toHaveLength(count);
		expect(warned).toEqual(warnings.map(({ message }) => `Emoji Video: execution own: ${message}`));
	});
});

describe('a batch is not parked', () => {
	it('if nothing is left to wait for, and each video has its failure', async () => {
		const { waiting, finish, started } = startCheck({
			inputs: 2,
			videos: [0],
			refused: [failed(1, REFUSED)],
		});
		waiting.settle(label(0), fail(STOPPED));
		const { outcomes } = await finish();
		expect(outcomes.map(jsonOf)).toEqual([STOPPED, REFUSED]);
		expect(outcomes[0]?.about).toMatchObject({ imageFile: '0.png' });
		expect(started).toEqual([]);
	});

	it('after Stop, and each accepted task is named', async () => {
		const { finish, started, endBatch, paidTasks } = beginThree();
		endBatch();
		const { outcomes } = await finish();
		expect(outcomes.map(jsonOf)).toEqual([STOPPED, { ...STOPPED, taskId: 'a' }, REFUSED]);
		expect([started, paidTasks.isInFlight('key-2')]).toEqual([[], false]);
	});

	it.each([true, false])('at the first failure, if the node stops at it: %s', (stops) => {
		const { waiting, stop } = startCheck({ context: { stopsAtFirstFailure: stops } });
		waiting.settle(label(0), succeed({ json: {} }));
		expect(stop.batchEnd.aborted).toBe(false);
		waiting.settle(label(0), fail(REFUSED));
		expect(stop.batchEnd.aborted).toBe(stops);
	});
});

describe('if n8n does not start the guard', () => {
	it('the batch continues in memory, and each video is submitted once', async () => {
		const { finish, submitted, hints } = beginThree({ refuses: 'no sub-workflows here' });
		const { outcomes } = await finish();
		expect(submitted).toEqual(['oss://2.png']);
		expect(outcomes.map(jsonOf)).toMatchObject([
			REFUSED,
			expect.anything(),
			{ taskId: 'a', status: 'SUCCEEDED' },
		]);
		expect(hints.map(({ message }) => message)).toEqual([
			expect.stringMatching(/stays in memory.*\(no sub-workflows here\)$/),
		]);
	});

	it('a video that failed before stays failed', async () => {
		const deliveries = [{ simplify: true }, { simplify: true }];
		const begun = startCheck({ inputs: 2, videos: [0, 1], deliveries, refuses: 'no' });
		begun.waiting.settle(label(0), fail(REFUSED));
		handOver(begun.waiting, prepared(1));
		const { outcomes } = await begun.finish();
		expect(outcomes.map(jsonOf)).toMatchObject([REFUSED, { taskId: 'new-1' }]);
	});

	it('a rejected submit is a failure, and the other videos are submitted', async () => {
		const deliveries = [{ simplify: true }, { simplify: true }];
		const begun = startCheck({
			inputs: 2,
			videos: [0, 1],
			deliveries,
			refuses: 'no',
			failures: { 'oss://0.png': REFUSED },
		});
		for (const position of [0, 1]) handOver(begun.waiting, prepared(position));
		const { outcomes } = await begun.finish();
		expect(outcomes.map(jsonOf)).toMatchObject([REFUSED, { taskId: 'new-2' }]);
	});

	it('Queue Ahead limits the submits', async () => {
		const deliveries = [{ simplify: true }, { simplify: true }];
		const options = { queueAhead: 1 };
		const begun = startCheck({ inputs: 2, videos: [0, 1], deliveries, options, refuses: 'no' });
		for (const position of [0, 1]) handOver(begun.waiting, prepared(position));
		await begun.finish();
		expect(begun.polled).toEqual(['create', 'new-1', 'create', 'new-2']);
	});
});
