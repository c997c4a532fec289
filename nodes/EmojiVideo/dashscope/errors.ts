/**
 * DashScope's error codes as data: what each means for the user, and whether asking again can help.
 * Source: dashscope-facts.md section 6 (the service's common error page) and section 1 (portraits).
 */
import { z } from 'zod';
import type { Failure, FailureKind } from '../result';
import { errorSchema } from './schemas';
import type { Task } from './schemas';

interface ErrorRow {
	/** The code, or its beginning when it ends with a dot. */
	code: string;
	/** Where one code says several things, the words that tell them apart. */
	says?: RegExp;
	/** What it means for a retry, where the HTTP status alone would mislead. */
	kind?: FailureKind;
	nextStep: string;
}

const KEY =
	'Check the DashScope API credential. Emoji models take API keys of the China (Beijing) region only.';
const BILLING =
	'Check the account in the Alibaba Cloud console: balance, free quota, and whether Model Studio is activated.';
const FACE =
	'Use a photo of one person, facing the camera, head upright, with the whole face visible and a natural expression.';
const HOSTING =
	'DashScope must be able to download the image: use a public https address on a fast host, best in mainland China, and check that the link has not expired.';
const FORMAT =
	'Use a JPEG, PNG, BMP or WEBP image, at most 10 MB, with width and height between 400 and 7000 pixels.';

