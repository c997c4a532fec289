/** Stop's two signals, and which of them fires when. */
import { createStop, neverStops } from '../../../nodes/EmojiVideo/base/stop';

it('the user’s Stop fires both signals of a Stop', () => {
	const user = new AbortController();
	const { stop } = createStop(user.signal);
	expect([stop.userStop.aborted, stop.batchEnd.aborted]).toEqual([false, false]);
	user.abort();
	expect([stop.userStop.aborted, stop.batchEnd.aborted]).toEqual([true, true]);
});

it('a failure that ends the batch fires `batchEnd` alone', () => {
	const { stop, endBatch } = createStop();
	endBatch();
	expect([stop.userStop.aborted, stop.batchEnd.aborted]).toEqual([false, true]);
});

it('an execution that was stopped before it began has both signals fired', () => {
	const { stop } = createStop(AbortSignal.abort());
	expect([stop.userStop.aborted, stop.batchEnd.aborted]).toEqual([true, true]);
});

it('each `neverStops` has signals of its own', () => {
	expect(neverStops().batchEnd).not.toBe(neverStops().batchEnd);
});
