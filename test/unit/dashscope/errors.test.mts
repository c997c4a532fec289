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
		[
			'AccessDenied',
			'current user api does not support synchronous calls.',
			'The request lost its X-DashScope-Async header on the way',
		],
		[
			'AccessDenied',
			'Current user api does not support asynchronous calls.',
			'The request got an X-DashScope-Async header on the way',
		],
		['AccessDenied', 'Invalid according to Policy', 'The upload took too long'],
		['AccessDenied', 'no', 'The key may not use the emoji models'],
		['AccessDenied', undefined, 'The key may not use the emoji models'],
		['InternalError.Algo', 'Inference error: x', 'The model failed on this image'],
		['InternalError.Algo', 'x', undefined],
		['InternalError.Algo.DataInspectionFailed', 'x', 'The content check refused the image'],
		[
			'InternalError.Algo.InvalidParameter',
			'Failed to download multimodal content.',
			'DashScope could not download the image',
		],
		[
			'InvalidParameter',
			'InternalError.Algo.DataInspectionFailed: Input data may contain inappropriate content.',
			'The content check refused the image',
		],
		[
			undefined,
			'<400> InternalError.Algo.InvalidParameter: Failed to download the image',
			'DashScope could not download the image',
		],
		['InvalidParameter', 'Odd: the words', 'DashScope refused a value of the request'],
	])('%s with the message %j means %j', (code, message, title) =>
		expect(meaningOf(code, message)?.title).toBe(title),
	);
});

describe('an error response without a code of DashScope', () => {
	it.each<[number, FailureKind, string, boolean]>([
		[300, 'unreachable', 'The endpoint redirects elsewhere', true],
		[399, 'unreachable', 'The endpoint redirects elsewhere', true],
		[407, 'unreachable', 'The proxy refused the connection', true],
		[408, 'noResponse', 'The request ran out of time, or a gateway gave it up', false],
		[421, 'unavailable', 'DashScope has a problem of its own', false],
		[425, 'unavailable', 'DashScope has a problem of its own', false],
		[429, 'throttled', 'The account is over its request limit', false],
		[499, 'noResponse', 'The request ran out of time, or a gateway gave it up', false],
		[504, 'noResponse', 'The request ran out of time, or a gateway gave it up', false],
		[511, 'unreachable', 'The proxy refused the connection', true],
	])('has the meaning that HTTP gives to %i: %s', (status, kind, title, lasts) => {
		const failure = failureOfResponse(status, undefined);
		expect(failure).toMatchObject({ kind, message: `${title} (HTTP ${status})` });
		expect(failure.lasts === true).toBe(lasts);
		expect(failure.nextStep).toMatch(/^[A-Z].+\.$/);
	});

	it.each([0, 299, 400, 401, 402, 403, 404, 405, 409, 422, 428, 430, 498, 500, 502, 503, 599, NaN])(
		'of HTTP %i is the word of a firewall or proxy',
		(status) => {
			const page = `<html><head><title>Blocked</title></head><body>\n<h1>No</h1></body></html>`;
			expect(failureOfResponse(status, undefined, 7, page)).toStrictEqual({
				kind: 'intermediary',
				message: `A firewall or proxy responded instead of DashScope (HTTP ${status}: "Blocked No")`,
				nextStep: expect.stringMatching(/^Try again\..+firewall or proxy.+\.$/) as string,
				httpStatus: status,
				retryAfterMs: 7,
				...(status < 500 && { lasts: true }),
			});
		},
	);

	it.each([
		['no body', undefined, '', ''],
		['a JSON text', 'Forbidden', '"Forbidden"', ': ""Forbidden""'],
		['a message alone', { message: 'no route' }, '{"message":"no route"}', ': "no route"'],
		['an unknown code without a request ID', { code: 'Odd', message: 'm' }, '{}', ': "m"'],
	])('with %s shows its first words', (_, body, text, shown) =>
		expect(failureOfResponse(403, body, undefined, text).message).toBe(
			`A firewall or proxy responded instead of DashScope (HTTP 403${shown})`,
		),
	);
});

