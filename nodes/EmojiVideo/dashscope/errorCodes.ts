/**
 * DashScope's error codes as data: the meaning of each for the user, and whether another try can help. People read
 * these texts first; DashScope's own words follow as details.
 * Source: docs/service.md, "Error codes" and "Portrait requirements".
 */
import type { FailureKind } from '../base/result';

/** In our words: what happened, and what to do next. */
export interface Meaning {
	/** A short sentence without a full stop, which can also follow a colon. */
	title: string;
	nextStep: string;
}

export interface ErrorRow extends Meaning {
	/** The code. If it ends with a dot, every code that starts with it. */
	code: string;
	/** Words in the message, if one code has several meanings. */
	says?: RegExp;
	/** The kind of failure, if the HTTP status alone would mislead. */
	kind?: FailureKind;
}

/** An error that concerns every request of the key. */
const ofTheKey = (code: string, meaning: Meaning, says?: RegExp): ErrorRow => ({
	code,
	says,
	kind: 'unauthorized',
	...meaning,
});

export const KEY: Meaning = {
	title: 'The API key was not accepted',
	nextStep:
		'Check the DashScope API credential. Emoji models take API keys of the China (Beijing) region only.',
};
const MODEL: Meaning = {
	title: 'The emoji models do not exist at this endpoint',
	nextStep:
		'The emoji models exist in the China (Beijing) region only. Check that the endpoint and the key of the credential are of that region, and that emoji-detect-v1 and emoji-v1 are activated for the account in Model Studio.',
};
export const RIGHTS: Meaning = {
	title: 'The key may not use the emoji models',
	nextStep:
		'Check in Model Studio, region China (Beijing): whether the workspace of this key may use emoji-detect-v1 and emoji-v1, whether the free quota is used up, and whether the key and the endpoint of the credential are of this region.',
};
const WORKSPACE: Meaning = {
	title: 'The key and the workspace do not belong together',
	nextStep:
		'Check the Workspace ID of the credential, that the key was made in this very workspace, and that both are of the China (Beijing) region.',
};
const BILLING =
	'Check the account in the Alibaba Cloud console: balance, free quota, and whether Model Studio is activated.';
const DEBT: Meaning = { title: 'The account owes money', nextStep: BILLING };
const NOT_ACTIVATED: Meaning = {
	title: 'Model Studio is not activated for the account',
	nextStep: BILLING,
};
const QUOTA: Meaning = { title: 'The quota of the account is used up', nextStep: BILLING };
const CONTENT: Meaning = {
	title: 'The content check refused the image',
	nextStep: 'Use another photo: this one will be refused again.',
};
export const ITEM_FIELDS: Meaning = {
	title: 'DashScope refused a value of the request',
	nextStep: 'Check the fields of the node against what DashScope says.',
};
const FACE: Meaning = {
	title: 'The portrait cannot be used',
	nextStep:
		'Use a photo of one person, facing the camera, head upright, with the whole face visible and a natural expression.',
};
const HOSTING: Meaning = {
	title: 'DashScope could not download the image',
	nextStep:
		'DashScope must be able to download the image: use a public https address of the image itself, not of a page that shows it, on a fast host, best in mainland China, that does not block the user agent DashScopeUserBot, and check that the link has not expired.',
};
const DEAD_LINK: Meaning = {
	title: 'DashScope found no image at the address',
	nextStep:
		'The image is not at this address any more, or its host does not show it to DashScope: open the link in a private browser window, and check that the host does not block the user agent DashScopeUserBot.',
};
const FORMAT: Meaning = {
	title: 'The image has a wrong format or size',
	nextStep:
		'Use a JPEG, PNG, BMP or WEBP image, at most 10 MB, with width and height between 400 and 7000 pixels.',
};

