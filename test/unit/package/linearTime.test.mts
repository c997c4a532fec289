/**
 * Any text that enters the package may be a megabyte long. Ten times the text takes about ten times the work,
 * never a hundred times. Measured as CPU time of this process, so that a busy machine does not count.
 */
import { cpuUsage } from 'node:process';
import { failureOfResponse } from '../../../nodes/EmojiVideo/dashscope/errors';
import { accountOf } from '../../../nodes/EmojiVideo/dashscope/endpoint';
import { uploadPolicySchema } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { lastSegment, ownFileName, videoFileName } from '../../../nodes/EmojiVideo/media/fileNames';
import { checkPortrait } from '../../../nodes/EmojiVideo/media/portraitCheck';
import { readPortraitFile } from '../../../nodes/EmojiVideo/media/portraitFile';
import { isPrivate } from '../../../nodes/EmojiVideo/net/publicHosts';
import { areaValue } from '../../../nodes/EmojiVideo/parameters/faceAreas';
import {
	dateValue,
	modelValue,
	statusValue,
} from '../../../nodes/EmojiVideo/parameters/listFilters';
import { imageUrlValue } from '../../../nodes/EmojiVideo/parameters/portrait';
import { shown } from '../../../nodes/EmojiVideo/parameters/schemas';
import { taskIdsValue } from '../../../nodes/EmojiVideo/parameters/taskIds';
import { templatesValue } from '../../../nodes/EmojiVideo/parameters/templates';

const MEGABYTE = 1_000_000;

/** Parts that, repeated, make a pattern backtrack. */
const REPEATED = [
	'-',
	' ',
	'.',
	'/',
	'\\',
	'[',
	'],',
	'a',
	'a,',
	', ',
	'\ud83d\ude00',
	'é',
	'%20',
	'\n',
	'<',
	'(',
];

const textOf = (part: string, bytes: number) => `x${part.repeat(bytes / part.length)}x`;

/** Every function that reads a text of a user, of a file or of the service. */
const READERS: Record<string, (text: string) => unknown> = {
	'a file name of the user': (text) => ownFileName(text, text),
	'a portrait file name': (text) => videoFileName({ imageFile: text }, text, text),
	'the address of a portrait': (text) => videoFileName({ imageUrl: `https://a.b/${text}` }, '', ''),
	'the last segment of an address': (text) => lastSegment(`https://a.b/${text}`),
	"a portrait's name in a message": (text) => checkPortrait(Buffer.alloc(1), { name: text }),
	'a host': (text) => URL.canParse(`http://${text}/`) && isPrivate(new URL(`http://${text}/`)),
	'Image URL': (text) => imageUrlValue(false).safeParse(`https://a.b/${text}`),
	'Image URL, which is none': (text) => imageUrlValue(false).safeParse(text),
	'Task IDs': (text) => taskIdsValue.safeParse(text),
	Templates: (text) => templatesValue.safeParse(text),
	'Templates as JSON': (text) => templatesValue.safeParse(`[${text}`),
	'Face Area': (text) => areaValue('Face Area').safeParse(text),
	'Created After': (text) => dateValue('Created After', 'UTC').safeParse(text),
	Model: (text) => modelValue.safeParse(text),
	Status: (text) => statusValue.safeParse(text),
	'Custom URL': (text) =>
		accountOf({ apiKey: 'k', endpoint: 'custom', customUrl: `https://a.b/${text}` }),
	'Workspace ID': (text) => accountOf({ apiKey: 'k', endpoint: 'workspace', workspaceId: text }),
	'API Key': (text) => accountOf({ apiKey: text, endpoint: 'beijing' }),
	"an error's words": (text) =>
		failureOfResponse(400, { code: text, message: text, request_id: text }),
	'an upload policy': (text) =>
		uploadPolicySchema.safeParse({
			request_id: 'r',
			data: {
				policy: text,
				signature: text,
				upload_dir: text,
				upload_host: `https://a.b/${text}`,
				expire_in_seconds: 300,
				max_file_size_mb: 100,
				oss_access_key_id: text,
				x_oss_object_acl: text,
				x_oss_forbid_overwrite: text,
			},
		}),
	'a value in a message': (text) => shown([text, { text }]),
};

function cpuMs(work: () => unknown): number {
	const before = cpuUsage();
	work();
	const { user, system } = cpuUsage(before);
	return (user + system) / 1000;
}

/** The allowance for other work of this process, e.g. collecting garbage. */
const BESIDE_MS = 400;
/** A megabyte may not block n8n's other work for longer. */
const MOST_MS = 2000;

it.each(Object.entries(READERS))('reading %s takes time in proportion to its length', (_, read) => {
	for (const part of REPEATED) {
		read(textOf(part, MEGABYTE / 100));
		const small = cpuMs(() => read(textOf(part, MEGABYTE / 10)));
		const large = cpuMs(() => read(textOf(part, MEGABYTE)));
		const isLinear = large <= 40 * small + BESIDE_MS;
		expect({ part, small, large, isLinear, isShort: large <= MOST_MS }).toMatchObject({
			isLinear: true,
			isShort: true,
		});
	}
});

it('reading a file byte by byte takes time in proportion to its length', async () => {
	const cost = async (bytes: number) => {
		const before = cpuUsage();
		const pieces = Array.from({ length: bytes }, () => Buffer.from([0x42]));
		const helpers = {
			getBinaryStream: async () => await Promise.resolve(pieces),
			getBinaryMetadata: async () => await Promise.resolve({ fileSize: bytes }),
		};
		await readPortraitFile({ id: 'x', data: '', mimeType: '' }, 'x', helpers as never);
		const { user, system } = cpuUsage(before);
		return (user + system) / 1000;
	};
	await cost(6_000);
	expect(await cost(60_000)).toBeLessThan(40 * (await cost(6_000)) + BESIDE_MS);
});
