/** Uploads: only to allowed hosts. A policy serves many files until shortly before it expires. */
import { Readable } from 'node:stream';
import type { IExecuteFunctions } from 'n8n-workflow';
import type { Model } from '../../../nodes/EmojiVideo/dashscope/client';
import type { UploadPolicy } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { createUploads } from '../../../nodes/EmojiVideo/media/upload';
import type { PortraitFile } from '../../../nodes/EmojiVideo/media/portraitFile';
import { fail, STOPPED } from '../../../nodes/EmojiVideo/base/result';
import { createVirtualClock } from '../support/virtualClock.mts';
import { createStop, neverStops } from '../../../nodes/EmojiVideo/base/stop';

const VALID_MS = 300_000;
const MODEL: Model = 'emoji-v1';
const EXPIRED =
	'<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>';

const file = (hash: string): PortraitFile => ({
	name: `${hash}.png`,
	hash,
	size: 4,
	format: 'png',
	headerBytes: 4,
	source: { kind: 'bytes', bytes: Buffer.from('file') },
});

const POLICY: UploadPolicy = {
	requestId: 'r',
	policy: 'policy-1',
	signature: 's',
	directory: 'd',
	host: 'https://storage.example.com',
	accessKeyId: 'i',
	acl: 'private',
	forbidOverwrite: 'true',
	maxBytes: 1000,
	validMs: VALID_MS,
};

/** DashScope issues a new policy for each request, and its storage host checks the policy's age. */
function createService(validMs = VALID_MS) {
	const clock = createVirtualClock();
	const issued: number[] = [];
	const used: number[] = [];
	let expired = 0;
	const client = {
		getUploadPolicy: async () => {
			issued.push(clock.now());
			return Promise.resolve({
				ok: true as const,
				value: {
					value: { ...POLICY, policy: `policy-${issued.length}`, validMs },
					raw: {},
				},
			});
		},
	};
	const httpRequest = async ({ body }: { body: Buffer }) => {
		const number = Number(/policy-(\d+)/.exec(body.toString())?.[1]);
		used.push(number);
		const isValid = number > expired && clock.now() < (issued[number - 1] ?? 0) + validMs;
		return Promise.resolve({
			statusCode: isValid ? 200 : 403,
			headers: {},
			body: Readable.from([Buffer.from(isValid ? '' : EXPIRED)]),
		});
	};
	const functions = { helpers: { httpRequest } } as unknown as IExecuteFunctions;
	const uploads = createUploads({
		functions,
		clock,
		client,
		stop: neverStops(),
		allowLoopback: false,
	});
	return {
		clock,
		used,
		put: async (hash: string) => await clock.until(uploads.addressOf(file(hash), MODEL)),
		/** Makes the storage host reject the policies issued so far. */
		expireAll: () => {
			expired = issued.length;
		},
	};
}

it('reuses a policy for the next file', async () => {
	const { put, used } = createService();
	await put('a');
	expect(await put('b')).toMatchObject({ ok: true });
	expect(used).toEqual([1, 1]);
});

it('requests a new policy once the old one has expired or is about to', async () => {
	for (const ms of [VALID_MS, VALID_MS - 30_000]) {
		const { put, used, clock } = createService();
		await put('a');
		await clock.advance(ms);
		expect(await put('b')).toMatchObject({ ok: true });
		expect(used).toEqual([1, 2]);
	}
});

it.each([
	['valid for 5 minutes', VALID_MS, VALID_MS - 60_000],
	['valid for a minute', 60_000, 30_000],
])(
	'uses a policy %s until its last minute or half its time, to the millisecond',
	async (_, validMs, usedMs) => {
		const { put, used, clock } = createService(validMs);
		await put('a');
		await clock.advance(usedMs - 1);
		await put('b');
		await clock.advance(1);
		await put('c');
		expect(used).toEqual([1, 1, 2]);
	},
);

it('replaces a policy that the storage host calls expired, whatever our clock says', async () => {
	const { put, used, expireAll } = createService();
	await put('a');
	expireAll();
	expect(await put('b')).toMatchObject({ ok: true });
	expect(used).toEqual([1, 1, 2]);
});

