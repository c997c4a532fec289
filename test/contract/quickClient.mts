/** A client with invented responses, on a clock whose sleeps end at once. */
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { createClient } from '../../nodes/EmojiVideo/dashscope/client';
import type { Result } from '../../nodes/EmojiVideo/base/result';
import { succeed } from '../../nodes/EmojiVideo/base/result';
import type { HttpResponse, ApiRequest } from '../../nodes/EmojiVideo/dashscope/transport';

/** A clock whose sleeps end at once and move its time. */
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

/** A response of the service. A text is used unchanged. */
export const answerOf = (body: unknown, httpStatus = 200): Result<HttpResponse> =>
	succeed({
		httpStatus,
		headers: {},
		text: typeof body === 'string' ? body : JSON.stringify(body),
	});

/** A client that records its requests. A function makes the responses. */
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

/** A client that gets these responses in order, and then the last one again. */
export function clientWith(...answers: Array<Result<HttpResponse>>) {
	let next = 0;
	return clientAnswering(() => answers[Math.min(next++, answers.length - 1)] ?? answerOf({}));
}
