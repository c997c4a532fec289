/** The upload form, read back by Node.js' own `Response.formData()`. */
import { Readable } from 'node:stream';
import { openForm } from '../../../nodes/EmojiVideo/media/multipart';
import type { OpenForm } from '../../../nodes/EmojiVideo/media/multipart';
import type { FileStream, PortraitFile } from '../../../nodes/EmojiVideo/media/portraitFile';

const BYTES = Buffer.from('--not-the-boundary\r\n\0\u{1F600}\r\n');
const FIELDS = { policy: 'p', 'x-oss-object-acl': 'private', key: 'folder/a.png' };

const fileFrom = (source: PortraitFile['source']): PortraitFile => ({
	name: 'ada.png',
	hash: 'a',
	size: BYTES.length,
	format: 'png',
	headerBytes: 24,
	source,
});
const IN_MEMORY = fileFrom({ kind: 'bytes', bytes: BYTES });
const STORED = fileFrom({
	kind: 'stored',
	open: async () => await Promise.resolve(Readable.from([BYTES.subarray(0, 5), BYTES.subarray(5)])),
});

/** The form as a receiver sees it. */
const sentOf = ({ headers, body }: OpenForm) =>
	new Response(body as never, { headers: { 'Content-Type': headers['Content-Type'] } });

describe.each([
	['in memory', IN_MEMORY],
	["in n8n's storage", STORED],
])('a form with a file %s', (_, file) => {
	it('keeps the order of its fields and ends with the file', async () => {
		const form = await sentOf(await openForm(FIELDS, file, 'a.png')).formData();
		const sent = [...form.entries()];
		expect(sent.slice(0, -1)).toEqual(Object.entries(FIELDS));
		const [name, last] = sent.at(-1) ?? [];
		expect(name).toBe('file');
		if (!(last instanceof File)) throw new Error('The last field is no file');
		expect(last.name).toBe('a.png');
		expect(last.type).toBe('image/png');
		expect(Buffer.from(await last.arrayBuffer())).toEqual(BYTES);
	});

	it('has exactly the length that its header states', async () => {
		const form = await openForm(FIELDS, file, 'a.png');
		const sent = await sentOf(form).arrayBuffer();
		expect(String(sent.byteLength)).toBe(form.headers['Content-Length']);
	});
});

it('every form has a boundary of its own', async () => {
	const types = await Promise.all(
		[1, 2].map(async () => (await openForm(FIELDS, IN_MEMORY, 'a.png')).headers['Content-Type']),
	);
	expect(types[0]).toMatch(/^multipart\/form-data; boundary=emoji-video-[\da-f-]{36}$/);
	expect(types[0]).not.toBe(types[1]);
});

it('a form that is closed before it is read closes its file', async () => {
	const stream: FileStream = Readable.from([BYTES]);
	const form = await openForm(
		FIELDS,
		fileFrom({ kind: 'stored', open: async () => await Promise.resolve(stream) }),
		'a.png',
	);
	form.close();
	expect(stream.destroyed).toBe(true);
});
