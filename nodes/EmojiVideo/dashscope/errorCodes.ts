/**
 * DashScope's error codes as data: the meaning of each for the user, and whether another try can help. People read
 * these texts first; DashScope's own words follow as details. Rule: this table alone says what an error concerns
 * and whether it lasts. Source, unless a row names another: docs/service.md, "Error codes" and "Portrait
 * requirements".
 */

/** In our words: what happened, and what to do next. */
export interface Meaning {
	/** A short sentence without a full stop, which can also follow a colon. */
	title: string;
	nextStep: string;
}

export interface ErrorRow extends Meaning {
	/** The code, also before a dot. If it ends with a dot, every code that starts with it. `*`: any code. */
	code: string;
	/** Words in the message, if one code has several meanings. */
	says?: RegExp;
	/** `account`: every request of the key. `item`: this request. `service`: DashScope's own state. */
	concerns: 'account' | 'item' | 'service';
	/** The same request will be rejected again, until the user changes something. */
	lasts: boolean;
	/** The documents do not list these codes. */
	isUnlisted?: true;
}

type Row = (code: string, meaning: Meaning, says?: RegExp) => ErrorRow;

const accountRow: Row = (code, meaning, says) => ({
	code,
	says,
	concerns: 'account',
	lasts: true,
	...meaning,
});
const limitRow: Row = (...args) => ({ ...accountRow(...args), lasts: false });
const itemRow: Row = (...args) => ({ ...accountRow(...args), concerns: 'item' });
const passingItemRow: Row = (...args) => ({ ...itemRow(...args), lasts: false });
const serviceRow: Row = (...args) => ({ ...limitRow(...args), concerns: 'service' });

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
const BUDGET: Meaning = {
	title: 'The budget of the account is used up',
	nextStep: 'Raise or reset the budget under Budget Management in Model Studio, then run again.',
};
const LIMIT: Meaning = {
	title: 'The account is over its request limit',
	nextStep:
		'This normally clears within a minute. Run fewer executions at once, or lower the rates under Limits and Cost.',
};
const HEADER_DROPPED: Meaning = {
	title: 'The request lost its X-DashScope-Async header on the way',
	nextStep:
		'The node always sends this header. If the credential has a Custom URL, make that gateway forward it. Otherwise, a proxy in between removes it.',
};
const HEADER_ADDED: Meaning = {
	title: 'The request got an X-DashScope-Async header on the way',
	nextStep:
		'The node does not send this header here. If the credential has a Custom URL, make that gateway leave it out. Otherwise, a proxy in between adds it.',
};
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
	accountRow('InvalidApiKey', KEY),
	accountRow('invalid_api_key', KEY),
	accountRow('AccessDenied', HEADER_DROPPED, /\bsynchronous calls/i),
	accountRow('AccessDenied', HEADER_ADDED, /asynchronous calls/i),
	accountRow('AccessDenied.Unpurchased', NOT_ACTIVATED),
	serviceRow(
		'AccessDenied',
		{ title: 'The upload took too long', nextStep: 'Run again: nothing was made or billed.' },
		/policy/i,
	),
	accountRow('AccessDenied', RIGHTS),
	accountRow('AllocationQuota.FreeTierOnly', {
		title: 'The free quota is used up',
		nextStep: 'To go on at cost, switch off "use free tier only" in the Model Studio console.',
	}),
	accountRow('Arrearage', DEBT),
	accountRow('isv.OUT_OF_SERVICE', DEBT),
	accountRow('CommodityNotPurchased', NOT_ACTIVATED),
	accountRow('PrepaidBillOverdue', DEBT),
	accountRow('PostpaidBillOverdue', DEBT),
	// Budget management (Model Studio's page of 2026-09-25); the code is from two public clients.
	accountRow('BudgetLimitExceeded', BUDGET),
	accountRow('*', BUDGET, /budget management/i),
	accountRow('*', QUOTA, /free allocated quota/i),
	// "You exceeded your current quota": a limit per minute, by Model Studio's rate-limit page and a public report.
	limitRow('*', LIMIT, /exceeded your current quota/i),
	limitRow('insufficient_quota', LIMIT),
	limitRow('Throttling.RateQuota', LIMIT),
	limitRow('Throttling.BurstRate', LIMIT),
	limitRow('Throttling.Concurrency', LIMIT),
	limitRow('Throttling.AllocationQuota', LIMIT),
	{ ...limitRow('Throttling.', LIMIT), isUnlisted: true },
	limitRow('Throttling', LIMIT),
	limitRow('LimitRequests', LIMIT),
	limitRow('limit_requests', LIMIT),
	limitRow('limit_burst_rate', LIMIT),
	itemRow('DataInspectionFailed', CONTENT),
	itemRow('data_inspection_failed', CONTENT),
	itemRow('Contain.Forbidden.Label.Error', CONTENT),
	serviceRow('Conflict', {
		title: 'Another request is changing the same thing',
		nextStep: 'Wait a moment, then try again.',
	}),
	itemRow('IPInfringementSuspect', {
		title: 'The image is suspected of infringing rights',
		nextStep: 'Use another photo: this one will be refused again.',
	}),
	itemRow('InvalidURL', HOSTING),
	itemRow('BadRequest.InputDownloadFailed', HOSTING),
	accountRow('InvalidParameter', MODEL, /model not exist/i),
	itemRow('InvalidParameter', DEAD_LINK, /failed to find.*resource/i),
	itemRow(
		'InvalidParameter',
		{
			title: 'The endpoint does not serve this model',
			nextStep: 'Check the endpoint of the credential.',
		},
		/url error/i,
	),
	itemRow('InvalidParameter', HOSTING, /download|media resource|provided url/i),
	itemRow(
		'InvalidParameter',
		{
			title: 'DashScope does not know this template',
			nextStep: 'Choose another template from the list.',
		},
		/driven/i,
	),
	itemRow(
		'InvalidParameter',
		{
			title: 'DashScope refused the face areas',
			nextStep:
				'Set Face Areas to Detect Automatically, or copy both areas from Detect Face of this very image.',
		},
		/bbox/i,
	),
	itemRow(
		'InvalidParameter',
		FORMAT,
		/decode|media format|files format|image size|size is not match/i,
	),
	itemRow('InvalidParameter.DataInspection', HOSTING),
	itemRow('InvalidParameter', ITEM_FIELDS),
	itemRow('invalid_parameter_error', HOSTING, /url|download/i),
	itemRow('invalid_parameter_error', ITEM_FIELDS),
	itemRow('InvalidFile.NoHuman', {
		title: 'No face was found in the picture',
		nextStep: FACE.nextStep,
	}),
	itemRow('InvalidFile.MultiHuman', {
		title: 'Several people are in the picture',
		nextStep: 'Crop the photo to one person.',
	}),
	itemRow('InvalidFile.Content', FACE),
	itemRow('InvalidFile.BodyProportion', {
		title: 'The person is too large or too small in the picture',
		nextStep: 'Crop it so that head and shoulders fill about half of the height.',
	}),
	itemRow('InvalidFile.FacePose', {
		title: 'The head is tilted or turned',
		nextStep: 'Use a photo with the head upright, facing the camera.',
	}),
	itemRow('InvalidFile.FullFace', {
		title: 'The face is partly hidden or cut off',
		nextStep:
			'Use a photo with the whole face visible: no hands, hair or accessories in front of it.',
	}),
	itemRow('InvalidFile.FrontBody', {
		title: 'The person does not face the camera',
		nextStep: 'Use a photo in which the person looks into the camera.',
	}),
	itemRow('InvalidFile.FullBody', {
		title: 'The head is not fully in the picture',
		nextStep: 'Use a photo that shows the whole head.',
	}),
	itemRow('InvalidFile.Resolution', FORMAT),
	itemRow('InvalidFile.Size', FORMAT),
	itemRow('InvalidFile.ImageSize', FORMAT),
	itemRow('InvalidFile.Format', FORMAT),
	itemRow('InvalidFile.Openerror', FORMAT),
	itemRow('InvalidFile.Value', {
		title: 'The photo is too dark or unclear',
		nextStep: 'Use a brighter, sharper photo.',
	}),
	itemRow('InvalidFile.DownloadFailed', HOSTING),
	itemRow('InvalidFile.', FACE),
	itemRow('InvalidImageResolution', FORMAT),
	itemRow('InvalidImageFormat', FORMAT),
	itemRow('InvalidImage', FACE),
	itemRow('InvalidPerson', FACE),
	itemRow('UnsupportedOperation', {
		title: 'The task is not in the queue any more',
		nextStep: 'Only tasks that are still PENDING can be canceled.',
	}),
	accountRow('Model.AccessDenied', RIGHTS),
	accountRow('Workspace.AccessDenied', WORKSPACE),
	accountRow('Endpoint.AccessDenied', {
		...WORKSPACE,
		nextStep: `${WORKSPACE.nextStep} The same is said of a model that was taken offline.`,
	}),
	accountRow('NOT AUTHORIZED', WORKSPACE),
	accountRow('WorkSpaceNotFound', WORKSPACE),
	accountRow('ModelNotFound', MODEL),
	accountRow('model_not_found', MODEL),
	passingItemRow(
		'InternalError.Algo',
		{
			title: 'The model failed on this image',
			nextStep: `Try again once; if it fails again, change the photo. ${FACE.nextStep}`,
		},
		/inference error/i,
	),
	serviceRow('InternalError.Timeout', {
		title: 'DashScope gave no result within 3 hours',
		nextStep: 'Create the video again.',
	}),
];