it('uploads a file once for several items', async () => {
	const { put, used } = createService();
	expect(await put('a')).toEqual(await put('a'));
	expect(used).toEqual([1]);
});

interface Sent {
	method: string;
	url: string;
	body: Buffer;
}

interface OneUpload {
	policy?: Partial<UploadPolicy>;
	/** The response instead of a policy. */
	refusal?: ReturnType<typeof fail>;
	portrait?: PortraitFile;
	allowLoopback?: boolean;
	userStop?: AbortSignal;
	status?: number;
	xml?: string;
	/** The connection breaks. */
	breaks?: boolean;
	/** The request fails with this error. */
	thrown?: Error;
}

/** Uploads one file to a storage host that responds like this. */
async function putOne({
	policy = {},
	refusal,
	portrait = file('a'),
	allowLoopback = false,
	userStop,
	status = 200,
	xml = '',
	breaks = false,
	thrown = breaks ? new Error('ECONNRESET') : undefined,
}: OneUpload) {
	const clock = createVirtualClock();
	const sent: Sent[] = [];
	let asked = 0;
	const client = {
		getUploadPolicy: async () => {
			asked++;
			return await Promise.resolve(
				refusal ?? { ok: true, value: { value: { ...POLICY, ...policy }, raw: {} } },
			);
		},
	};
	const httpRequest = async (request: Sent) => {
		sent.push(request);
		if (thrown) throw thrown;
		return await Promise.resolve({
			statusCode: status,
			headers: {},
			body: Readable.from([Buffer.from(xml)]),
		});
	};
	const functions = { helpers: { httpRequest } } as unknown as IExecuteFunctions;
	const tools = { functions, clock, client, allowLoopback, stop: createStop(userStop).stop };
	const result = await clock.until(createUploads(tools as never).addressOf(portrait, MODEL));
	return { result, sent, asked };
}

const NEXT_STEP =
	'Nothing was made or billed. Run again; if it fails again, put the portrait on a public https address and use Image URL.';

describe('the upload host of a policy', () => {
	it.each([
		['https://storage.example.com', false],
		['https://storage.example.com', true],
		['http://127.0.0.1:9', true],
		['https://localhost:9', true],
	])('may be %s (account on loopback: %s)', async (host, allowLoopback) => {
		const { result, sent } = await putOne({ policy: { host }, allowLoopback });
		expect(result.ok).toBe(true);
		expect(sent.map(({ url }) => url)).toEqual([`${host}/`]);
	});

	it.each([
		['http://storage.example.com', false],
		['http://storage.example.com', true],
		['https://10.0.0.1', false],
		['https://10.0.0.1', true],
		['http://127.0.0.1:9', false],
		['https://127.0.0.1:9', false],
		['https://user@storage.example.com', false],
		['https://:secret@storage.example.com', false],
		['ftp://storage.example.com', true],
		['no address', false],
		['no address', true],
	])('gets no file if it is %s (account on loopback: %s)', async (host, allowLoopback) => {
		const { result, sent } = await putOne({ policy: { host }, allowLoopback });
		expect(result).toEqual(
			fail({
				kind: 'rejected',
				message: `DashScope names "${host}" for uploads, which is not a public https address`,
				nextStep: NEXT_STEP,
			}),
		);
		expect(sent).toEqual([]);
	});
});

