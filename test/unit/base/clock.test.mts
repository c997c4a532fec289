/** Both faces of n8n-workflow: before 2.40 `sleepWithAbort`, from 2.40 on a `sleep` with a signal. */
import { getEventListeners } from 'node:events';
import { runAfter } from '../../../nodes/EmojiVideo/base/clock';
import type { Clock } from '../../../nodes/EmojiVideo/base/clock';
import { createVirtualClock } from '../support/virtualClock.mts';

type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** The clock over an n8n-workflow that has these functions and no others. */
async function clockOver(n8nWorkflow: Record<string, Sleep>): Promise<Clock> {
	let clock: Clock | undefined;
	await jest.isolateModulesAsync(async () => {
		jest.doMock('n8n-workflow', () => n8nWorkflow);
		({ systemClock: clock } = await import('../../../nodes/EmojiVideo/base/clock'));
	});
	jest.dontMock('n8n-workflow');
	if (!clock) throw new Error('The clock was not loaded.');
	return clock;
}

/** Never ends by itself; an abort rejects it, as n8n's own does. */
const abortable = (): jest.Mock<Promise<void>, [number, AbortSignal?]> =>
	jest.fn(
		async (_ms: number, signal?: AbortSignal) =>
			await new Promise<void>((_, reject) => {
				signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
			}),
	);

const deaf = () => jest.fn(async () => Promise.resolve());

it("the clock uses n8n's `sleepWithAbort` if it exists, and an abort ends the sleep", async () => {
	const sleep = deaf();
	const sleepWithAbort = abortable();
	const clock = await clockOver({ sleep, sleepWithAbort });
	const stop = new AbortController();
	const asleep = clock.sleep(60_000, stop.signal);
	stop.abort();
	await expect(asleep).resolves.toBeUndefined();
	expect(sleepWithAbort).toHaveBeenCalledWith(60_000, expect.any(AbortSignal));
	expect(sleep).not.toHaveBeenCalled();
});

it("the clock uses n8n's `sleep` with a signal if there is no `sleepWithAbort`, and an abort ends the sleep", async () => {
	const sleep = abortable();
	const clock = await clockOver({ sleep });
	const stop = new AbortController();
	const asleep = clock.sleep(60_000, stop.signal);
	stop.abort();
	await expect(asleep).resolves.toBeUndefined();
	expect(sleep).toHaveBeenCalledWith(60_000, expect.any(AbortSignal));
});

it("an abort ends a sleep of the clock even if n8n's `sleep` ignores signals", async () => {
	const sleep = jest.fn(async () => await new Promise<void>(() => undefined));
	const clock = await clockOver({ sleep });
	const stop = new AbortController();
	const asleep = clock.sleep(60_000, stop.signal);
	stop.abort();
	await expect(asleep).resolves.toBeUndefined();
});

it("the clock sleeps without a signal with both versions of n8n's sleep", async () => {
	const versions: Array<Record<string, Sleep>> = [{}, { sleepWithAbort: abortable() }];
	for (const others of versions) {
		const sleep = deaf();
		const clock = await clockOver({ sleep, ...others });
		await clock.sleep(5);
		expect(sleep).toHaveBeenCalledWith(5);
	}
});

it.each([0, -1])('the clock does not sleep for %i ms', async (ms) => {
	const sleep = abortable();
	const clock = await clockOver({ sleep });
	await clock.sleep(ms, new AbortController().signal);
	expect(sleep).not.toHaveBeenCalled();
});

it('the clock does not sleep if the signal has aborted', async () => {
	const sleep = abortable();
	const clock = await clockOver({ sleep });
	await clock.sleep(60_000, AbortSignal.abort());
	expect(sleep).not.toHaveBeenCalled();
});

it('the clock returns the current time', async () => {
	const clock = await clockOver({ sleep: deaf() });
	const before = Date.now();
	const now = clock.now();
	expect(now).toBeGreaterThanOrEqual(before);
	expect(now).toBeLessThanOrEqual(Date.now());
});

it('an abort ends a sleep with the installed n8n-workflow', async () => {
	const { systemClock } = await import('../../../nodes/EmojiVideo/base/clock');
	const stop = new AbortController();
	const asleep = systemClock.sleep(3_600_000, stop.signal);
	stop.abort();
	await expect(asleep).resolves.toBeUndefined();
});

it('50 sleeps on one signal add at most 10 listeners, and an abort ends all of them', async () => {
	const { systemClock } = await import('../../../nodes/EmojiVideo/base/clock');
	const stop = new AbortController();
	const asleep = Array.from({ length: 50 }, async () => {
		await systemClock.sleep(3_600_000, stop.signal);
	});
	const listeners = getEventListeners(stop.signal, 'abort');
	stop.abort();
	expect(listeners.length).toBeLessThanOrEqual(10);
	await expect(Promise.all(asleep)).resolves.toHaveLength(50);
});

it('runAfter calls the function once, after the given time', async () => {
	const clock = createVirtualClock();
	const run = jest.fn();
	const callOff = runAfter(clock, 1000, run);
	await clock.advance(999);
	expect(run).not.toHaveBeenCalled();
	await clock.advance(1);
	callOff();
	await clock.advance(5000);
	expect(run).toHaveBeenCalledTimes(1);
});

it('runAfter does not call a canceled function, and its sleep ends', async () => {
	const clock = createVirtualClock();
	const run = jest.fn();
	const callOff = runAfter(clock, 1000, run);
	callOff();
	callOff();
	expect(clock.sleepers()).toBe(0);
	await clock.advance(5000);
	expect(run).not.toHaveBeenCalled();
});
