/** What the trigger takes for news, and what it remembers: the pure part, on lists made by hand. */
import fc from 'fast-check';
import type { ListedTask, TaskStatus } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { ENDED_STATUSES } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { findNews, readSeenTasks, remember } from '../../../nodes/EmojiVideo/trigger/seenTasks';
import type { Memory } from '../../../nodes/EmojiVideo/trigger/seenTasks';
import { expectProperty } from '../../properties.mts';

const START_MS = Date.UTC(2025, 9, 14, 3, 28, 4);
const HOUR_MS = 3_600_000;

const task = (
	taskId: string,
	status: TaskStatus,
	submittedAt = START_MS,
	finishedAt?: number,
): ListedTask => ({
	taskId,
	status,
	model: 'emoji-v1',
	submittedAt,
	startedAt: undefined,
	finishedAt,
	requestId: undefined,
	raw: {},
});
const done = (taskId: string, finishedAt: number, submittedAt = START_MS) =>
	task(taskId, 'SUCCEEDED', submittedAt, finishedAt);

const news = (memory: Memory | undefined, listed: ListedTask[]) =>
	findNews(memory, listed, ENDED_STATUSES, false).map(({ taskId }) => taskId);

describe('news', () => {
	it('is nothing at the first look, unless earlier ends are wanted', () => {
		const listed = [done('a', START_MS)];
		expect(findNews(undefined, listed, ENDED_STATUSES, false)).toEqual([]);
		expect(findNews(undefined, listed, ENDED_STATUSES, true)).toEqual(listed);
	});

	it('is what has ended since, in the order of the ends and not of the list', () => {
		const memory = remember(undefined, [done('old', START_MS)]);
		const listed = [
			done('late', START_MS + 9000),
			done('old', START_MS),
			done('early', START_MS + 1000),
			task('running', 'RUNNING'),
		];
		expect(news(memory, listed)).toEqual(['early', 'late']);
	});

	it('is of the wanted statuses only', () => {
		const memory = remember(undefined, []);
		const listed = [done('a', START_MS), task('b', 'FAILED', START_MS, START_MS)];
		expect(findNews(memory, listed, ['FAILED'], false).map(({ taskId }) => taskId)).toEqual(['b']);
	});

	it('is not what was passed over, when more statuses are wanted later', () => {
		const listed = [task('a', 'FAILED', START_MS, START_MS)];
		const memory = remember(remember(undefined, []), listed);
		expect(news(memory, listed)).toEqual([]);
	});

	it('stays news until it has been handed over', () => {
		const listed = [done('a', START_MS), done('b', START_MS + 1)];
		const memory = remember(remember(undefined, []), listed, new Set(['b']));
		expect(news(memory, listed)).toEqual(['b']);
	});

	it('has an end that is later than the ends of thousands that were told', () => {
		const quick = Array.from({ length: 3000 }, (_, i) => done(`q${i}`, START_MS + i));
		const slow = task('slow', 'RUNNING', START_MS - HOUR_MS);
		const memory = remember(remember(undefined, [slow]), [...quick, slow]);
		expect(news(memory, [...quick, done('slow', START_MS + HOUR_MS)])).toEqual(['slow']);
	});

	it('can be a canceled task, which comes without an end, once', () => {
		const canceled = [task('a', 'CANCELED')];
		const memory = remember(undefined, []);
		expect(news(memory, canceled)).toEqual(['a']);
		const after = remember(memory, canceled);
		expect(news(after, canceled)).toEqual([]);
		const muchLater = remember(after, [...canceled, done('b', START_MS + 100 * HOUR_MS)]);
		expect(news(muchLater, canceled)).toEqual([]);
	});
});

describe('the memory', () => {
	it('forgets what ended more than 25 hours ago, and does not take it for news again', () => {
		const listed = [done('a', START_MS)];
		const memory = remember(remember(undefined, listed), [done('b', START_MS + 26 * HOUR_MS)]);
		expect(Object.keys(memory.known)).toHaveLength(1);
		expect(news(memory, listed)).toEqual([]);
	});

	it('keeps what the service still lists, whatever its age', () => {
		const listed = [task('a', 'CANCELED'), done('b', START_MS + 90 * HOUR_MS)];
		expect(Object.keys(remember(undefined, listed).known)).toHaveLength(2);
	});

	it('holds 20,000 tasks at most, less than 1 MB, and tells none of the others again', () => {
		const many = Array.from({ length: 25_000 }, (_, i) => done(`t${i}`, START_MS + i));
		const memory = remember(undefined, many);
		expect(Object.keys(memory.known)).toHaveLength(20_000);
		expect(JSON.stringify(memory).length).toBeLessThan(1_000_000);
		expect(news(memory, many)).toEqual([]);
	});

	it('knows since when tasks are open', () => {
		const listed = [task('a', 'PENDING', START_MS + 5), task('b', 'RUNNING', START_MS)];
		expect(remember(undefined, listed).openSince).toBe(START_MS);
		expect(remember(undefined, [done('a', START_MS)]).openSince).toBeUndefined();
	});

	it('survives the way through a database as it is', () => {
		const memory = remember(undefined, [done('a', START_MS), task('b', 'PENDING')]);
		expect(readSeenTasks(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
	});

	it.each([undefined, null, 'x', {}, { known: [] }])('reads %j as none', (stored) => {
		expect(readSeenTasks(stored)).toBeUndefined();
	});
});

it('tells every task that ends exactly once, whatever the order, the outages and the restarts', () => {
	const minute = fc.integer({ min: 0, max: 2000 });
	const story = fc.record({
		tasks: fc.array(fc.record({ submitted: minute, runs: fc.integer({ min: 1, max: 1400 }) }), {
			maxLength: 60,
		}),
		// What happens at each poll: it works, it fails, or n8n is killed before it saves.
		fates: fc.array(fc.constantFrom('works', 'works', 'fails', 'dies', 'half'), {
			minLength: 100,
			maxLength: 400,
		}),
	});
	expectProperty(
		fc.property(story, ({ tasks, fates }) => {
			const told = new Map<string, number>();
			let memory = remember(undefined, []);
			const lookAt = (now: number) => {
				const all = tasks.map(({ submitted, runs }, i) => {
					const end = START_MS + (submitted + runs) * 60_000;
					const begin = START_MS + submitted * 60_000;
					return end <= now ? done(`${i}`, end, begin) : task(`${i}`, 'RUNNING', begin);
				});
				return all.filter(
					({ submittedAt = 0 }) => submittedAt <= now && now - submittedAt <= 24 * HOUR_MS,
				);
			};
			const tell = (found: ListedTask[]) =>
				found.forEach(({ taskId }) => told.set(taskId, (told.get(taskId) ?? 0) + 1));
			for (let poll = 0; poll <= 400; poll++) {
				const listed = lookAt(START_MS + poll * 10 * 60_000);
				const found = findNews(memory, listed, ENDED_STATUSES, false);
				const fate = poll % 100 === 0 ? 'works' : (fates[poll % fates.length] ?? 'works');
				if (fate === 'fails' || fate === 'dies') continue;
				const now = fate === 'half' ? found.slice(0, Math.ceil(found.length / 2)) : found;
				tell(now);
				const postponed = new Set(found.slice(now.length).map(({ taskId }) => taskId));
				memory = remember(readSeenTasks(JSON.parse(JSON.stringify(memory))), listed, postponed);
			}
			expect([...told.values()].every((times) => times === 1)).toBe(true);
			const seen = tasks.filter(({ runs }) => runs < 24 * 60 - 100 * 10).length;
			expect(told.size).toBeGreaterThanOrEqual(seen);
		}),
		60,
	);
});
