/** Values of the form: every rejection names the field, the value and the allowed values. */
import { validate } from '../../../nodes/EmojiVideo/parameters/read';
import { fieldNameValue } from '../../../nodes/EmojiVideo/parameters/delivery';
import { hintAboutAreas } from '../../../nodes/EmojiVideo/dashscope/areas';
import { areasValue, areaValue } from '../../../nodes/EmojiVideo/parameters/faceAreas';
import { imageUrlValue } from '../../../nodes/EmojiVideo/parameters/portrait';
import { numberValue } from '../../../nodes/EmojiVideo/parameters/schemas';
import { taskIdsValue } from '../../../nodes/EmojiVideo/parameters/taskIds';
import { templatesValue } from '../../../nodes/EmojiVideo/parameters/templates';
import type { Result } from '../../../nodes/EmojiVideo/base/result';

const refused = (message: string | RegExp, nextStep: RegExp) => ({
	ok: false,
	failure: {
		kind: 'invalid',
		message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
		nextStep: expect.stringMatching(nextStep) as string,
	},
});

const good = <T,>(value: T): Result<T> => ({ ok: true, value });

describe('Image URL', () => {
	const url = (value: unknown, allowLoopback = false) =>
		validate(imageUrlValue(allowLoopback), value);

	it.each([
		['https://example.com/a.png', 'https://example.com/a.png'],
		['  http://example.com/a.png\n', 'http://example.com/a.png'],
		['https://example.com/表情.png', 'https://example.com/%E8%A1%A8%E6%83%85.png'],
		[
			'https://example.com/a.png?Expires=1&Signature=a%2Bb',
			'https://example.com/a.png?Expires=1&Signature=a%2Bb',
		],
	])('accepts %j', (value, href) => {
		expect(url(value)).toEqual(good(href));
	});

	it.each(['', '  ', null, undefined])('rejects %j as empty', (value) => {
		expect(url(value)).toEqual(refused('Image URL is empty', /public http or https/));
	});

	it.each([
		['portrait.png', 'Image URL "portrait.png" is not an address'],
		['file:///home/a.png', 'Image URL "file:///home/a.png" is neither http nor https'],
		['data:image/png;base64,AA', 'Image URL "data:image/png;base64,AA" is neither http nor https'],
		['ftp://example.com/a.png', 'Image URL "ftp://example.com/a.png" is neither http nor https'],
		[
			'http://localhost/a.png',
			/^Image URL "http:\/\/localhost\/a.png" leads into a private network/,
		],
		['http://10.0.0.5/a.png', /^Image URL "http:\/\/10.0.0.5\/a.png" leads into a private network/],
		['http://167772165/a.png', /leads into a private network/],
		['http://[::1]/a.png', /leads into a private network/],
		[42, 'Image URL "42" is not text'],
		[['https://example.com/a.png'], /is not text$/],
		[{ url: 'https://example.com/a.png' }, /is not text$/],
	])('rejects %j by name', (value, message) => {
		expect(url(value)).toEqual(refused(message, /public http or https/));
	});

	it('may be on this machine if the account is, but on no other private host', () => {
		expect(url('http://127.0.0.1:3000/a.png', true)).toEqual(good('http://127.0.0.1:3000/a.png'));
		expect(url('http://10.0.0.5/a.png', true)).toMatchObject({ ok: false });
		expect(url('file:///a.png', true)).toMatchObject({ ok: false });
	});

	it('is cut in a message if it is very long', () => {
		const result = url(`data:image/png;base64,${'A'.repeat(100_000)}`);
		expect(JSON.stringify(result).length).toBeLessThan(500);
	});
});

