/** From an error response to the text for the user and the kind of failure. */
import {
	isDetectionResult,
	meaningOf,
	failureOfResponse,
	failureInSuccess,
	taskFailure,
	wordsOf,
} from '../../../nodes/EmojiVideo/dashscope/errors';
import { taskSchema } from '../../../nodes/EmojiVideo/dashscope/schemas';
import type { FailureKind } from '../../../nodes/EmojiVideo/base/result';

const taskThat = (task_status: string, more: object = {}) =>
	taskSchema.parse({ request_id: 'r', output: { task_id: 't', task_status, ...more } });

describe('an error code', () => {
	it.each([
		['InvalidFile.FullFace', 'The face is partly hidden or cut off'],
		['InvalidFile.FullFace.Mouth', 'The face is partly hidden or cut off'],
		['InvalidFile.FullFaces', 'The portrait cannot be used'],
		['InvalidFile.', 'The portrait cannot be used'],
		['InvalidFile', undefined],
		['InvalidURL', 'DashScope could not download the image'],
		['InvalidURL.Timeout', 'DashScope could not download the image'],
		['InvalidURLs', undefined],
		['My.InvalidURL', undefined],
		['', undefined],
		['.', undefined],
	])('%j means %j', (code, title) => expect(meaningOf(code)?.title).toBe(title));

	it.each([
		['AccessDenied', 'does not support synchronous calls', 'The call was made in the wrong mode'],
		['AccessDenied', 'Invalid according to Policy', 'The upload took too long'],
		['AccessDenied', 'no', 'The key may not use the emoji models'],
		['AccessDenied', undefined, 'The key may not use the emoji models'],
		['InternalError.Algo', 'Inference error: x', 'The model failed on this image'],
		['InternalError.Algo', 'x', undefined],
	])('%s with the message %j means %j', (code, message, title) =>
		expect(meaningOf(code, message)?.title).toBe(title),
	);
});

describe('an error response without a code', () => {
	it.each<[number, FailureKind, string]>([
		[0, 'unreadable', 'The answer is not one of DashScope'],
		[299, 'unreadable', 'The answer is not one of DashScope'],
		[300, 'rejected', 'The endpoint redirects elsewhere'],
		[399, 'rejected', 'The endpoint redirects elsewhere'],
		[400, 'rejected', 'DashScope refused the request'],
		[401, 'unauthorized', 'The API key was not accepted'],
		[402, 'unauthorized', 'The API key was not accepted'],
		[403, 'unauthorized', 'DashScope denied access'],
		[404, 'rejected', 'The endpoint does not serve the DashScope API'],
		[407, 'rejected', 'The endpoint does not serve the DashScope API'],
		[408, 'noResponse', 'The request ran out of time, or a gateway gave it up'],
		[409, 'rejected', 'The endpoint does not serve the DashScope API'],
		[421, 'unavailable', 'DashScope has a problem of its own'],
		[422, 'rejected', 'The endpoint does not serve the DashScope API'],
		[425, 'unavailable', 'DashScope has a problem of its own'],
		[428, 'rejected', 'The endpoint does not serve the DashScope API'],
		[429, 'throttled', 'The account is over its request limit'],
		[430, 'rejected', 'DashScope refused the request'],
		[498, 'rejected', 'DashScope refused the request'],
		[499, 'noResponse', 'The request ran out of time, or a gateway gave it up'],
		[500, 'unavailable', 'DashScope has a problem of its own'],
		[503, 'unavailable', 'DashScope has a problem of its own'],
		[504, 'noResponse', 'The request ran out of time, or a gateway gave it up'],
		[599, 'unavailable', 'DashScope has a problem of its own'],
	])('with HTTP %i is %s, and the message names the status', (status, kind, title) => {
		const failure = failureOfResponse(status, undefined);
		expect(failure).toMatchObject({ kind, message: `${title} (HTTP ${status})` });
		expect(failure.nextStep).toMatch(/^[A-Z].+\.$/);
	});

	it('becomes a failure even without a valid status', () => {
		expect(failureOfResponse(NaN, undefined)).toStrictEqual({
			kind: 'unreadable',
			message: 'DashScope refused the request (HTTP NaN)',
			nextStep: '',
			httpStatus: NaN,
			code: undefined,
			serviceMessage: undefined,
			requestId: undefined,
			retryAfterMs: undefined,
		});
	});

	it.each([
		['a message', { message: 'no' }],
		['an unknown code', { code: 'Odd' }],
	])('does not name its status if it has %s', (_, body) =>
		expect(failureOfResponse(400, body).message).toBe('DashScope refused the request'),
	);
});

