/** Errors of a connection, in the shapes that n8n 2.40.7 throws. "Not sent" needs a proof. */
import { connectionFaultOf } from '../../../nodes/EmojiVideo/base/connectionFaults';

/** As n8n throws it: its own error around that of axios around that of Node.js. */
const thrown = (node: object, axios: object = {}) => ({
	message: 'The connection failed',
	httpCode: 'X',
	cause: { ...node, ...axios, cause: node },
});

const socketThat = (secureConnecting: boolean) => ({ request: { socket: { secureConnecting } } });

describe('an error of the time before the request', () => {
	it.each([
		['ECONNREFUSED', 'connection refused'],
		['ENOTFOUND', 'host name not found'],
		['EAI_AGAIN', 'host name could not be looked up'],
		['EHOSTUNREACH', 'host unreachable'],
		['ENETUNREACH', 'network unreachable'],
		['EADDRNOTAVAIL', 'address not available'],
	])('%s proves that nothing was sent, and can pass', (code, words) =>
		expect(connectionFaultOf(thrown({ code, message: 'm' }))).toEqual({
			words,
			notSent: true,
			lasts: false,
		}),
	);

	it.each([
		['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /not trusted/, /NODE_EXTRA_CA_CERTS/],
		['SELF_SIGNED_CERT_IN_CHAIN', /not trusted/, /NODE_EXTRA_CA_CERTS/],
		['DEPTH_ZERO_SELF_SIGNED_CERT', /not trusted/, /NODE_EXTRA_CA_CERTS/],
		['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /not trusted/, /NODE_EXTRA_CA_CERTS/],
		['CERT_HAS_EXPIRED', /not valid now/, /clock/],
		['ERR_TLS_CERT_ALTNAME_INVALID', /another host/, /address/],
		['ERR_SSL_WRONG_VERSION_NUMBER', /TLS handshake/, /port/],
	])('%s names its cause and what to do, and stays', (code, words, nextStep) =>
		expect(connectionFaultOf(thrown({ code, message: 'm' }))).toEqual({
			words: expect.stringMatching(words) as string,
			notSent: true,
			lasts: true,
			nextStep: expect.stringMatching(nextStep) as string,
		}),
	);

	it.each([
		'write EPROTO 80DC:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:x.c',
		'write EPROTO 80DC:error:0A000410:SSL routines::sslv3 alert handshake failure:x.c',
	])('EPROTO with the words "%s" is a failed handshake', (message) =>
		expect(connectionFaultOf(thrown({ code: 'EPROTO', syscall: 'write', message }))).toMatchObject({
			words: 'the TLS handshake failed',
			notSent: true,
			lasts: true,
		}),
	);

	it('a reset before TLS was ready proves that nothing was sent', () =>
		expect(
			connectionFaultOf(
				thrown({
					code: 'ECONNRESET',
					message:
						'Client network socket disconnected before secure TLS connection was established',
				}),
			),
		).toMatchObject({
			words: 'the connection was closed during the TLS handshake',
			notSent: true,
		}));
});

describe('a connection that was never made', () => {
	it.each([
		['of the system while connecting', { code: 'ETIMEDOUT', syscall: 'connect', message: 'm' }, {}],
		[
			'of all addresses of a host',
			{ code: 'ETIMEDOUT', errors: [{ code: 'ETIMEDOUT', syscall: 'connect', message: 'm' }] },
			{},
		],
		['during the TLS handshake', { message: 'm' }, { code: 'ECONNABORTED', ...socketThat(true) }],
		[
			'before a proxy opened its tunnel',
			{ message: 'm' },
			{ code: 'ECONNABORTED', request: { socket: null } },
		],
		['cut by the node before TLS', { message: 'm' }, { code: 'ERR_CANCELED', ...socketThat(true) }],
	])('is known by a time limit %s', (_, node, axios) =>
		expect(connectionFaultOf(thrown(node, axios))).toEqual({
			words: 'no connection in time',
			notSent: true,
			lasts: false,
		}),
	);
});

describe('an error that proves nothing', () => {
	it.each([
		['ECONNRESET', { message: 'socket hang up' }, 'connection reset'],
		['EPIPE', { message: 'm' }, 'connection closed'],
		['ETIMEDOUT', { syscall: 'read', message: 'm' }, 'no answer in time'],
		['ECONNABORTED', { message: 'm', ...socketThat(false) }, 'no answer in time'],
		['ECONNABORTED', { message: 'm', request: {} }, 'no answer in time'],
		['EPROTO', { message: 'bad record mac' }, 'the TLS connection failed'],
	])('%s with %j may have been sent', (code, more, words) =>
		expect(connectionFaultOf(thrown({ code, ...more }))).toEqual({
			words,
			notSent: false,
			lasts: false,
		}),
	);

	it.each([
		[undefined],
		[null],
		['ECONNREFUSED'],
		[new Error('x')],
		[{ code: 7 }],
		[{ code: 'E_X' }],
	])('%j has no known cause', (error) => expect(connectionFaultOf(error)).toBeUndefined());

	it('an unknown code before a known one hides it', () =>
		expect(connectionFaultOf({ code: 'E_X', cause: { code: 'ECONNREFUSED' } })).toBeUndefined());

	it('an error that is its own cause ends the search', () => {
		const circle: { cause?: unknown } = {};
		circle.cause = circle;
		expect(connectionFaultOf(circle)).toBeUndefined();
	});
});