/** The first match counts. */
export const ERRORS: ErrorRow[] = [
	ofTheKey('InvalidApiKey', KEY),
	ofTheKey('invalid_api_key', KEY),
	{
		code: 'AccessDenied',
		says: /synchronous calls/i,
		title: 'The call was made in the wrong mode',
		nextStep: 'Please report this error to the package.',
	},
	ofTheKey('AccessDenied.Unpurchased', NOT_ACTIVATED),
	{
		code: 'AccessDenied',
		says: /policy/i,
		title: 'The upload took too long',
		nextStep: 'Run again: nothing was made or billed.',
	},
	ofTheKey('AccessDenied', RIGHTS),
	ofTheKey('AllocationQuota.FreeTierOnly', {
		title: 'The free quota is used up',
		nextStep: 'To go on at cost, switch off "use free tier only" in the Model Studio console.',
	}),
	ofTheKey('Arrearage', DEBT),
	ofTheKey('isv.OUT_OF_SERVICE', DEBT),
	ofTheKey('CommodityNotPurchased', NOT_ACTIVATED),
	ofTheKey('PrepaidBillOverdue', DEBT),
	ofTheKey('PostpaidBillOverdue', DEBT),
	ofTheKey('Throttling.AllocationQuota', QUOTA, /free|billing/i),
	ofTheKey('insufficient_quota', QUOTA),
	{
		code: 'Throttling',
		kind: 'throttled',
		title: 'The account is over its request limit',
		nextStep:
			'This normally clears within a minute. Run fewer executions at once, or lower the rates under Limits and Cost.',
	},
	{ code: 'DataInspectionFailed', ...CONTENT },
	{ code: 'data_inspection_failed', ...CONTENT },
	{ code: 'Contain.Forbidden.Label.Error', ...CONTENT },
	{
		code: 'Conflict',
		title: 'Another request is changing the same thing',
		nextStep: 'Wait a moment, then try again.',
	},
	{
		code: 'IPInfringementSuspect',
		title: 'The image is suspected of infringing rights',
		nextStep: 'Use another photo: this one will be refused again.',
	},
	{ code: 'InvalidURL', ...HOSTING },
	{ code: 'BadRequest.InputDownloadFailed', ...HOSTING },
	ofTheKey('InvalidParameter', MODEL, /model not exist/i),
	{ code: 'InvalidParameter', says: /failed to find.*resource/i, ...DEAD_LINK },
	{
		code: 'InvalidParameter',
		says: /url error/i,
		title: 'The endpoint does not serve this model',
		nextStep: 'Check the endpoint of the credential.',
	},
	{ code: 'InvalidParameter', says: /download|media resource/i, ...HOSTING },
	{
		code: 'InvalidParameter',
		says: /driven/i,
		title: 'DashScope does not know this template',
		nextStep: 'Choose another template from the list.',
	},
	{
		code: 'InvalidParameter',
		says: /bbox/i,
		title: 'DashScope refused the face areas',
		nextStep:
			'Set Face Areas to Detect Automatically, or copy both areas from Detect Face of this very image.',
	},
	{
		code: 'InvalidParameter',
		says: /decode|media format|files format|image size|size is not match/i,
		...FORMAT,
	},
	{ code: 'InvalidParameter.DataInspection', ...HOSTING },
	{ code: 'InvalidParameter', ...ITEM_FIELDS },
	{ code: 'invalid_parameter_error', says: /url|download/i, ...HOSTING },
	{ code: 'invalid_parameter_error', ...ITEM_FIELDS },
	{
		code: 'InvalidFile.NoHuman',
		title: 'No face was found in the picture',
		nextStep: FACE.nextStep,
	},
	{
		code: 'InvalidFile.MultiHuman',
		title: 'Several people are in the picture',
		nextStep: 'Crop the photo to one person.',
	},
	{ code: 'InvalidFile.Content', ...FACE },
	{
		code: 'InvalidFile.BodyProportion',
		title: 'The person is too large or too small in the picture',
		nextStep: 'Crop it so that head and shoulders fill about half of the height.',
	},
	{
		code: 'InvalidFile.FacePose',
		title: 'The head is tilted or turned',
		nextStep: 'Use a photo with the head upright, facing the camera.',
	},
	{
		code: 'InvalidFile.FullFace',
		title: 'The face is partly hidden or cut off',
		nextStep:
			'Use a photo with the whole face visible: no hands, hair or accessories in front of it.',
	},
	{
		code: 'InvalidFile.FrontBody',
		title: 'The person does not face the camera',
		nextStep: 'Use a photo in which the person looks into the camera.',
	},
	{
		code: 'InvalidFile.FullBody',
		title: 'The head is not fully in the picture',
		nextStep: 'Use a photo that shows the whole head.',
	},
	{ code: 'InvalidFile.Resolution', ...FORMAT },
	{ code: 'InvalidFile.Size', ...FORMAT },
	{ code: 'InvalidFile.ImageSize', ...FORMAT },
	{ code: 'InvalidFile.Format', ...FORMAT },
	{ code: 'InvalidFile.Openerror', ...FORMAT },
	{
		code: 'InvalidFile.Value',
		title: 'The photo is too dark or unclear',
		nextStep: 'Use a brighter, sharper photo.',
	},
	{ code: 'InvalidFile.DownloadFailed', ...HOSTING },
	{ code: 'InvalidFile.', ...FACE },
	{ code: 'InvalidImageResolution', ...FORMAT },
	{ code: 'InvalidImageFormat', ...FORMAT },
	{ code: 'InvalidImage', ...FACE },
	{ code: 'InvalidPerson', ...FACE },
	{
		code: 'UnsupportedOperation',
		title: 'The task is not in the queue any more',
		nextStep: 'Only tasks that are still PENDING can be canceled.',
	},
	ofTheKey('Model.AccessDenied', RIGHTS),
	ofTheKey('Workspace.AccessDenied', WORKSPACE),
	ofTheKey('Endpoint.AccessDenied', {
		...WORKSPACE,
		nextStep: `${WORKSPACE.nextStep} The same is said of a model that was taken offline.`,
	}),
	ofTheKey('NOT AUTHORIZED', WORKSPACE),
	ofTheKey('WorkSpaceNotFound', WORKSPACE),
	ofTheKey('ModelNotFound', MODEL),
	ofTheKey('model_not_found', MODEL),
	{
		code: 'InternalError.Algo',
		says: /inference error/i,
		title: 'The model failed on this image',
		nextStep: `Try again once; if it fails again, change the photo. ${FACE.nextStep}`,
	},
	{
		code: 'InternalError.Timeout',
		title: 'DashScope gave no result within 3 hours',
		nextStep: 'Create the video again.',
	},
];
