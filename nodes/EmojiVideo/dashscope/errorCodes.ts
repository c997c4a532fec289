/**
 * DashScope's error codes as data: what each means for the user, and whether asking again can help.
 * Source: docs/service.md, "Error codes" and "Portrait requirements".
 */
import type { FailureKind } from '../result';

export interface ErrorRow {
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
const MODEL =
	'The emoji models exist in the China (Beijing) region only. Check that the endpoint and the key of the credential are of that region, and that emoji-detect-v1 and emoji-v1 are activated for the account in Model Studio.';
const RIGHTS =
	'Check in Model Studio, region China (Beijing): whether the workspace of this key may use emoji-detect-v1 and emoji-v1, whether the free quota is used up, and whether the key and the endpoint of the credential are of this region.';
const WORKSPACE =
	'Check the Workspace ID of the credential, that the key was made in this very workspace, and that both are of the China (Beijing) region.';
const BILLING =
	'Check the account in the Alibaba Cloud console: balance, free quota, and whether Model Studio is activated.';
const CONTENT = 'The content check refused the image. Use another photo.';
const ITEM_FIELDS = 'Check the fields of this item against the message above.';
const FACE =
	'Use a photo of one person, facing the camera, head upright, with the whole face visible and a natural expression.';
const HOSTING =
	'DashScope must be able to download the image: use a public https address on a fast host, best in mainland China, that does not block the user agent DashScopeUserBot, and check that the link has not expired.';
const DEAD_LINK =
	'The image is not at this address any more, or its host does not show it to DashScope: open the link in a private browser window, and check that the host does not block the user agent DashScopeUserBot.';
const FORMAT =
	'Use a JPEG, PNG, BMP or WEBP image, at most 10 MB, with width and height between 400 and 7000 pixels.';

/** First match wins. */
export const ERRORS: ErrorRow[] = [
	{ code: 'InvalidApiKey', kind: 'unauthorized', nextStep: KEY },
	{ code: 'invalid_api_key', kind: 'unauthorized', nextStep: KEY },
	{
		code: 'AccessDenied',
		says: /synchronous calls/i,
		nextStep: 'Report this to the package: the call was made in the wrong mode.',
	},
	{ code: 'AccessDenied.Unpurchased', kind: 'unauthorized', nextStep: BILLING },
	{ code: 'AccessDenied', says: /policy/i, nextStep: 'Run again: the upload took too long.' },
	{ code: 'AccessDenied', kind: 'unauthorized', nextStep: RIGHTS },
	{
		code: 'AllocationQuota.FreeTierOnly',
		kind: 'unauthorized',
		nextStep:
			'The free quota is used up. To go on at cost, switch off "use free tier only" in the Model Studio console.',
	},
	{ code: 'Arrearage', kind: 'unauthorized', nextStep: BILLING },
	{ code: 'isv.OUT_OF_SERVICE', kind: 'unauthorized', nextStep: BILLING },
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
			'The account is over its request limit, which normally clears within a minute. Run fewer executions at once, or lower the rates under Limits and Cost.',
	},
	{ code: 'DataInspectionFailed', nextStep: CONTENT },
	{ code: 'data_inspection_failed', nextStep: CONTENT },
	{ code: 'Contain.Forbidden.Label.Error', nextStep: CONTENT },
	{ code: 'Conflict', nextStep: 'Another request is changing the same thing. Try again.' },
	{
		code: 'IPInfringementSuspect',
		nextStep: 'The image is suspected of infringing rights. Use another photo.',
	},
	{ code: 'InvalidURL', nextStep: HOSTING },
	{ code: 'BadRequest.InputDownloadFailed', nextStep: HOSTING },
	{ code: 'InvalidParameter', says: /model not exist/i, kind: 'unauthorized', nextStep: MODEL },
	{ code: 'InvalidParameter', says: /failed to find.*resource/i, nextStep: DEAD_LINK },
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
	{ code: 'InvalidParameter', nextStep: ITEM_FIELDS },
	{ code: 'invalid_parameter_error', says: /url|download/i, nextStep: HOSTING },
	{ code: 'invalid_parameter_error', nextStep: ITEM_FIELDS },
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
	{ code: 'Model.AccessDenied', kind: 'unauthorized', nextStep: RIGHTS },
	{ code: 'Workspace.AccessDenied', kind: 'unauthorized', nextStep: WORKSPACE },
	{
		code: 'Endpoint.AccessDenied',
		kind: 'unauthorized',
		nextStep: `${WORKSPACE} The same is said of a model that was taken offline.`,
	},
	{ code: 'NOT AUTHORIZED', kind: 'unauthorized', nextStep: WORKSPACE },
	{ code: 'WorkSpaceNotFound', kind: 'unauthorized', nextStep: WORKSPACE },
	{ code: 'ModelNotFound', kind: 'unauthorized', nextStep: MODEL },
	{ code: 'model_not_found', kind: 'unauthorized', nextStep: MODEL },
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

/**
 * The HTTP status that the error page lists for codes that begin so, for an error inside HTTP 200. A
 * code that is not here may have acted, like any trouble of the service.
 */
export const STATUS_OF_CODES: Array<{ codes: RegExp; status: number }> = [
	{ codes: /^(429|throttling\b|limit_)/i, status: 429 },
	{ codes: /^(401|invalid_?api_?key|not authorized|unauthorized)/i, status: 401 },
	{ codes: /^(403|accessdenied\b|\w+\.accessdenied)/i, status: 403 },
	{
		codes: /^(400|invalid|badrequest|unsupported|data_?inspection|ipinfring)/i,
		status: 400,
	},
];

interface StatusRow {
	from: number;
	/** The last status that is meant; absent: all from `from` on. */
	to?: number;
	kind: FailureKind;
	nextStep: string;
}

const LATER = 'The service has a problem of its own. Try again later.';
const GATEWAY =
	'The request ran out of time, or a gateway gave it up. Try again; if there is a gateway in front of DashScope, raise its time limit.';

/** What an HTTP status means when the code says nothing else. First match wins. */
export const BY_STATUS: StatusRow[] = [
	// The request was there, its answer did not come: it may have acted.
	{ from: 408, to: 408, kind: 'noAnswer', nextStep: GATEWAY },
	{ from: 499, to: 499, kind: 'noAnswer', nextStep: GATEWAY },
	{ from: 504, to: 504, kind: 'noAnswer', nextStep: GATEWAY },
	// RFC 9110 section 15.5.20, RFC 8470 section 5.2: another connection, or a later moment, will do.
	{ from: 421, to: 421, kind: 'unavailable', nextStep: LATER },
	{ from: 425, to: 425, kind: 'unavailable', nextStep: LATER },
	{ from: 500, kind: 'unavailable', nextStep: LATER },
	{ from: 430, kind: 'refused', nextStep: 'Check the endpoint of the credential.' },
	{ from: 429, to: 429, kind: 'throttled', nextStep: 'Try again in a minute.' },
	{
		from: 404,
		kind: 'refused',
		nextStep:
			'Check the endpoint of the credential: this address does not serve the DashScope API.',
	},
	{ from: 403, to: 403, kind: 'unauthorized', nextStep: RIGHTS },
	{ from: 401, kind: 'unauthorized', nextStep: KEY },
	{ from: 400, kind: 'refused', nextStep: ITEM_FIELDS },
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