/** First match wins. */
const ERRORS: ErrorRow[] = [
	{ code: 'InvalidApiKey', kind: 'unauthorized', nextStep: KEY },
	{ code: 'invalid_api_key', kind: 'unauthorized', nextStep: KEY },
	{
		code: 'AccessDenied',
		says: /synchronous calls/i,
		nextStep: 'Report this to the package: the call was made in the wrong mode.',
	},
	{ code: 'AccessDenied.Unpurchased', kind: 'unauthorized', nextStep: BILLING },
	{
		code: 'AllocationQuota.FreeTierOnly',
		kind: 'unauthorized',
		nextStep:
			'The free quota is used up. To go on at cost, switch off "use free tier only" in the Model Studio console.',
	},
	{ code: 'Arrearage', kind: 'unauthorized', nextStep: BILLING },
	{ code: 'CommodityNotPurchased', kind: 'unauthorized', nextStep: BILLING },
	{ code: 'PrepaidBillOverdue', kind: 'unauthorized', nextStep: BILLING },
	{ code: 'PostpaidBillOverdue', kind: 'unauthorized', nextStep: BILLING },
	{
		code: 'Throttling.AllocationQuota',
		says: /free|billing/i,
		kind: 'unauthorized',
		nextStep: BILLING,
	},
	{ code: 'insufficient_quota', kind: 'unauthorized', nextStep: BILLING },
	{
		code: 'Throttling',
		kind: 'throttled',
		nextStep:
			'The account is over its request limit, which normally clears within a minute. Run fewer executions at once, or lower the rates under Options.',
	},
	{
		code: 'DataInspectionFailed',
		nextStep: 'The content check refused the image. Use another photo.',
	},
	{
		code: 'data_inspection_failed',
		nextStep: 'The content check refused the image. Use another photo.',
	},
	{ code: 'Conflict', nextStep: 'Another request is changing the same thing. Try again.' },
	{
		code: 'IPInfringementSuspect',
		nextStep: 'The image is suspected of infringing rights. Use another photo.',
	},
	{ code: 'InvalidURL', nextStep: HOSTING },
	{
		code: 'InvalidParameter',
		says: /url error/i,
		nextStep: 'The model does not belong to this address: check the endpoint of the credential.',
	},
	{ code: 'InvalidParameter', says: /download|media resource/i, nextStep: HOSTING },
	{
		code: 'InvalidParameter',
		says: /driven/i,
		nextStep: 'Choose another template: the service does not know this ID.',
	},
	{
		code: 'InvalidParameter',
		says: /bbox/i,
		nextStep:
			'Set Face Areas to Detect Automatically, or copy both areas from Detect Face of this very image.',
	},
	{
		code: 'InvalidParameter',
		says: /decode|media format|files format|image size|size is not match/i,
		nextStep: FORMAT,
	},
	{ code: 'InvalidParameter.DataInspection', nextStep: HOSTING },
	{
		code: 'InvalidParameter',
		nextStep: 'Check the fields of this item against the message above.',
	},
	{ code: 'InvalidFile.NoHuman', nextStep: `No face was found. ${FACE}` },
	{
		code: 'InvalidFile.MultiHuman',
		nextStep: 'Several people were found. Crop the photo to one person.',
	},
	{ code: 'InvalidFile.Content', nextStep: FACE },
	{
		code: 'InvalidFile.BodyProportion',
		nextStep:
			'The person is too large or too small in the picture. Crop it so that head and shoulders fill about half of the height.',
	},
	{
		code: 'InvalidFile.FacePose',
		nextStep: 'The head is tilted or turned. Use a photo with the head upright, facing the camera.',
	},
	{
		code: 'InvalidFile.FullFace',
		nextStep:
			'The face is partly hidden or cut off. Use a photo with the whole face visible: no hands, hair or accessories in front of it.',
	},
	{
		code: 'InvalidFile.FrontBody',
		nextStep: 'The person does not face the camera. Use a frontal photo.',
	},
	{
		code: 'InvalidFile.FullBody',
		nextStep: 'The head is not fully in the picture. Use a photo with the whole head.',
	},
	{ code: 'InvalidFile.Resolution', nextStep: FORMAT },
	{ code: 'InvalidFile.Size', nextStep: FORMAT },
	{ code: 'InvalidFile.ImageSize', nextStep: FORMAT },
	{ code: 'InvalidFile.Format', nextStep: FORMAT },
	{ code: 'InvalidFile.Openerror', nextStep: FORMAT },
	{
		code: 'InvalidFile.Value',
		nextStep: 'The photo is too dark or unclear. Use a brighter, sharper one.',
	},
	{ code: 'InvalidFile.DownloadFailed', nextStep: HOSTING },
	{ code: 'InvalidFile.', nextStep: FACE },
	{ code: 'InvalidImageResolution', nextStep: FORMAT },
	{ code: 'InvalidImageFormat', nextStep: FORMAT },
	{ code: 'InvalidImage', nextStep: FACE },
	{ code: 'InvalidPerson', nextStep: FACE },
	{ code: 'UnsupportedOperation', nextStep: 'Only tasks that are still PENDING can be canceled.' },
	{
		code: 'Model.AccessDenied',
		kind: 'unauthorized',
		nextStep:
			'Give the workspace of this key access to emoji-detect-v1 and emoji-v1 in Model Studio.',
	},
	{
		code: 'ModelNotFound',
		kind: 'unauthorized',
		nextStep:
			'The models exist in the China (Beijing) region only: check the endpoint and the key of the credential.',
	},
	{
		code: 'InternalError.Algo',
		says: /inference error/i,
		nextStep: `The model failed on this image. Try again once; if it fails again, change the photo. ${FACE}`,
	},
	{
		code: 'InternalError.Timeout',
		nextStep: 'The service gave no result within 3 hours. Create the video again.',
	},
];

/** What an HTTP status means when the code says nothing else. */
const BY_STATUS: Array<{ from: number; kind: FailureKind; nextStep: string }> = [
	{
		from: 500,
		kind: 'unavailable',
		nextStep: 'The service has a problem of its own. Try again later.',
	},
	{ from: 430, kind: 'refused', nextStep: 'Check the endpoint of the credential.' },
	{ from: 429, kind: 'throttled', nextStep: 'Try again in a minute.' },
	{
		from: 404,
		kind: 'refused',
		nextStep:
			'Check the endpoint of the credential: this address does not serve the DashScope API.',
	},
	{ from: 401, kind: 'unauthorized', nextStep: KEY },
	{
		from: 400,
		kind: 'refused',
		nextStep: 'Check the fields of this item against the message above.',
	},
	{
		from: 300,
		kind: 'refused',
		nextStep:
			'The address redirects elsewhere; the API key is not sent across a redirect. Check the endpoint of the credential.',
	},
	{
		from: 0,
		kind: 'unreadable',
		nextStep: 'Check that the endpoint of the credential is DashScope or a gateway in front of it.',
	},
];

