/**
 * A day of 2,000 tasks on a virtual clock: the trigger's real poll() over real HTTP, every ten
 * minutes, with outages of the service, kills of n8n, hours without n8n and polls that overlap. The
 * double has no limits here: on a clock that jumps, rates mean nothing; lab/bench/tasks.mts measures them.
 */
import type { IPollFunctions } from 'n8n-workflow';
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { poll } from '../../nodes/EmojiVideo/trigger/poll';
import { cancelByHand, makeTasks } from './account.mts';
import { createPoller } from './poller.mts';

const TASKS = 2000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const START_MS = Date.UTC(2025, 9, 14, 3, 28, 4);

/**
 * A sleep of this length in whole seconds is a time limit, and no request takes that long on this clock. The jitter
 * of a back-off never gives whole seconds.
 */
const SHORTEST_LIMIT_MS = 20_000;
const isTimeLimit = (ms: number) => ms >= SHORTEST_LIMIT_MS && ms % 1000 === 0;

/** Time that is over as soon as somebody waits for it. */
function createQuickClock() {
	let now = START_MS;
	const clock: Clock = {
		now: () => now,
		async sleep(ms, signal) {
			if (signal && isTimeLimit(ms)) {
				await new Promise<void>((resolve) =>
					signal.addEventListener('abort', () => resolve(), { once: true }),
				);
				return;
			}
			now += Math.max(0, ms);
		},
	};
	return { clock, moveTo: (ms: number) => void (now = Math.max(now, ms)) };
}

/** The same numbers in every run. */
function createDice(seed: number) {
	let state = seed;
	return () => {
		state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
		return state / 2_147_483_648;
	};
}

test('every one of 2,000 tasks starts the workflow exactly once', async () => {
	const { clock, moveTo } = createQuickClock();
	const dice = createDice(5);
	const runSeconds = Array.from({ length: 211 }, () => 20 + dice() * (dice() < 0.02 ? 5000 : 120));
	const double = await startDashScopeMock({
		clock,
		taskSeconds: runSeconds,
		concurrency: 4,
		rateLimits: { enforce: false },
	});
	try {
		const credential = {
			apiKey: double.apiKey,
			endpoint: 'custom' as const,
			customUrl: double.url,
		};
		const pollOnce = async (functions: IPollFunctions) => {
			const result = await poll(functions, clock);
			if (!result.ok) throw new Error(result.failure.message);
			return result.value.length > 0 ? [result.value] : null;
		};
		const trigger = await createPoller(
			credential,
			{ downloadVideo: false, statuses: ['SUCCEEDED', 'FAILED', 'CANCELED'] },
			{ pollOnce },
		);
		await trigger.start();

		let made = 0;
		let failedPolls = 0;
		let kills = 0;
		let largest = 0;
		/** n8n is down until then. */
		let downUntil = 0;
		let turn = 0;
		const at = () => clock.now() - START_MS;
		while (at() < DAY_MS + 3 * 60 * MINUTE_MS) {
			turn++;
			moveTo(START_MS + turn * 10 * MINUTE_MS);
			double.faults.clear();
			// As many tasks as belong to this time of the day; now and then one fails or is canceled.
			const wanted = Math.min(TASKS, Math.floor((at() / DAY_MS) * TASKS));
			if (dice() < 0.3) double.failTask(1);
			const ids = await makeTasks(double, wanted - made);
			made = wanted;
			if (dice() < 0.3 && double.tasks().at(-1)?.status === 'PENDING')
				await cancelByHand(double, ids.at(-1) ?? '');

			if (clock.now() < downUntil) continue;
			const fate = dice();
			if (fate < 0.15) {
				double.faults.add({
					match: { path: '/api/v1/tasks/' },
					times: 'always',
					fault: { kind: 'status', status: 503 },
				});
			}
			if (fate >= 0.15 && fate < 0.25) {
				kills++;
				await trigger.pollAndDie();
			}
			if (fate >= 0.25 && fate < 0.27) {
				trigger.kill();
				downUntil = clock.now() + Math.floor(dice() * 6 * 60) * MINUTE_MS;
				continue;
			}
			const polls = fate > 0.8 ? [trigger.poll(), trigger.poll()] : [trigger.poll()];
			for (const { status } of await Promise.allSettled(polls)) {
				if (status === 'rejected') failedPolls++;
			}
			largest = Math.max(largest, JSON.stringify(trigger.stored()).length);
		}
		double.faults.clear();
		await trigger.poll();

		const tasks = double.tasks();
		expect(tasks).toHaveLength(TASKS);
		const told = trigger.items.map(({ json }) => json['taskId'] as string);
		expect(told).toHaveLength(TASKS);
		expect(new Set(told)).toEqual(new Set(tasks.map(({ id }) => id)));
		expect(
			trigger.items.every(
				({ json }, i) => json['status'] === tasks.find(({ id }) => id === told[i])?.status,
			),
		).toBe(true);

		// The day was as hard as it was meant to be.
		expect(failedPolls).toBeGreaterThan(10);
		expect(kills).toBeGreaterThan(5);
		expect(new Set(tasks.map(({ status }) => status)).size).toBe(3);
		expect(largest).toBeLessThan(100_000);
	} finally {
		await double.close();
	}
}, 600_000);