describe('an error response with a code', () => {
	it('has the text of its code, and the kind of its status if the error can pass', () => {
		const message = 'Inference error: x';
		const body = { code: 'InternalError.Algo', message, request_id: 'r' };
		expect(failureOfResponse(503, body, 7)).toMatchObject({
			kind: 'unavailable',
			message: 'The model failed on this image',
			httpStatus: 503,
			code: 'InternalError.Algo',
			serviceMessage: message,
			requestId: 'r',
			retryAfterMs: 7,
		});
	});

	it.each<[number, string, string, FailureKind]>([
		[400, 'Arrearage', '', 'unauthorized'],
		[500, 'Throttling.RateQuota', '', 'throttled'],
		[500, 'InternalError.Algo.DataInspectionFailed', '', 'rejected'],
		[500, 'InternalError.Algo.InvalidParameter', 'Failed to download x.', 'rejected'],
		[500, 'InternalError', '<400> InternalError.Algo.InvalidURL: x', 'rejected'],
	])('of HTTP %i %s "%s" has the kind of its code: %s', (status, code, message, kind) =>
		expect(failureOfResponse(status, { code, message }).kind).toBe(kind),
	);

	it('of an unknown code has the kind of its status if DashScope sent it with a request ID', () => {
		const body = { code: 'Odd', request_id: 'r' };
		expect(failureOfResponse(403, body)).toMatchObject({
			kind: 'unauthorized',
			message: 'DashScope denied access',
		});
		expect(failureOfResponse(500, body).kind).toBe('unavailable');
	});
});

describe('a 429', () => {
	it.each([
		[
			'Throttling.AllocationQuota',
			'You exceeded your current quota, please check your plan and billing details.',
		],
		[
			'insufficient_quota',
			'You exceeded your current quota, please check your plan and billing details.',
		],
		['Odd', 'You exceeded your current quota, please check your plan and billing details.'],
		['Throttling.AllocationQuota', 'Allocated quota exceeded, please increase your quota limit.'],
		['limit_requests', ''],
	])('of %s "%s" passes', (code, message) => {
		const failure = failureOfResponse(429, { code, message });
		expect(failure).toMatchObject({ kind: 'throttled' });
		expect(failure.isUnknownLimit).toBeUndefined();
		expect(failure.nextStep).toMatch(/within a minute/);
	});

	it.each([
		['BudgetLimitExceeded', '', /Budget Management/],
		[
			'Odd',
			'The budget configured in Budget Management has been exhausted. You will be unable to make further API calls until the budget limit is increased or reset.',
			/Budget Management/,
		],
		['Throttling.AllocationQuota', 'Free allocated quota exceeded.', /balance/],
		['insufficient_quota', 'Free allocated quota exceeded.', /balance/],
		['PostpaidBillOverdue', '', /balance/],
	])('of %s "%s" lasts, and names where to change it', (code, message, words) => {
		const failure = failureOfResponse(429, { code, message });
		expect(failure.kind).toBe('unauthorized');
		expect(failure.nextStep).toMatch(words);
	});

	it.each([
		[undefined],
		[{ code: 'Throttling.Unlisted' }],
		[{ code: 'Odd', request_id: 'r' }],
		[{ code: 'Odd' }],
	])('of %j is an unknown limit', (body) =>
		expect(failureOfResponse(429, body)).toMatchObject({
			kind: 'throttled',
			isUnknownLimit: true,
		}),
	);
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
		expect(failureInSuccess(200, { code, request_id: 'r' }, 7)).toMatchObject({
			kind,
			code,
			httpStatus: 200,
			retryAfterMs: 7,
		}),
	);

	it('of an unknown code without a request ID is the word of a firewall or proxy', () =>
		expect(failureInSuccess(200, { code: 'Odd', message: 'm' })).toMatchObject({
			kind: 'intermediary',
			message: 'A firewall or proxy responded instead of DashScope (HTTP 200: "m")',
			httpStatus: 200,
		}));

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
			"Check the task ID, and that the credential's account created it. Tasks expire after 24 hours.",
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

describe('the next step', () => {
	it.each([
		['Required body invalid, please check the request body format.', /fields/],
		[
			'The request is missing required parameters or in a wrong format, please check the parameters that you send.',
			/fields/,
		],
		['url error, please check url！', /endpoint|model/i],
	])('after InvalidParameter "%s" is not about the portrait or its host', (message, words) => {
		expect(meaningOf('InvalidParameter', message)?.nextStep).toMatch(words);
	});

	it.each(['InvalidImageResolution', 'InvalidImageFormat', 'data_inspection_failed'])(
		'after %s, which the documents list, is specific',
		(code) => {
			const { nextStep } = failureOfResponse(400, { code, message: 'x' });
			expect(nextStep).not.toMatch(/^Check the fields/);
		},
	);
});
