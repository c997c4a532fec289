/**
 * Patterns for the address fields of the credential. Rule: the credential's test (an n8n expression) and the node
 * use the same patterns, so that both send the key to the same hosts. No pattern contains `}}`, because that would
 * end the expression.
 */

/** A workspace ID becomes a DNS label of the host. */
export const WORKSPACE_ID = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * https to any host, http to this machine, optionally a port and a path. At most 2000 characters. User names,
 * backslashes, dot segments and escapes are excluded, because parsers disagree about them.
 */
export const CUSTOM_URL =
	/^(?=.{0,2000}$)(?:https:\/\/(?:[\w.-]+|\[[\da-f:.]+\])|http:\/\/(?:localhost|[\w.-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\]))(?::\d{1,5})?(?:\/(?:[\w~!$&'()*+,;=:-][\w.~!$&'()*+,;=:-]*)?)*$/i;
