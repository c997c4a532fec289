/**
 * JSON of others. Rule: a key named `__proto__` is dropped where the text is parsed.
 *
 * Such a key cannot be kept: zod and n8n's `deepCopy` drop it, a spread keeps it, and `Object.assign` replaces
 * the object's prototype with its value. An item that had one would therefore change on its way through n8n.
 */

/** The one key that plain objects do not keep. */
export const UNSAFE_KEY = '__proto__';

/**
 * Parses JSON without its unsafe keys, however deep they are.
 * @throws SyntaxError
 */
export const parseJson = (text: string): unknown =>
	JSON.parse(text, (key, value: unknown) => (key === UNSAFE_KEY ? undefined : value));
