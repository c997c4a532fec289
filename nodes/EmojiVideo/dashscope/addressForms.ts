/**
 * The forms of what a credential says about addresses, as patterns. Rule: the credential's test, which is
 * an expression, and the node judge by these very patterns, so that the key goes nowhere by the one that
 * it does not go by the other. No `}}` in a pattern: it would end the expression.
 */

/** A workspace ID is one DNS label of the host, so nothing else may pass. */
export const WORKSPACE_ID = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * https to anywhere, http to this machine; a port, a path. Nothing that parsers read in more than one way:
 * no user name, no backslash, no dots or escapes that lead elsewhere, and not for ever.
 */
export const CUSTOM_URL =
	/^(?=.{0,2000}$)(?:https:\/\/(?:[\w.-]+|\[[\da-f:.]+\])|http:\/\/(?:localhost|[\w.-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\]))(?::\d{1,5})?(?:\/(?:[\w~!$&'()*+,;=:-][\w.~!$&'()*+,;=:-]*)?)*$/i;
