import { createAsyncEvent } from '../../../nodes/EmojiVideo/base/asyncEvent';
import { createVirtualClock } from '../support/virtualClock.mts';

it('an event ends its wait after the given time if it is not set', async () => {
	const clock = createVirtualClock();
	const start = clock.now();
	await clock.until(createAsyncEvent().waitUpTo(5000, clock));
	expect(clock.now() - start).toBe(5000);
});

it('an event ends its wait when it is set, and its sleep ends too', async () => {
	const clock = createVirtualClock();
	const start = clock.now();
	const changed = createAsyncEvent();
	const heard = changed.waitUpTo(60_000, clock);
	void clock.sleep(1000).then(() => changed.set());
	await clock.until(heard);
	expect(clock.now() - start).toBe(1000);
	expect(clock.sleepers()).toBe(0);
});

it('an event that was set since the last wait ends the next wait at once, and only that one', async () => {
	const clock = createVirtualClock();
	const start = clock.now();
	const changed = createAsyncEvent();
	changed.set();
	changed.set();
	await clock.until(changed.waitUpTo(60_000, clock));
	expect(clock.now() - start).toBe(0);
	await clock.until(changed.waitUpTo(60_000, clock));
	expect(clock.now() - start).toBe(60_000);
});

it('an event without a time limit waits until it is set', async () => {
	const clock = createVirtualClock();
	const changed = createAsyncEvent();
	let isHeard = false;
	const heard = changed.waitUpTo(Infinity, clock).then(() => {
		isHeard = true;
	});
	await clock.advance(365 * 86_400_000);
	expect([isHeard, clock.sleepers()]).toEqual([false, 0]);
	changed.set();
	await clock.until(heard);
	expect(isHeard).toBe(true);
});

it.each([0, -5])('an event does not wait for %i ms', async (ms) => {
	const clock = createVirtualClock();
	await createAsyncEvent().waitUpTo(ms, clock);
	expect(clock.sleepers()).toBe(0);
});
