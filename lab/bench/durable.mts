/** A night's batch with Survive Restarts: how long it takes, when its videos come, and what it leaves behind. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Bench, Figure } from './figures.mts';
import { idealMs, NIGHT } from './night.mts';
import type { DurableSeen } from './night.mts';

const MOST_OVER_IDEAL = 1.03;
const MOST_TURNS = 120;
const MOST_MEGABYTES = 100;
const MOST_SECONDS_TO_END = 100;

const VIDEOS = NIGHT.portraits * NIGHT.templates;
const ROOT = path.join(import.meta.dirname, '../..');

const seenSchema: z.ZodType<DurableSeen[]> = z.array(
	z.object({
		width: z.number(),
		videos: z.literal(VIDEOS),
		makespanMs: z.number(),
		toFetchMs: z.number(),
		toEndMs: z.number(),
		turns: z.number(),
		bytes: z.number(),
	}),
);

function figuresOf({ width, makespanMs, toFetchMs, toEndMs, turns, bytes }: DurableSeen): Figure[] {
	const what = `Survive Restarts, ${VIDEOS} videos of 40 to 120 s, ${width} at a time`;
	const basis = 'virtual time' as const;
	return [
		{
			what: `${what}: makespan over ideal`,
			unit: 'ratio',
			ideal: 1,
			atMost: MOST_OVER_IDEAL,
			node: makespanMs / idealMs(VIDEOS, width),
			basis,
		},
		{
			what: `${what}: end of a video to its download, median`,
			unit: 's',
			ideal: 0,
			// Half a turn.
			atMost: makespanMs / turns / 2 / 1000,
			node: toFetchMs / 1000,
			basis,
		},
		{
			what: `${what}: end of the last video to the end of the execution`,
			unit: 's',
			ideal: 0,
			atMost: MOST_SECONDS_TO_END,
			node: toEndMs / 1000,
			basis,
		},
		{ what: `${what}: turns`, unit: 'turns', ideal: 1, atMost: MOST_TURNS, node: turns, basis },
		{
			what: `${what}: data of all executions`,
			unit: 'MB',
			ideal: 0,
			atMost: MOST_MEGABYTES,
			node: bytes / 1_000_000,
			basis,
		},
	];
}

async function measure(): Promise<Figure[]> {
	const folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-bench-'));
	const file = path.join(folder, 'seen.json');
	try {
		const jest = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
		const flags = [jest, '--config', path.join(ROOT, 'jest.bench.config.mjs')];
		const env = { ...process.env, BENCH_SEEN: file };
		await promisify(execFile)(process.execPath, flags, { cwd: ROOT, env });
		return seenSchema.parse(JSON.parse(await readFile(file, 'utf8'))).flatMap(figuresOf);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

export const durableBench: Bench = {
	title: 'Survive Restarts',
	about:
		"The built node in n8n's engine, its parked executions in a table as n8n keeps them, real HTTP to the mock of the service with its documented limits enforced; time is virtual, and a request takes none of it. A turn is one check; half a turn is half of the makespan over the turns. What n8n's own database needs is measured by `npm run test:night`.",
	measure,
};
