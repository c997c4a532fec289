/** A client whose answers are made up, on a clock on which every sleep is over at once. */
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { createClient } from '../../nodes/EmojiVideo/dashscope/client';
import type { Result } from '../../nodes/EmojiVideo/base/result';
import { succeed } from '../../nodes/EmojiVideo/base/result';
import type { HttpResponse, ApiRequest } from '../../nodes/EmojiVideo/dashscope/transport';

/** A clock on which every sleep is over at once, and has taken its time. */
export function quickClock(): Clock {
	let now = 0;
	return {
		now: () => now,
		sleep: async (ms) => {
			now += ms;
			return Promise.resolve();
		},
	};
}

/** An answer of the service. A text is sent as it is. */
export const answerOf = (body: unknown, httpStatus = 200): Result<HttpResponse> =>
	succeed({
		httpStatus,
		headers: {},
		text: typeof body === 'string' ? body : JSON.stringify(body),
	});

/** A client whose requests are answered by a function, and written down. */
export function clientAnswering(answer: (request: ApiRequest) => Result<HttpResponse>) {
	const sent: ApiRequest[] = [];
	const client = createClient(
		async (request) => {
			sent.push(request);
			return Promise.resolve(answer(request));
		},
		async () => Promise.resolve(),
		quickClock(),
	);
	return { client, sent };
}

/** A client that gets these answers one after the other, the last one again and again. */
export function clientWith(...answers: Array<Result<HttpResponse>>) {
	let next = 0;
	return clientAnswering(() => answers[Math.min(next++, answers.length - 1)] ?? answerOf({}));
}
