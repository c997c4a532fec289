/**
 * Pages of file hosts that show a file instead of being one. Users paste them as an image URL, and DashScope
 * then downloads HTML. Pure.
 */

interface SharePage {
	label: string;
	host: RegExp;
	/** Whether this URL of the host is a page, not the file itself. */
	isPage: (url: URL) => boolean;
	nextStep: string;
}

const PAGES: SharePage[] = [
	{
		label: 'a Google Drive page',
		host: /^(?:drive|docs)\.google\.com$/,
		// `/uc` and `/thumbnail` return the file.
		isPage: ({ pathname }) => /^\/(?:file\/|open$|drive\/|folderview$)/.test(pathname),
		nextStep: "Download the file with n8n's Google Drive node and set Image Source to Binary File.",
	},
	{
		label: 'a Dropbox page',
		host: /^(?:www\.)?dropbox\.com$/,
		isPage: ({ searchParams }) => searchParams.get('raw') !== '1' && searchParams.get('dl') !== '1',
		nextStep:
			"End the URL with raw=1 instead of dl=0, or download the file with n8n's Dropbox node and set Image Source to Binary File.",
	},
];

/** @returns `undefined` if the URL is not a known page */
export function findSharePage(url: URL): Pick<SharePage, 'label' | 'nextStep'> | undefined {
	return PAGES.find(({ host, isPage }) => host.test(url.hostname) && isPage(url));
}
