/** The source of a portrait: a URL or one of the item's files. */
import type { IBinaryData } from 'n8n-workflow';
import { portraitForm } from '../../../nodes/EmojiVideo/parameters/portrait';
import { formOf, refusal } from '../support/formSource.mts';

const URL_ADVICE = 'Use a public http or https address of a JPEG, PNG, BMP or WEBP image.';

describe('a portrait at a URL', () => {
	const imageUrl = 'https://example.com/a.png';

	it('is the default source', () => {
		expect(portraitForm(formOf({ imageUrl }))).toEqual({
			ok: true,
			value: { kind: 'url', imageUrl, checkFirst: false },
		});
	});

	it('is inspected first if Check Image First is on', () => {
		const fields = { imageSource: 'url', imageUrl, 'portraitOptions.checkImage': true };
		expect(portraitForm(formOf(fields))).toEqual({
			ok: true,
			value: { kind: 'url', imageUrl, checkFirst: true },
		});
	});

	it('may have wide Chinese spaces around its URL', () => {
		expect(portraitForm(formOf({ imageUrl: `\u3000${imageUrl}\u3000` }))).toMatchObject({
			value: { imageUrl },
		});
	});

	it('may be on this machine only if the account is', () => {
		const fields = { imageUrl: 'http://127.0.0.1:3000/a.png' };
		expect(portraitForm(formOf(fields, { allowLoopback: true }))).toMatchObject({ ok: true });
		expect(portraitForm(formOf(fields))).toEqual(
			refusal(
				'Image URL "http://127.0.0.1:3000/a.png" leads into a private network, where DashScope cannot download it',
				URL_ADVICE,
			),
		);
	});

	it.each<[Record<string, unknown>, string, string]>([
		[{}, 'Image URL is empty', URL_ADVICE],
		[{ imageUrl: 42 }, 'Image URL "42" is not text', URL_ADVICE],
		[
			{ imageUrl: [imageUrl, imageUrl] },
			'Image URL "["https://example.com/a.png","https://example.com/a.png"]" is not text',
			'Use one public http or https address per item: Split Out makes items of a list.',
		],
		[
			{ imageUrl: '{{ $json.url }}' },
			'Image URL "{{ $json.url }}" is not an address',
			'Switch the field from Fixed to Expression, so that n8n fills in {{ }}.',
		],
		[
			{ imageUrl: '<https://example.com/a.png>' },
			'Image URL "<https://example.com/a.png>" is not an address',
			'Remove the angle brackets around the address.',
		],
		[
			{ imageUrl: '[me](https://example.com/a.png)' },
			'Image URL "[me](https://example.com/a.png)" is not an address',
			'Use only the address between the parentheses, without the text in brackets.',
		],
		[
			{ imageUrl: 'https://drive.google.com/file/d/1AbC/view' },
			'Image URL "https://drive.google.com/file/d/1AbC/view" is a Google Drive page, not an image',
			"Download the file with n8n's Google Drive node and set Image Source to Binary File.",
		],
		[
			{ imageUrl: 'https://www.dropbox.com/s/abc/me.jpg?dl=0' },
			'Image URL "https://www.dropbox.com/s/abc/me.jpg?dl=0" is a Dropbox page, not an image',
			"End the URL with raw=1 instead of dl=0, or download the file with n8n's Dropbox node and set Image Source to Binary File.",
		],
		[
			{ imageUrl: 'ftp://example.com/a.png' },
			'Image URL "ftp://example.com/a.png" is neither http nor https',
			URL_ADVICE,
		],
		[
			{ imageUrl, 'portraitOptions.checkImage': 'please' },
			'Check Image First "please" is neither on nor off',
			'Use true or false for Check Image First.',
		],
		[
			{ imageUrl, imageSource: 'camera' },
			'Image Source "camera" is unknown',
			'Use "url" or "binary".',
		],
	])('is rejected for %j', (fields, message, nextStep) => {
		expect(portraitForm(formOf(fields))).toEqual(refusal(message, nextStep));
	});
});

describe('a portrait in a file of the item', () => {
	const photo = { data: 'AAAA', mimeType: 'image/png' } as IBinaryData;
	const files: Record<string, IBinaryData> = { photo, other: { ...photo, data: 'BBBB' } };
	/** Like n8n's helper, it throws if there is no such field, and accepts a file itself. */
	const file = (field: unknown): IBinaryData => {
		if (field === photo) return photo;
		const found = files[String(field)];
		if (!found) throw new Error('n8n says so');
		return found;
	};
	const item = (inputField: unknown, more = {}) =>
		portraitForm(
			formOf(
				{ imageSource: 'binary', inputField },
				{ file, fileFields: ['photo', 'other'], ...more },
			),
		);

	it.each(['photo', ' photo\n'])('is read from the field %j', (inputField) => {
		expect(item(inputField)).toEqual({
			ok: true,
			value: { kind: 'file', file: photo, fallbackName: inputField },
		});
	});

	it('may be the file itself, by expression', () => {
		expect(item(photo)).toEqual({
			ok: true,
			value: { kind: 'file', file: photo, fallbackName: 'portrait' },
		});
	});

	const FIELDS = 'Use a binary field of this item: photo, other.';

	it.each(['', '  ', null, undefined])('is rejected if the field name is %j', (inputField) => {
		expect(item(inputField)).toEqual(refusal('Input Data Field Name is empty', FIELDS));
	});

	it.each([
		['data', 'data'],
		[' data ', 'data'],
		[7, '7'],
	])(
		'is rejected for the field %j, and the failure names the fields of the item',
		(inputField, shown) => {
			expect(item(inputField)).toEqual(
				refusal(`Input Data Field Name "${shown}": the item has no such binary field`, FIELDS),
			);
		},
	);

	it('is rejected if the item has no files', () => {
		expect(item('data', { fileFields: [] })).toEqual(
			refusal(
				'Input Data Field Name "data": the item has no such binary field',
				'The item has no binary data: connect a node that outputs a file, or set Image Source to Image URL.',
			),
		);
	});

	it('is rejected if the node gets no files', () => {
		expect(item('photo', { file: undefined })).toMatchObject({
			ok: false,
			failure: { message: 'Input Data Field Name "photo": the item has no such binary field' },
		});
	});
});
