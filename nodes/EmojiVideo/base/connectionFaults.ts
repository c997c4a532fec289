/**
 * What an error of a connection proves. Rule: "not sent" needs a proof, because a paid request may only be sent
 * again if DashScope cannot have received it. The proofs are an error code from before the request, or a socket
 * that was never ready. Seen with n8n 2.40.7 (axios 1.18, https-proxy-agent 7.0.6, Node.js 24).
 */
import { z } from 'zod';

export interface ConnectionFault {
	/** Words for messages. n8n replaces a message that contains a Node.js error code by a canned text. */
	words: string;
	/** The request was certainly not sent. */
	notSent: boolean;
	/** The fault stays until somebody changes a setting. */
	lasts: boolean;
	/** What the user can do, if the cause is known. */
	nextStep?: string;
}

type Fault = Pick<ConnectionFault, 'words'> & Partial<ConnectionFault>;

const UNTRUSTED: Fault = {
	words: 'the certificate is not trusted',
	notSent: true,
	lasts: true,
	nextStep:
		'A proxy or firewall seems to replace certificates. Set NODE_EXTRA_CA_CERTS on the n8n host to its root certificate, then restart n8n.',
};
const EXPIRED: Fault = {
	words: 'the certificate is not valid now',
	notSent: true,
	lasts: true,
	nextStep:
		'Check the clock of the n8n host. If it is right, the server or a proxy in between needs a new certificate.',
};
const OTHER_HOST: Fault = {
	words: 'the certificate is for another host',
	notSent: true,
	lasts: true,
	nextStep:
		'Check the address. If it is right, a proxy or firewall answers in place of this host: ask its operator.',
};
const NO_TLS: Fault = {
	words: 'the TLS handshake failed',
	notSent: true,
	lasts: true,
	nextStep:
		'Check that the address and the proxy settings of the n8n host (HTTPS_PROXY) use the right port, and that the server there speaks https.',
};

/** Error codes of Node.js, and of axios for its time limit. */
const FAULTS: Record<string, Fault> = {
	ECONNREFUSED: { words: 'connection refused', notSent: true },
	ENOTFOUND: { words: 'host name not found', notSent: true },
	EAI_AGAIN: { words: 'host name could not be looked up', notSent: true },
	EHOSTUNREACH: { words: 'host unreachable', notSent: true },
	ENETUNREACH: { words: 'network unreachable', notSent: true },
	EADDRNOTAVAIL: { words: 'address not available', notSent: true },
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
	UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
	SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
	DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
	CERT_UNTRUSTED: UNTRUSTED,
	CERT_HAS_EXPIRED: EXPIRED,
	CERT_NOT_YET_VALID: EXPIRED,
	ERR_TLS_CERT_ALTNAME_INVALID: OTHER_HOST,
	EPROTO: { words: 'the TLS connection failed' },
	ECONNRESET: { words: 'connection reset' },
	EPIPE: { words: 'connection closed' },
	ETIMEDOUT: { words: 'no answer in time' },
	ECONNABORTED: { words: 'no answer in time' },
	ERR_CANCELED: { words: 'no answer in time' },
};

/** OpenSSL's words for failures of the handshake. It also reports later failures as EPROTO. */
const HANDSHAKE = /handshake|wrong version|unsupported protocol|packet length|http request/i;

/** Node.js reports a reset with these words if TLS was not ready. */
const BEFORE_TLS = /before secure TLS connection/i;

const levelSchema = z.object({
	code: z.string().optional().catch(undefined),
	syscall: z.string().optional().catch(undefined),
	message: z.string().catch(''),
	cause: z.unknown(),
	/** Of an AggregateError: one error for each address of the host. */
	errors: z.array(z.unknown()).catch([]),
	/** Of an AxiosError. Node.js sets `secureConnecting` until the TLS handshake is done. */
	request: z
		.object({
			socket: z
				.object({ secureConnecting: z.boolean().optional().catch(undefined) })
				.nullable()
				.optional()
				.catch(undefined),
		})
		.optional()
		.catch(undefined),
});
type Level = z.infer<typeof levelSchema>;

const MOST_LEVELS = 6;

/** The error and its causes, because n8n and axios wrap network errors. */
function levelsOf(error: unknown): Level[] {
	const levels: Level[] = [];
	let current = error;
	while (levels.length < MOST_LEVELS) {
		const { data: level } = levelSchema.safeParse(current);
		if (!level) break;
		levels.push(level);
		current = level.cause ?? level.errors[0];
	}
	return levels;
}

/** A request without a socket never had a connection: a proxy did not open its tunnel, for example. */
const neverConnected = ({ request }: Level): boolean =>
	request !== undefined && (request.socket === null || request.socket?.secureConnecting === true);

/**
 * Classifies the error of a request.
 * @param error thrown by n8n's request helper
 */
export function connectionFaultOf(error: unknown): ConnectionFault | undefined {
	const levels = levelsOf(error);
	const code = levels.find((level) => level.code !== undefined)?.code ?? '';
	const says = (words: RegExp) => levels.some(({ message }) => words.test(message));
	const known = Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
	if (code.startsWith('ERR_SSL_') || (code === 'EPROTO' && says(HANDSHAKE)))
		return { notSent: true, lasts: true, ...NO_TLS };
	if (known?.notSent) return { notSent: true, lasts: false, ...known };
	if (says(BEFORE_TLS))
		return {
			words: 'the connection was closed during the TLS handshake',
			notSent: true,
			lasts: false,
		};
	const isConnecting =
		levels.some(neverConnected) ||
		(known !== undefined && levels.some(({ syscall }) => syscall === 'connect'));
	if (isConnecting) return { words: 'no connection in time', notSent: true, lasts: false };
	return known && { notSent: false, lasts: false, ...known };
}
