/** How soon a batch is done and known to be done, and what it asks of the account. */
import { systemClock } from '../../nodes/EmojiVideo/base/clock';
import type { TaskTiming } from '../../sandbox/dashscope/index.mts';
import { median } from '../../test/unit/support/simulatedAccount.mts';
import { measureReal, measureVirtual } from './measuredBatch.mts';
import type { Batch, Seen } from './measuredBatch.mts';
import type { Basis, Bench, Figure } from './figures.mts';
import { createRandom } from '../stage/random.mts';
import { idealMs, NIGHT, runSeconds } from './night.mts';

/** Queries are free below 20 a second; a video known sooner is worth some. */
const MOST_REQUESTS = 12;
const MOST_MEDIAN_DELAY_S = 2;
const MOST_MAKESPAN = 1.05;
/** Over an account that is never idle. */
const MOST_OVER_IDEAL = 1.02;

const RUN_SECONDS = 60;

/** 60 s and up to 10 % more or less; by the number of the task, the same at every run. */
const roughlySixty = ({ index }: TaskTiming) =>
	RUN_SECONDS * (0.9 + 0.2 * createRandom(index + 1)());

/** A batch seen both ways. */
interface Pair {
	batch: Batch;
	node: Seen;
	pattern: Seen;
}

async function measureBoth(batch: Batch): Promise<Pair> {
	return {
		batch,
		node: await measureVirtual('node', batch),
		pattern: await measureVirtual('pattern', batch),
	};
}

/** A row of a batch on the virtual clock, read off both ways by the same function. */
const row = (
	{ node, pattern }: Pair,
	read: (seen: Seen) => number,
	rest: Pick<Figure, 'what' | 'unit' | 'ideal' | 'atMost'>,
): Figure => ({ ...rest, node: read(node), pattern: read(pattern), basis: 'virtual time' });

const secondsUntilKnown = ({ makespanMs }: Seen) => makespanMs / 1000;

function makespanFigures(pair: Pair): Figure[] {
	const { jobs } = pair.node;
	const { width } = pair.batch;
	const what = `makespan, ${jobs} videos, ${width} at a time`;
	return [
		row(pair, ({ makespanMs, finishedMs }) => makespanMs / finishedMs, {
			what: `${what}: known / finished`,
			unit: 'ratio',
			ideal: 1,
			atMost: MOST_MAKESPAN,
		}),
		row(pair, secondsUntilKnown, {
			what: `${what}: in all`,
			unit: 's',
			ideal: Math.ceil(jobs / width) * RUN_SECONDS,
		}),
	];
}

/** A night's batch: what is submitted just in time must not leave the account idle. */
async function nightFigure(width: number): Promise<Figure> {
	const node = await measureVirtual('node', { ...NIGHT, width, taskSeconds: runSeconds });
	return {
		what: `makespan over ideal, ${node.jobs} videos of 40 to 120 s, ${width} at a time`,
		unit: 'ratio',
		ideal: 1,
		atMost: MOST_OVER_IDEAL,
		node: node.makespanMs / idealMs(node.jobs, width),
		basis: 'virtual time',
	};
}

const perVideo = ({ detects, creates, queries, jobs }: Seen) =>
	(detects + creates + queries) / jobs;

const requestFigure = (pair: Pair, runTimes = `${RUN_SECONDS} s`): Figure => {
	const { portraits, templates, width } = pair.batch;
	const { jobs } = pair.node;
	return row(pair, perVideo, {
		what: `requests per video of ${runTimes}, ${portraits} portraits x ${templates}, ${width} at a time`,
		unit: 'requests',
		ideal: portraits / jobs + 2,
		atMost: MOST_REQUESTS,
	});
};

function delayFigures(pair: Pair, runTimes: string, atMost?: number): Figure[] {
	const what = `${pair.node.jobs} videos of ${runTimes}, ${pair.batch.width} at a time`;
	const seconds = (ms: number) => ms / 1000;
	return [
		row(pair, ({ delaysMs }) => seconds(median(delaysMs)), {
			what: `end until known, median, ${what}`,
			unit: 's',
			ideal: 0,
			atMost,
		}),
		row(pair, ({ delaysMs }) => seconds(Math.max(...delaysMs)), {
			what: `end until known, longest, ${what}`,
			unit: 's',
			ideal: 0,
		}),
	];
}

const throttledFigure = (what: string, node: Seen, basis: Basis, pattern?: Seen): Figure => ({
	what: `answered 429, batch of ${node.jobs}, ${what}`,
	unit: 'requests',
	atMost: 0,
	node: node.throttled,
	ideal: 0,
	pattern: pattern?.throttled,
	basis,
});

/** A hundred creates at one a second, on tasks so short that all of them are asked about meanwhile. */
const CROWD: Batch = { portraits: 100, templates: 1, width: 100, taskSeconds: 20 };

async function measure({ real }: { real: boolean }): Promise<Figure[]> {
	const sixty = { width: 1, taskSeconds: RUN_SECONDS };
	const few = await measureBoth({ portraits: 5, templates: 4, ...sixty });
	const fewDistinct = await measureBoth({ portraits: 20, templates: 1, ...sixty });
	const fewWide = await measureBoth({ portraits: 5, templates: 4, ...sixty, width: 4 });
	const many = await measureBoth({ portraits: 10, templates: 10, ...sixty });
	const manyDistinct = await measureBoth({ portraits: 100, templates: 1, ...sixty });
	const rough = await measureBoth({ ...many.batch, taskSeconds: roughlySixty });
	const any = await measureBoth({ ...many.batch, taskSeconds: runSeconds });
	const crowd = await measureBoth(CROWD);
	const shared = await measureBoth({ ...CROWD, executions: 4 });
	const inLife = real ? await measureReal('node', CROWD, systemClock) : undefined;
	return [
		...[few, fewWide].flatMap(makespanFigures),
		...[few, fewDistinct, fewWide, many, manyDistinct].map((pair) => requestFigure(pair)),
		...[few, fewWide, many].flatMap((pair) => delayFigures(pair, '60 s', MOST_MEDIAN_DELAY_S)),
		...delayFigures(rough, '54 to 66 s', MOST_MEDIAN_DELAY_S),
		...delayFigures(any, '40 to 120 s', MOST_MEDIAN_DELAY_S),
		requestFigure(any, '40 to 120 s'),
		await nightFigure(1),
		await nightFigure(4),
		throttledFigure('1 at a time', many.node, 'virtual time', many.pattern),
		throttledFigure('all at once', crowd.node, 'virtual time', crowd.pattern),
		throttledFigure('4 executions, all at once', shared.node, 'virtual time', shared.pattern),
		...(inLife ? [throttledFigure('all at once', inLife, 'real time')] : []),
	];
}

export const batchBench: Bench = {
	title: 'Batch',
	about:
		"The node's engine (planJobs, submitJobs, followTasks, the real client and pace) and real HTTP to the mock of the service with its documented limits enforced. Only time is virtual: the clock stands still while a request is under way and otherwise jumps to the next sleeper; each way between node and mock takes 25 to 75 ms of it. Ends, 429s and requests are counted by the mock. Every portrait is a URL of its own. A night's batch is held against an account that is never idle. The ideal is one detection per portrait, one create and one query per video, and an account that is never idle; n8n's pattern is sequential: detect, submit, ask at once and every 15 s. Runs of exactly 60 s flatter a poll every 15 s, so other run times stand beside them.",
	measure,
};
