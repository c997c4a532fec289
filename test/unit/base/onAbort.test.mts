import { getEventListeners } from 'node:events';
import { onAbort } from '../../../nodes/EmojiVideo/base/onAbort';

it('runs each reaction once, in order, at the abort and not before', () => {
	const stop = new AbortController();
	const heard: string[] = [];
	onAbort(stop.signal, () => heard.push('first'));
	onAbort(stop.signal, () => heard.push('second'));
	expect(heard).toEqual([]);
	stop.abort();
	stop.abort();
	expect(heard).toEqual(['first', 'second']);
});

it('reacts at once to a signal that has aborted', () => {
	const react = jest.fn();
	const forget = onAbort(AbortSignal.abort(), react);
	expect(react).toHaveBeenCalledTimes(1);
	forget();
	expect(react).toHaveBeenCalledTimes(1);
});

it('forgets a reaction that nobody needs any more, and no other', () => {
	const stop = new AbortController();
	const [kept, forgotten] = [jest.fn(), jest.fn()];
	onAbort(stop.signal, kept);
	onAbort(stop.signal, forgotten)();
	stop.abort();
	expect([kept.mock.calls.length, forgotten.mock.calls.length]).toEqual([1, 0]);
});

it('puts one listener on a signal, however many wait', () => {
	const stop = new AbortController();
	for (let each = 0; each < 1000; each++) onAbort(stop.signal, () => undefined);
	expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
});

it('keeps signals apart', () => {
	const [one, other] = [new AbortController(), new AbortController()];
	const react = jest.fn();
	onAbort(one.signal, react);
	other.abort();
	expect(react).not.toHaveBeenCalled();
});
