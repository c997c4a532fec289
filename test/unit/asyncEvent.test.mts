import { createBell } from '../../nodes/EmojiVideo/batch/asyncEvent';
import { createVirtualClock } from './virtualClock.mts';

it('wakes at the end of the sleep when nobody rings', async () => {
	const clock = createVirtualClock();
	const start = clock.now();
	await clock.until(createBell().heardWithin(5000, clock));
	expect(clock.now() - start).toBe(5000);
});

it('wakes when it rings, and leaves nobody asleep', async () => {
	const clock = createVirtualClock();
	const start = clock.now();
	const bell = createBell();
	const heard = bell.heardWithin(60_000, clock);
	void clock.sleep(1000).then(() => bell.ring());
	await clock.until(heard);
	expect(clock.now() - start).toBe(1000);
	expect(clock.sleepers()).toBe(0);
});

it('counts a ring since the last wait, once', async () => {
	const clock = createVirtualClock();
	const start = clock.now();
	const bell = createBell();
	bell.ring();
	bell.ring();
	await clock.until(bell.heardWithin(60_000, clock));
	expect(clock.now() - start).toBe(0);
	await clock.until(bell.heardWithin(60_000, clock));
	expect(clock.now() - start).toBe(60_000);
});

it('waits for a ring alone when there is no end to the sleep', async () => {
	const clock = createVirtualClock();
	const bell = createBell();
	let isHeard = false;
	const heard = bell.heardWithin(Infinity, clock).then(() => {
		isHeard = true;
	});
	await clock.advance(365 * 86_400_000);
	expect([isHeard, clock.sleepers()]).toEqual([false, 0]);
	bell.ring();
	await clock.until(heard);
	expect(isHeard).toBe(true);
});

it.each([0, -5])('does not wait for %i ms', async (ms) => {
	const clock = createVirtualClock();
	await createBell().heardWithin(ms, clock);
	expect(clock.sleepers()).toBe(0);
});