describe('a file to upload', () => {
	it('of exactly the policy limit is sent', async () => {
		const { result, sent } = await putOne({ policy: { maxBytes: 4 } });
		expect(result.ok).toBe(true);
		expect(sent).toHaveLength(1);
	});

	it('of one byte more than the policy limit is not sent', async () => {
		const { result, sent } = await putOne({ policy: { maxBytes: 3 } });
		expect(result).toEqual(
			fail({
				kind: 'rejected',
				message: '"a.png" is larger than DashScope\'s storage takes for this model',
				nextStep: NEXT_STEP,
			}),
		);
		expect(sent).toEqual([]);
	});

	it.each([
		['accepted', { status: 200 }],
		['rejected', { status: 403 }],
		['broken off', { breaks: true }],
	])("in n8n's storage is closed after the upload was %s", async (_, response) => {
		const opened: Readable[] = [];
		const open = async () => {
			const stream = new Readable({ read: () => undefined });
			opened.push(stream);
			return await Promise.resolve(stream);
		};
		await putOne({ ...response, portrait: { ...file('a'), source: { kind: 'stored', open } } });
		expect(new Set(opened.map(({ destroyed }) => destroyed))).toEqual(new Set([true]));
	});

	it('is sent with its policy fields, and a line break in one adds no field', async () => {
		const { sent } = await putOne({ policy: { signature: 'a\r\nb\nc' } });
		expect(sent[0]?.body.toString()).toContain('name="Signature"\r\n\r\nabc\r\n');
	});
});

describe('a response of the storage host', () => {
	const xml =
		'<Error><Code>Busy</Code><Message>Slow down.</Message><RequestId>r-1</RequestId></Error>';

	it.each([200, 204, 299])('with HTTP %i counts as uploaded', async (status) => {
		const { result } = await putOne({ status });
		expect(result).toMatchObject({
			ok: true,
			value: expect.stringMatching(/^oss:\/\/d\//) as string,
		});
	});

	it.each([
		[199, 'rejected'],
		[300, 'rejected'],
		[403, 'rejected'],
		[428, 'rejected'],
		[429, 'unavailable'],
		[430, 'rejected'],
		[499, 'rejected'],
		[500, 'unavailable'],
		[503, 'unavailable'],
	])('with HTTP %i is a failure of kind %s', async (httpStatus, kind) => {
		const { result, sent } = await putOne({ status: httpStatus, xml });
		expect(result).toEqual(
			fail({
				kind: kind as 'rejected' | 'unavailable',
				message: "DashScope's storage did not take the portrait",
				nextStep: NEXT_STEP,
				httpStatus,
				code: 'Busy',
				serviceMessage: 'Slow down.',
				requestId: 'r-1',
			}),
		);
		expect(sent.length > 1).toBe(kind === 'unavailable');
	});

	it('that never comes is a failure after several tries', async () => {
		const { result, sent } = await putOne({ breaks: true });
		expect(result).toEqual(
			fail({
				kind: 'noResponse',
				message: "The upload to DashScope's storage broke off",
				nextStep: NEXT_STEP,
			}),
		);
		expect(sent.length).toBeGreaterThan(1);
	});
});

it('an upload whose certificate is not trusted fails within two tries, with the setting to change', async () => {
	const error = Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
	const { result, sent } = await putOne({ thrown: error });
	expect(result).toMatchObject({
		failure: {
			kind: 'unreachable',
			lasts: true,
			message: "DashScope's storage could not be reached (the certificate is not trusted)",
			nextStep: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string,
		},
	});
	expect(sent.length).toBeLessThanOrEqual(2);
});

it('returns the failure of the policy request and uploads nothing', async () => {
	const refusal = fail({ kind: 'unauthorized', message: 'No such key', nextStep: 'x' });
	const { result, sent } = await putOne({ refusal });
	expect(result).toEqual(refusal);
	expect(sent).toEqual([]);
});

it('requests no policy after Stop', async () => {
	const { result, asked } = await putOne({ userStop: AbortSignal.abort() });
	expect(result).toEqual(fail(STOPPED));
	expect(asked).toBe(0);
});

it('an upload is the documented form, and its object name comes from the hash', async () => {
	const portrait = file('0123456789abcdef0123456789abcdef');
	const { result, sent } = await putOne({ portrait });
	expect(sent).toMatchObject([{ method: 'POST' }]);
	const body = String(sent[0]?.body);
	expect(body).toMatch(/name="success_action_status"\r\n\r\n200\r\n/);
	const name = /filename="([^"]+)"/.exec(body)?.[1];
	expect(name).toMatch(/^0123456789abcdef-[\da-f]{8}-[\da-f-]{27}\.png$/);
	expect(result).toEqual({ ok: true, value: `oss://d/${name}` });
});