describe.each(['Face Area', 'Expression Area'])('%s', (label) => {
	const area = (value: unknown) => validate(areaValue(label), value);

	it.each([
		['[212, 194, 460, 441]'],
		['[212,194,460,441]'],
		[' 212, 194, 460, 441 '],
		['212,194,460,441'],
		['["212", "194", "460", "441"]'],
		[[212, 194, 460, 441]],
		[['212', '194', '460', '441']],
	])('accepts %j', (value) => {
		expect(area(value)).toEqual(good([212, 194, 460, 441]));
	});

	it('may begin at the corner of the image', () => {
		expect(area('0,0,1,1')).toEqual(good([0, 0, 1, 1]));
	});

	it.each(['', ' ', null, undefined])('rejects %j as empty', (value) => {
		expect(area(value)).toEqual(refused(`${label} is empty`, /four whole numbers/));
	});

	it.each([
		['212, 194, 460'],
		['1, 2, 3, 4, 5'],
		['212.5, 194, 460, 441'],
		['-1, 0, 10, 10'],
		['a, b, c, d'],
		['[a, b, c, d]'],
		['1e2, 1, 200, 200'],
		['0x10, 1, 200, 200'],
		['{"x1": 1}'],
		['[1, 2, 3'],
		[[1, 2, 3]],
		[[1.5, 2, 3, 4]],
		[[-1, 2, 3, 4]],
		[[1, 2, 3, null]],
		[[Number.NaN, 2, 3, 4]],
		[[1, 2, 3, Infinity]],
		[42],
		[{ x1: 1 }],
		[true],
	])('rejects %j by name and value', (value) => {
		const result = area(value);
		expect(result).toEqual(
			refused(/is not four whole numbers of 0 or more$/, /\[x1, y1, x2, y2\]/),
		);
		const first = /\d+(\.\d+)?|[a-z]+/.exec(JSON.stringify(value))?.[0] ?? '';
		const message = result.ok ? '' : result.failure.message;
		expect(message.startsWith(`${label} "`) && message.includes(first)).toBe(true);
	});

	it.each(['10, 10, 10, 20', '10, 10, 20, 10', '20, 10, 10, 20', '10, 20, 20, 10'])(
		'rejects %j, whose corners are not top-left and bottom-right',
		(value) => {
			expect(area(value)).toEqual(
				refused(
					`${label} "${value}" is empty: x2 must be larger than x1, and y2 than y1`,
					/top-left/,
				),
			);
		},
	);
});

describe('both face areas', () => {
	const areas = (face: unknown, expression: unknown) => validate(areasValue, { face, expression });

	it('of the documented example are accepted', () => {
		expect(areas('[212,194,460,441]', [63, 30, 609, 575])).toEqual(
			good({ face: [212, 194, 460, 441], expression: [63, 30, 609, 575] }),
		);
	});

	it('may be the same', () => {
		expect(areas('0,0,10,10', '0,0,10,10')).toMatchObject({ ok: true });
	});

	it.each([
		['0,0,10,10', '0,0,100,1000', /100 x 1000 pixels; DashScope asks for about square/],
		['0,0,10,10', '0,0,126,100', /126 x 100 pixels/],
		['9,20,30,40', '10,10,110,110', /does not enclose/],
		['20,9,30,40', '10,10,110,110', /does not enclose/],
		['20,20,111,40', '10,10,110,110', /does not enclose/],
		['20,20,30,111', '10,10,110,110', /does not enclose/],
	])(
		'%s and %s are sent with a hint, because the bounds are not documented',
		(face, around, words) => {
			const read = areas(face, around);
			expect(read.ok && hintAboutAreas(read.value)).toMatch(words);
		},
	);

	it.each([
		['0,0,10,10', '0,0,125,100'],
		['0,0,10,10', '0,0,100,125'],
		['0,0,10,10', '0,0,10,10'],
	])('%s and %s are sent without a hint', (face, around) => {
		const read = areas(face, around);
		expect(read.ok && hintAboutAreas(read.value)).toBeUndefined();
	});

	it('are rejected by the name of the wrong one', () => {
		expect(areas('', '0,0,10,10')).toEqual(refused('Face Area is empty', /Detect Face/));
		expect(areas('0,0,10,10', 'x')).toEqual(refused(/^Expression Area "x"/, /Detect Face/));
	});
});

