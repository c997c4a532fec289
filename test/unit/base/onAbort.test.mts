import { getEventListeners } from 'node:events';
import { onAbort } from '../../../nodes/EmojiVideo/base/onAbort';

it('onAbort runs each reaction once, in order, when the signal aborts', () => {
	const stop = new AbortController();
	const heard: string[] = [];
	onAbort(stop.signal, () => heard.push('first'));
	onAbort(stop.signal, () => heard.push('second'));
	expect(heard).toEqual([]);
	stop.abort();
	stop.abort();
	expect(heard).toEqual(['first', 'second']);
});

it('onAbort reacts at once if the signal has aborted already', () => {
	const react = jest.fn();
	const forget = onAbort(AbortSignal.abort(), react);
	expect(react).toHaveBeenCalledTimes(1);
	forget();
	expect(react).toHaveBeenCalledTimes(1);
});

it('onAbort does not run a removed reaction, and runs the others', () => {
	const stop = new AbortController();
	const [kept, forgotten] = [jest.fn(), jest.fn()];
	onAbort(stop.signal, kept);
	onAbort(stop.signal, forgotten)();
	stop.abort();
	expect([kept.mock.calls.length, forgotten.mock.calls.length]).toEqual([1, 0]);
});

it('onAbort adds one listener to a signal for many reactions', () => {
	const stop = new AbortController();
	for (let each = 0; each < 1000; each++) onAbort(stop.signal, () => undefined);
	expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
});

it('onAbort runs only the reactions of the signal that aborts', () => {
	const [one, other] = [new AbortController(), new AbortController()];
	const react = jest.fn();
	onAbort(one.signal, react);
	other.abort();
	expect(react).not.toHaveBeenCalled();
});
