/**
 * A self-signed certificate for this machine, made anew by each call. Rule: no key is stored anywhere,
 * so that no machine trusts the certificate unless a test says so.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Certificate {
	/** PEM of the certificate, e.g. for `NODE_EXTRA_CA_CERTS`. */
	cert: string;
	/** PEM of its private key. */
	key: string;
}

const tags = {
	boolean: 0x01,
	integer: 0x02,
	bits: 0x03,
	octets: 0x04,
	id: 0x06,
	text: 0x0c,
	utcTime: 0x17,
	sequence: 0x30,
	set: 0x31,
	version: 0xa0,
	extensions: 0xa3,
	dnsName: 0x82,
	ipAddress: 0x87,
} as const;

function lengthOf(bytes: number): Buffer {
	if (bytes < 0x80) return Buffer.from([bytes]);
	const hex = bytes.toString(16);
	const octets = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
	return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

/** One element of DER (ITU-T X.690). */
function der(tag: keyof typeof tags, ...contents: Buffer[]): Buffer {
	const body = Buffer.concat(contents);
	return Buffer.concat([Buffer.from([tags[tag]]), lengthOf(body.length), body]);
}

/** Object identifiers in DER, by the names of RFC 5280 and RFC 5758. */
const id = (hex: string) => der('id', Buffer.from(hex, 'hex'));
const commonName = id('550403');
const subjectAltName = id('551d11');
const basicConstraints = id('551d13');
const ecdsaWithSha256 = der('sequence', id('2a8648ce3d040302'));

/** "YYMMDDhhmmssZ", which X.509 takes for the years before 2050. */
function utcTime(epochMs: number): Buffer {
	const digits = new Date(epochMs).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
	return der('utcTime', Buffer.from(`${digits}Z`));
}

const text = (words: string) => der('text', Buffer.from(words));
const isTrue = der('boolean', Buffer.from([0xff]));
const dayMs = 24 * 60 * 60 * 1000;

const pem = (label: string, bytes: Buffer): string =>
	`-----BEGIN ${label}-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;

/** A certificate for `localhost` and 127.0.0.1, valid from yesterday until tomorrow. */
export function createCertificate(): Certificate {
	const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
	const name = der('sequence', der('set', der('sequence', commonName, text('Mock of DashScope'))));
	const names = der(
		'sequence',
		der('dnsName', Buffer.from('localhost')),
		der('ipAddress', Buffer.from([127, 0, 0, 1])),
	);
	const extensions = der(
		'sequence',
		der('sequence', basicConstraints, isTrue, der('octets', der('sequence', isTrue))),
		der('sequence', subjectAltName, der('octets', names)),
	);
	const now = Date.now();
	const content = der(
		'sequence',
		der('version', der('integer', Buffer.from([2]))),
		// A serial number is positive, so its first bit is 0.
		der('integer', Buffer.from([1]), randomBytes(8)),
		ecdsaWithSha256,
		name,
		der('sequence', utcTime(now - dayMs), utcTime(now + dayMs)),
		name,
		publicKey.export({ type: 'spki', format: 'der' }),
		der('extensions', extensions),
	);
	const signature = sign('sha256', content, privateKey);
	const bits = der('bits', Buffer.from([0]), signature);
	return {
		cert: pem('CERTIFICATE', der('sequence', content, ecdsaWithSha256, bits)),
		key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
	};
}