describe('an error response with a code', () => {
	it('has the text of its code and the kind of its status', () => {
		const body = { code: 'InvalidURL', message: 'm', request_id: 'r' };
		expect(failureOfResponse(503, body, 7)).toMatchObject({
			kind: 'unavailable',
			message: 'DashScope could not download the image',
			nextStep: expect.stringMatching(/^DashScope must be able to download/) as string,
			httpStatus: 503,
			code: 'InvalidURL',
			serviceMessage: 'm',
			requestId: 'r',
			retryAfterMs: 7,
		});
	});

	it('has the kind of its code if the code has one', () => {
		expect(failureOfResponse(400, { code: 'Arrearage' }).kind).toBe('unauthorized');
		expect(failureOfResponse(500, { code: 'Throttling.RateQuota' }).kind).toBe('throttled');
	});
});

describe('an error body with HTTP 200', () => {
	it.each<[string, FailureKind]>([
		['429', 'throttled'],
		['limit_requests', 'throttled'],
		['Throttling.RateQuota', 'throttled'],
		['Unlimit_ed', 'unavailable'],
		['401', 'unauthorized'],
		['Unauthorized', 'unauthorized'],
		['403', 'unauthorized'],
		['Some.AccessDenied', 'unauthorized'],
		['400', 'rejected'],
		['BadRequest.Odd', 'rejected'],
		['UnsupportedThing', 'rejected'],
		['Odd', 'unavailable'],
	])('and the code %s is %s', (code, kind) =>
		expect(failureInSuccess(200, { code }, 7)).toMatchObject({
			kind,
			code,
			httpStatus: 200,
			retryAfterMs: 7,
		}),
	);

	it.each([[{}], [{ code: '' }], [{ message: 'm' }], [null], [undefined], ['Throttling']])(
		'is not found in %j',
		(body) => expect(failureInSuccess(200, body)).toBeUndefined(),
	);
});

it.each([
	[{ output: { code: 'x' } }, true],
	[{ output: { code: '' } }, false],
	[{ output: { code: 7 } }, false],
	[{ output: {} }, false],
	[{ code: 'InvalidFile.Odd' }, true],
	[{ code: 'Odd.InvalidFile.' }, false],
	[{ code: 'InvalidFile' }, false],
])('HTTP 400 with %j is a verdict on the portrait: %j', (body, isVerdict) =>
	expect(isDetectionResult(body)).toBe(isVerdict),
);

it.each([
	[undefined, undefined],
	['a\nb', 'a b'],
	['x'.repeat(500), 'x'.repeat(500)],
	['x'.repeat(501), `${'x'.repeat(500)}...`],
])('DashScope’s message %j is shown as %j', (words, shown) => expect(wordsOf(words)).toBe(shown));

const FETCH_LATER =
	'Use Get Status with this task ID, within 24 hours of its creation, to fetch the video.';

describe('a task without a video', () => {
	it.each<[string, object, string, string]>([
		['FAILED', {}, 'The task failed', 'Create the video again, or change the portrait.'],
		[
			'FAILED',
			{ code: 'Odd' },
			'The task failed',
			'Create the video again, or change the portrait.',
		],
		[
			'FAILED',
			{ code: 'InvalidFile.MultiHuman' },
			'The task failed: several people are in the picture',
			'Crop the photo to one person.',
		],
		[
			'FAILED',
			{ code: 'InternalError.Timeout' },
			'The task failed: DashScope gave no result within 3 hours',
			'Create the video again.',
		],
		[
			'CANCELED',
			{},
			'The task was taken out of the queue before it ran',
			'Nothing was billed. Create the video again if you still want it.',
		],
		[
			'UNKNOWN',
			{},
			'DashScope does not know this task',
			'Task IDs can be queried for 24 hours, from their creation or from their end (the documents disagree), with a key of the account that made them. Check the task ID and the credential; when the time is over, the video is gone and has to be created again.',
		],
		['PENDING', {}, 'The task is PENDING', FETCH_LATER],
		['RUNNING', {}, 'The task is RUNNING', FETCH_LATER],
		['SUCCEEDED', {}, 'The task is SUCCEEDED', FETCH_LATER],
	])('that is %s with %j has its message and next step', (status, reason, message, nextStep) =>
		expect(taskFailure(taskThat(status, reason))).toMatchObject({
			kind: 'task',
			message,
			nextStep,
			taskId: 't',
			status,
			requestId: 'r',
		}),
	);
});
