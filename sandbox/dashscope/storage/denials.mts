/** The storage's refusals to hand an object out, in the words of OSS. */
import type { OssError } from './xml.mts';

export const denials = {
	missing: { status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' },
	unsigned: {
		status: 403,
		code: 'AccessDenied',
		message: 'You have no right to access this object because of bucket acl.',
	},
	wrong: {
		status: 403,
		code: 'SignatureDoesNotMatch',
		message:
			'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
	},
	expired: { status: 403, code: 'AccessDenied', message: 'Request has expired.' },
} as const satisfies Record<string, OssError>;
