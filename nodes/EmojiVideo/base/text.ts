/**
 * Values from outside as text: cut to length, and quoted in messages. Rules: no function throws, and every
 * function runs in linear time.
 */

/** The first `length` UTF-16 units of a text. A surrogate pair is never split. */
export function cut(text: string, length: number): string {
	if (text.length <= length) return text;
	const last = text.charCodeAt(length - 1);
	const isHalf = last >= 0xd800 && last <= 0xdbff;
	return text.slice(0, isHalf ? length - 1 : length);
}

/** A text without the slashes at its end. */
export function withoutSlashes(text: string): string {
	let end = text.length;
	while (text.endsWith('/', end)) end--;
	return text.slice(0, end);
}

/** Bounded, so that a long text without a URL is read in linear time. */
const URL_PATTERN = /\b([a-z][a-z0-9+.-]{0,20}):\/\/([^\s"'<>()]*)/gi;

/**
 * Removes from every URL in a text all that may be a secret: user name and password, path, query. The scheme
 * and the host stay. Stack traces keep the paths of their files.
 */
export const withoutUrlSecrets = (text: string): string =>
	text.replace(URL_PATTERN, (url, scheme: string, rest: string) => {
		if (scheme.toLowerCase() === 'file') return url;
		const end = rest.search(/[/?#\\]/);
		const host = end < 0 ? rest : rest.slice(0, end);
		const isWhole = end < 0 || !rest.includes('@', end);
		if (!isWhole) return `${scheme}://...`;
		return `${scheme}://${host.slice(host.lastIndexOf('@') + 1)}${end < 0 ? '' : '/...'}`;
	});

/** Reading a value may run its own code (getters, `toJSON`, a Proxy), which may throw. */
function asText(value: unknown): string {
	if (typeof value === 'string') return value;
	try {
		return JSON.stringify(value) ?? String(value);
	} catch {
		return asWords(value);
	}
}

function asWords(value: unknown): string {
	try {
		return String(value);
	} catch {
		return `(${typeof value} that cannot be shown)`;
	}
}

const SHOWN_LENGTH = 100;

/** A value as a message shows it: quoted and cut. */
export const shown = (value: unknown): string => {
	const text = asText(value);
	return `"${text.length > SHOWN_LENGTH ? `${cut(text, SHOWN_LENGTH)}...` : text}"`;
};

const REASON_LENGTH = 300;

/** The message of a thrown value, or the value as text. */
export function reasonOf(error: unknown): string {
	try {
		const { message } = error as { message?: unknown };
		if (typeof message === 'string' && message !== '') return cut(message, REASON_LENGTH);
	} catch {
		// The getter of the message threw, so the value itself is shown.
	}
	return cut(asText(error), REASON_LENGTH);
}

/** A sentence as it continues after a colon: "The key ..." becomes "the key ...". */
export const afterColon = (sentence: string): string =>
	/^(The|No|Several|Another|An?) /.test(sentence)
		? `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`
		: sentence;
