/**
 * Every refusal of the service, as data: HTTP status, code, message. Rule: the words are the
 * service's own, misspellings included (docs/service.md, "Error codes"); `xxx` is the one place the
 * service fills in.
 */

export interface Refusal {
	status: number;
	code: string;
	message: string;
}

const refusal = (status: number, code: string, message: string): Refusal => ({
	status,
	code,
	message,
});

const imageTypes = 'JPEG, JPG, PNG, BMP, and WEBP';
const inspection = 'the media resource during the data inspection process.';
const inappropriate = 'Input image data may contain inappropriate content.';
const exceededQuota =
	'You exceeded your current quota, please check your plan and billing details.';

export const refusals = {
	noKey: refusal(401, 'InvalidApiKey', 'No API-key provided.'),
	wrongKey: refusal(401, 'InvalidApiKey', 'Invalid API-key provided.'),
	notFound: refusal(404, 'NotFound', 'Not found!'),
	syncCall: refusal(403, 'AccessDenied', 'current user api does not support synchronous calls.'),
	asyncCall: refusal(403, 'AccessDenied', 'Current user api does not support asynchronous calls.'),
	accessDenied: refusal(403, 'AccessDenied', 'Access denied.'),
	arrearage: refusal(
		400,
		'Arrearage',
		'Access denied, please make sure your account is in good standing.',
	),
	throttled: refusal(
		429,
		'Throttling.RateQuota',
		'Requests rate limit exceeded, please try again later.',
	),
	/** Passes within a minute (docs/service.md, "Responses that end nothing"). */
	quota: refusal(429, 'Throttling.AllocationQuota', exceededQuota),
	/** The same words under the code of the compatible API, which relays pass on. */
	quotaOfRelay: refusal(429, 'insufficient_quota', exceededQuota),
	freeQuota: refusal(429, 'Throttling.AllocationQuota', 'Free allocated quota exceeded.'),
	freeTierOnly: refusal(
		403,
		'AllocationQuota.FreeTierOnly',
		'The free tier of the model has been exhausted. If you wish to continue access the model on a paid basis, please disable the "use free tier only" mode in the management console.',
	),
	budget: refusal(
		429,
		'BudgetLimitExceeded',
		'The budget configured in Budget Management has been exhausted. You will be unable to make further API calls until the budget limit is increased or reset.',
	),
	/** Made up: a 429 whose code is on no page. */
	unlisted429: refusal(429, 'Throttling.Unlisted', 'Requests throttling triggered.'),
	body: refusal(
		400,
		'InvalidParameter',
		'Required body invalid, please check the request body format.',
	),
	bodyTooLarge: refusal(400, 'BadRequest.TooLarge', 'Payload Too Large.'),
	noModel: refusal(
		400,
		'BadRequest.EmptyModel',
		'Required parameter "model" missing from request.',
	),
	noInput: refusal(400, 'BadRequest.EmptyInput', 'Required input parameter missing from request.'),
	noParameters: refusal(
		400,
		'BadRequest.EmptyParameters',
		'Required parameter "parameters" missing from request.',
	),
	unknownModel: refusal(404, 'InvalidParameter', 'Model not exist.'),
	wrongUrlForModel: refusal(400, 'InvalidParameter', 'url error, please check url！'),
	fieldRequired: refusal(400, 'InvalidParameter', 'Field required: xxx'),
	wrongFormat: refusal(
		400,
		'InvalidParameter',
		'The request is missing required parameters or in a wrong format, please check the parameters that you send.',
	),
	wrongParameter: refusal(
		400,
		'InvalidParameter',
		'The request parameter is invalid, please check the request parameter.',
	),
	unknownTemplate: refusal(400, 'InvalidParameter', 'Driven not exist: driven_id.'),
	expressionArea: refusal(400, 'InvalidParameter', 'Invalid ext_bbox.'),
	imageUrl: refusal(
		400,
		'InvalidURL',
		`The request URL is invalid, please check the request URL is available and the request image format is one of the following types: ${imageTypes}.`,
	),
	imageHostRefused: refusal(
		400,
		'InvalidURL.ConnectionRefused',
		'Connection to xxx refused, please provide available URL.',
	),
	imageTimeout: refusal(
		400,
		'InvalidURL.Timeout',
		'Download xxx timeout, please check network connection.',
	),
	imageMissing: refusal(
		400,
		'InvalidParameter.DataInspection',
		`Failed to find the requested ${inspection.slice('the '.length)}`,
	),
	imageDownload: refusal(400, 'InvalidParameter', `Unable to download ${inspection}`),
	imageForbidden: refusal(
		400,
		'InvalidParameter',
		`Don't have authorization to access ${inspection}`,
	),
	imageTooLarge: refusal(
		400,
		'InvalidFile.Size',
		'Invalid file size. The video/audio/image file size must be less than 10MB.',
	),
	imageUnreadable: refusal(
		400,
		'InvalidFile.Openerror',
		'Invalid file, cannot open file as video/audio/image.',
	),
	ossHeader: refusal(
		400,
		'invalid_parameter_error',
		'InternalError.Algo.InvalidParameter: The provided URL does not appear to be valid. Ensure it is correctly formatted.',
	),
	ossDownload: refusal(400, 'InvalidParameter.DataInspection', `Unable to download ${inspection}`),
	algoInspection: refusal(400, 'InternalError.Algo.DataInspectionFailed', inappropriate),
	algoDownload: refusal(
		400,
		'InternalError.Algo.InvalidParameter',
		'Failed to download multimodal content.',
	),
	/** The code that counts stands in the message only (seen for sister models). */
	inspectionInMessage: refusal(
		400,
		'InvalidParameter',
		`<400> InternalError.Algo.DataInspectionFailed: ${inappropriate}`,
	),
	downloadInMessage: refusal(
		400,
		'InvalidParameter',
		'<400> InternalError.Algo.InvalidParameter: Failed to download multimodal content.',
	),
	notPending: refusal(
		400,
		'UnsupportedOperation',
		'Failed to cancel the task, please confirm if the task is in PENDING status.',
	),
	internal: refusal(
		500,
		'InternalError',
		'An internal error has occured, please try again later or contact service support.',
	),
	overloaded: refusal(
		503,
		'ModelServingError',
		'Too many requests. Your requests are being throttled due to system capacity limits. Please try again later.',
	),
} as const satisfies Record<string, Refusal>;

export type RefusalName = keyof typeof refusals;

/** The refusal `name`, with the service's `xxx` replaced by `detail`, if there is one. */
export function refuse(name: RefusalName, detail?: string): Refusal {
	const found = refusals[name];
	return detail === undefined ? found : { ...found, message: found.message.replace('xxx', detail) };
}

/** The body of a refusal as the service writes it. */
export function refusalBody({ code, message }: Refusal, requestId: string): object {
	return { code, message, request_id: requestId };
}

/** A step's outcome: what it found, or the refusal that ends the request. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

/** Ends a request with the refusal `name`. */
export function refused(name: RefusalName, detail?: string): { ok: false; refusal: Refusal } {
	return { ok: false, refusal: refuse(name, detail) };
}
