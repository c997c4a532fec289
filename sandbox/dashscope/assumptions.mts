/**
 * Behaviour of the mock that no document describes. Rule: this list has everything invented, so that
 * no client leans on it unawares; a line leaves the list when a recording settles it.
 */

export interface Assumption {
	/** The behaviour. */
	what: string;
	/** The setting that makes it do otherwise, where there is one. */
	setting?: string;
}

export const assumptions: readonly Assumption[] = [
	{ what: 'A task list takes a `page_size` of at most 100.', setting: 'maxPageSize' },
	{
		what: 'A wrong `page_no`, `page_size`, `status` or time, and a range over 24 hours, are refused with `InvalidParameter` "The request parameter is invalid, ...".',
	},
	{
		what: 'A task is known for 24 hours from its end, not from its submission.',
		setting: 'taskRetentionFrom, taskRetentionMs',
	},
	{
		what: 'A task without a result is never given up; when it is, the time counts from submission.',
		setting: 'resultTimeoutMs',
	},
	{
		what: 'A verdict on a portrait stands in `output` at HTTP 200 and is billed; as `top400` it is not billed.',
		setting: 'verdictStyle',
	},
	{
		what: 'What is wrong with a request is refused at once; no task fails for it later.',
	},
	{
		what: 'Create looks at the portrait too, and refuses what detection would not pass.',
	},
	{
		what: '`ext_bbox` must be inside the image, its sides in a ratio of 0.8 to 1.25; `face_bbox` only inside the image. It need not be around the face.',
	},
	{
		what: 'A face is the middle 40 % of its portrait, its expression area the middle 80 %.',
	},
	{
		what: 'An image host that answers 404 or 410 is "Failed to find the requested media resource", 403 is "Don\'t have authorization", anything else "Unable to download".',
	},
	{
		what: 'Waiting tasks start first in, first out, and any number may wait (`async_user_queue_limit` is null).',
	},
	{
		what: 'Queries, lists and cancels share 20 requests per second; the pages give 20 to each.',
		setting: 'rateLimits',
	},
	{
		what: 'A rate is counted over the last second, and a refused request does not count.',
		setting: 'rateLimits',
	},
	{ what: 'The key is checked first, then the async header, then the rate, then the body.' },
	{ what: '`X-DashScope-Async` counts only as `enable`; any other value is as none.' },
	{
		what: 'Canceling a task that nobody knows is refused like canceling one that runs.',
	},
	{ what: 'A canceled task has an `end_time`, the moment it was canceled.' },
	{ what: 'The task list is newest first.' },
	{ what: 'An upload serves only the model and account it was made for, as the page says.' },
	{ what: 'Only two models exist; an upload policy for another is "Model not exist.", 404.' },
	{
		what: 'The storage refuses in the XML and words of OSS, and looks at the form in this order: file, fields, signature, age, conditions, size, name.',
	},
	{
		what: "Storage is one origin, so `upload_host` is not a bucket's host, and links are `http`.",
		setting: 'storageUrl',
	},
	{ what: 'A link to a video allows ranges and expires with XML, HTTP 403 "Request has expired."' },
	{ what: 'A path that does not exist is 404 `NotFound` "Not found!".' },
];

/** The list as the README prints it. */
export function assumptionLines(): string[] {
	return assumptions.map(({ what, setting }) =>
		setting === undefined ? `- ${what}` : `- ${what} (\`${setting}\`)`,
	);
}