const rowFor = (code: string, message: string) =>
	ERRORS.find(
		(row) =>
			(code === row.code || code.startsWith(row.code.endsWith('.') ? row.code : `${row.code}.`)) &&
			(row.says?.test(message) ?? true),
	);

/**
 * What to do about an error code of the service.
 * @param code DashScope's code, e.g. `InvalidFile.FacePose`
 * @param message the service's own message, which tells some codes' meanings apart
 */
export const nextStepFor = (code = '', message = ''): string | undefined =>
	rowFor(code, message)?.nextStep;

/** Codes with which face detection judges the portrait rather than the request (section 1). */
const isPortraitCode = (code = ''): boolean => code.startsWith('InvalidFile.');

const outputCode = z.object({ output: z.object({ code: z.string().min(1) }) });

/**
 * Whether the body of an HTTP 400 is face detection's verdict on the portrait: a code in `output`, or
 * a portrait's code at the top (dashscope-facts.md section 1, "Caution").
 */
export const isDetectionResult = (body: unknown): boolean =>
	outputCode.safeParse(body).success || isPortraitCode(errorSchema.safeParse(body).data?.code);

const clip = (text: string, length: number) =>
	text.length > length ? `${text.slice(0, length)}...` : text;

/**
 * Turns an answer that is not 2xx into a failure.
 * @param status the HTTP status
 * @param body the parsed body, or `undefined` where it was no JSON
 * @param retryAfterMs from the `Retry-After` header
 */
export function refusal(status: number, body: unknown, retryAfterMs?: number): Failure {
	const parsed = errorSchema.safeParse(body);
	const { code, message, requestId } = parsed.success
		? parsed.data
		: { code: undefined, message: undefined, requestId: undefined };
	const row = rowFor(code ?? '', message ?? '');
	const byStatus = BY_STATUS.find(({ from }) => status >= from);
	return {
		kind: row?.kind ?? byStatus?.kind ?? 'unreadable',
		message: message
			? `DashScope: ${clip(message, 500)}${code ? ` (${clip(code, 100)})` : ''}`
			: `DashScope answered with HTTP ${status}`,
		nextStep: row?.nextStep ?? byStatus?.nextStep ?? '',
		httpStatus: status,
		code,
		requestId,
		retryAfterMs,
	};
}

const FETCH_LATER =
	'Use Get Status with this task ID to fetch the video; its link works for 24 hours after the task has finished.';

/**
 * Why a task has no video.
 * @param task ended as FAILED, CANCELED or UNKNOWN
 */
export function taskFailure({ taskId, status, code, message, requestId }: Task): Failure {
	const reasons: Partial<Record<Task['status'], Pick<Failure, 'message' | 'nextStep'>>> = {
		FAILED: {
			message: `The task failed: ${clip(message ?? 'no reason given', 500)}${code ? ` (${clip(code, 100)})` : ''}`,
			nextStep: nextStepFor(code, message) ?? 'Create the video again, or change the portrait.',
		},
		CANCELED: {
			message: 'The task was canceled before it ran',
			nextStep: 'Nothing was billed. Create the video again if you still want it.',
		},
		UNKNOWN: {
			message: 'DashScope does not know this task',
			nextStep:
				'Task IDs can be queried for 24 hours, with a key of the account that made them. Check the task ID and the credential; after 24 hours the video is gone and has to be created again.',
		},
	};
	const { message: text, nextStep } = reasons[status] ?? {
		message: `The task is ${status}`,
		nextStep: FETCH_LATER,
	};
	return { kind: 'task', message: text, nextStep, code, requestId, taskId, status };
}

/** A time limit of the node ended the wait for a task that goes on. */
export const timeLimitFailure = ({ taskId, status, requestId }: Task): Failure => ({
	kind: 'timeLimit',
	message:
		status === 'RUNNING'
			? 'The task is still running at the end of the Timeout'
			: 'The task is still in the queue at the end of the Queue Timeout',
	nextStep: `The task goes on, and may be billed. ${FETCH_LATER} To wait longer, raise the limit under Options.`,
	requestId,
	taskId,
	status,
});
