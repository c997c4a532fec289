/**
 * Tells private hosts from public ones. DashScope downloads portraits, and the node downloads what DashScope
 * links to: neither URL may lead into a private network. One exception: a sandbox whose account is on
 * loopback may link to loopback.
 */
const LOOPBACK = [/^localhost$/, /\.localhost$/, /^127\.\d+\.\d+\.\d+$/, /^\[::1\]$/];

/**
 * Ranges that n8n 2.40's SSRF filter does not block by default, so we judge them ourselves
 * (docs/n8n.md, "Where requests may go").
 */
const UNKNOWN_TO_N8N = [
	// Shared address space (RFC 6598), with Alibaba Cloud's metadata service.
	/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+$/,
	// Multicast and reserved (RFC 5771, RFC 1112).
	/^2(2[4-9]|[345]\d)\.\d+\.\d+\.\d+$/,
	// Azure's metadata service. Other clouds keep theirs in the other ranges.
	/^168\.63\.129\.16$/,
	// NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056) and Teredo (RFC 4380) contain an IPv4 address.
	/^\[64:ff9b:/,
	/^\[2002:/,
	/^\[2001:0?:/,
	/^\[ff[0-9a-f]{2}:/,
	// Unspecified and IPv4-mapped (RFC 4291).
	/^\[::/,
];

/** Special-purpose ranges of RFC 6890, RFC 4193 and RFC 4291, and names that have no public DNS entry. */
const PRIVATE = [
	...UNKNOWN_TO_N8N,
	...LOOPBACK,
	/^0\.\d+\.\d+\.\d+$/,
	/^10\.\d+\.\d+\.\d+$/,
	/^169\.254\.\d+\.\d+$/,
	/^172\.(1[6-9]|2\d|3[01])\.\d+\.\d+$/,
	/^192\.0\.0\.\d+$/,
	/^192\.168\.\d+\.\d+$/,
	/^198\.1[89]\.\d+\.\d+$/,
	/^\[f[cd][0-9a-f]{2}:/,
	/^\[fe[89a-f][0-9a-f]:/,
	/\.(local|localdomain|internal|intranet|lan|corp|home|home\.arpa|svc|private)$/,
	/^[^.[\]]+$/,
];

const matches = (patterns: RegExp[], url: URL) => {
	const host = url.hostname.toLowerCase().replace(/\.$/, '');
	return patterns.some((pattern) => pattern.test(host));
};

/** Whether the URL's host is this machine. */
export const isLoopback = (url: URL): boolean => matches(LOOPBACK, url);

/** Whether the URL's host is loopback, a private or link-local address, or a name without a public domain. */
export const isPrivate = (url: URL): boolean => matches(PRIVATE, url);

/** Whether n8n's SSRF filter lets this private address pass by default. */
export const isUnknownToN8n = (url: URL): boolean => matches(UNKNOWN_TO_N8N, url);

/** Parses text as a URL; `undefined` if it is not one. */
export const parseUrl = (text: string): URL | undefined =>
	URL.canParse(text) ? new URL(text) : undefined;
