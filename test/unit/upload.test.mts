/** Upload policies: used for many files while they are valid, and not one moment longer. */
import { Readable } from 'node:stream';
import type { IExecuteFunctions } from 'n8n-workflow';
import type { Model } from '../../nodes/EmojiVideo/dashscope/client';
import { createUploads } from '../../nodes/EmojiVideo/media/upload';
import type { PortraitFile } from '../../nodes/EmojiVideo/media/portraitFile';
import { createVirtualClock } from './virtualClock.mts';

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

/** The service gives a new policy each time it is asked; its storage host looks at their age. */
function createService() {
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
					value: {
						policy: `policy-${issued.length}`,
						signature: 's',
						directory: 'd',
						host: 'https://storage.example.com',
						accessKeyId: 'i',
						acl: 'private',
						forbidOverwrite: 'true',
						maxBytes: 1000,
						validMs: VALID_MS,
					},
					raw: {},
				},
			});
		},
	};
	const httpRequest = async ({ body }: { body: Buffer }) => {
		const number = Number(/policy-(\d+)/.exec(body.toString())?.[1]);
		used.push(number);
		const isValid = number > expired && clock.now() < (issued[number - 1] ?? 0) + VALID_MS;
		return Promise.resolve({
			statusCode: isValid ? 200 : 403,
			headers: {},
			body: Readable.from([Buffer.from(isValid ? '' : EXPIRED)]),
		});
	};
	const functions = { helpers: { httpRequest } } as unknown as IExecuteFunctions;
	const uploads = createUploads({ functions, clock, client, allowLoopback: false } as never);
	return {
		clock,
		used,
		put: async (hash: string) => await clock.until(uploads.addressOf(file(hash), MODEL)),
		/** To the storage host, what was issued by now is too old. */
		expireAll: () => {
			expired = issued.length;
		},
	};
}

it('uses a policy again for the next file', async () => {
	const { put, used } = createService();
	await put('a');
	expect(await put('b')).toMatchObject({ ok: true });
	expect(used).toEqual([1, 1]);
});

it('asks for a new one when the old one has run out, or is about to', async () => {
	for (const ms of [VALID_MS, VALID_MS - 30_000]) {
		const { put, used, clock } = createService();
		await put('a');
		await clock.advance(ms);
		expect(await put('b')).toMatchObject({ ok: true });
		expect(used).toEqual([1, 2]);
	}
});

it('drops one that the storage host calls expired, whatever our clock says', async () => {
	const { put, used, expireAll } = createService();
	await put('a');
	expireAll();
	expect(await put('b')).toMatchObject({ ok: true });
	expect(used).toEqual([1, 1, 2]);
});