describe('Templates', () => {
	const templates = (value: unknown) => validate(templatesValue, value);

	it.each([
		[['mengwa_kaixin', 'jingdian_lei']],
		['mengwa_kaixin, jingdian_lei'],
		['mengwa_kaixin,jingdian_lei,'],
		['["mengwa_kaixin", "jingdian_lei"]'],
		['[mengwa_kaixin, jingdian_lei]'],
	])('accepts %j', (value) => {
		expect(templates(value)).toEqual(good(['mengwa_kaixin', 'jingdian_lei']));
	});

	it.each(['mengwa_kaixin', ' jingdian_deyi_1 ', 'newer_than_this_package_2'])(
		'accepts %j alone, known or not',
		(value) => {
			expect(templates(value)).toEqual(good([value.trim()]));
		},
	);

	it.each([
		['Cute Kid: Happy, Worker: Smile', ['mengwa_kaixin', 'dagong_weixiao']],
		['萌娃开心，微笑、困；累', ['mengwa_kaixin', 'dagong_weixiao', 'mengwa_kun_1', 'jingdian_lei']],
		['萌娃开心、微笑', ['mengwa_kaixin', 'dagong_weixiao']],
		['smile\ntired\n', ['dagong_weixiao', 'jingdian_lei']],
		[
			['Cute Kid: Happy (mengwa_kaixin)', 'jingdian_lei'],
			['mengwa_kaixin', 'jingdian_lei'],
		],
	])('accepts the names in %j', (value, ids) => {
		expect(templates(value)).toEqual(good(ids));
	});

	it('counts a template that is named twice once, because each is paid for', () => {
		expect(templates('smile, Worker: Smile, dagong_weixiao')).toEqual(good(['dagong_weixiao']));
	});

	it.each(['', '  ', [], '[]', [''], null, undefined, ','])('rejects %j as empty', (value) => {
		expect(templates(value)).toEqual(refused('Templates is empty', /Choose from the list/));
	});

	it('rejects a name that fits several templates, and lists them', () => {
		expect(templates('Smile, Happy')).toEqual(
			refused(
				'Templates: "Happy" fits several templates',
				/^Use one of "Cute Kid: Happy \(mengwa_kaixin\)", "Worker: Happy \(dagong_kaixin\)"\.$/,
			),
		);
	});

	it('rejects an unknown name, and lists similar ones', () => {
		expect(templates('Cute Kid: Smile')).toEqual(
			refused(
				'Templates: "Cute Kid: Smile" is not a template',
				/^Use one of "Worker: Smile \(dagong_weixiao\)"\.$/,
			),
		);
	});

	it.each([
		['mengwa_kaixin, a/b', 'a/b'],
		['../etc', '../etc'],
		['<b>', '<b>'],
		[['mengwa_kaixin', 5], '5'],
		[7, '7'],
		[{ id: 'mengwa_kaixin' }, '{"id":"mengwa_kaixin"}'],
		['a'.repeat(65), 'a'.repeat(65)],
	])('rejects %j by name and value, and lists all templates', (value, shown) => {
		expect(templates(value)).toEqual(
			refused(
				`Templates: "${shown}" is not a template`,
				/"Cute Kid: Happy \(mengwa_kaixin\)".*"Classic: Tired \(jingdian_lei\)"/,
			),
		);
	});
});

describe('Task IDs', () => {
	const taskIds = (value: unknown) => validate(taskIdsValue, value);

	it.each(['0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10', ' abc_1 ', 'a'.repeat(128)])(
		'accepts %j',
		(value) => {
			expect(taskIds([value])).toEqual(good([value.trim()]));
		},
	);

	it.each(['', ' ', ' , ', null, undefined, [], [' ']])('rejects %j as empty', (value) => {
		expect(taskIds(value)).toEqual(refused('Task IDs is empty', /taskId of a Create item/));
	});

	it.each(['a b', 'a/b', '../models', 'a?b', 'a#b', 'a%2Fb', 'a\nb', 'ａ', 'a'.repeat(129)])(
		'rejects %j by name and value',
		(value) => {
			expect(taskIds([value])).toEqual(
				refused(/^Task IDs: ".* is not a task ID: only letters, digits and hyphens$/s, /taskId/),
			);
		},
	);

	it('rejects values that are not text', () => {
		for (const value of [42, [['a']], { taskId: 42 }, true]) {
			expect(taskIds(value)).toMatchObject({ ok: false });
		}
	});
});

describe('a number field', () => {
	const interval = (value: unknown) =>
		validate(numberValue('Poll Interval', 1, 300, 'seconds'), value);

	it.each([
		[1, 1],
		[300, 300],
		['15', 15],
		[0.5 + 1, 1.5],
	])('accepts %j', (value, number) => {
		expect(interval(value)).toEqual(good(number));
	});

	it.each([0, 301, -1, '', ' ', 'soon', Number.NaN, Infinity, null, true, [15]])(
		'rejects %j by name, with the limits',
		(value) => {
			expect(interval(value)).toEqual(
				refused(/^Poll Interval ".*" is not possible$/, /^Use 1 to 300 seconds\.$/),
			);
		},
	);
});

describe('Output Data Field Name', () => {
	it.each(['data', ' video_1 ', 'my-video'])('accepts %j', (value) => {
		expect(validate(fieldNameValue, value)).toEqual(good(value.trim()));
	});

	it.each(['', 'a b', 'a.b', 'a[0]', 'a'.repeat(65), 5, null])('rejects %j by name', (value) => {
		expect(validate(fieldNameValue, value)).toEqual(
			refused(/^Output Data Field Name ".*" cannot be a field name$/, /e\.g\. "data"/),
		);
	});
});
