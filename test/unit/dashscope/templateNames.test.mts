/** Templates by the names that people use. A wrong guess would cost a video. */
import {
	findTemplate,
	listed,
	nameOfTemplate,
} from '../../../nodes/EmojiVideo/dashscope/templateNames';
import { templateLabel, TEMPLATES } from '../../../nodes/EmojiVideo/dashscope/templates';

const found = (id: string) => ({ kind: 'found', id });
const labels = (text: string) => {
	const match = findTemplate(text);
	return match.kind === 'found' ? match : { kind: match.kind, fits: listed(match.fits) };
};

const HAPPY = '"Cute Kid: Happy (mengwa_kaixin)", "Worker: Happy (dagong_kaixin)"';

describe('a template', () => {
	it.each(TEMPLATES.map((template) => [template.id, template] as const))(
		'%s is found by its ID, its label and its name',
		(id, template) => {
			const label = templateLabel(template);
			const name = label.replace(/ \(.*/, '');
			for (const text of [
				id,
				id.toUpperCase(),
				id.replaceAll('_', ' '),
				label,
				label.toLowerCase(),
				name,
				name.toLowerCase().replace(':', ''),
				name.replace(/[: ]+/g, '_').toLowerCase(),
				` ${name}\n`,
			]) {
				expect({ text, match: findTemplate(text) }).toEqual({ text, match: found(id) });
			}
			expect(nameOfTemplate(id)).toBe(name);
		},
	);

	it.each([
		['smile', 'dagong_weixiao'],
		['Wide-Eyed', 'mengwa_dengyan'],
		['wide eyed', 'mengwa_dengyan'],
		['going crazy', 'dagong_zhuakuang'],
		['Worker - Happy', 'dagong_kaixin'],
		['happy worker', 'dagong_kaixin'],
		['微笑', 'dagong_weixiao'],
		['困', 'mengwa_kun_1'],
		['累', 'jingdian_lei'],
		['萌娃·开心', 'mengwa_kaixin'],
		['打工开心', 'dagong_kaixin'],
		['萌娃：认真', 'mengwa_renzhen_1'],
		['weixiao', 'dagong_weixiao'],
		['mengwa renzhen', 'mengwa_renzhen_1'],
		['Ｃｕｔｅ Ｋｉｄ： Ｈａｐｐｙ', 'mengwa_kaixin'],
	])('is found as %j', (text, id) => {
		expect(findTemplate(text)).toEqual(found(id));
	});
});

describe('a name of several templates', () => {
	it.each(['Happy', 'happy', '开心', 'kaixin'])('%j is ambiguous', (text) => {
		expect(labels(text)).toEqual({ kind: 'ambiguous', fits: HAPPY });
	});
});

describe('an unknown template name', () => {
	it.each([
		['Happy kid', HAPPY],
		['Happily ever after', ''],
		['very happy', HAPPY],
		['Cute Kid: Smile', '"Worker: Smile (dagong_weixiao)"'],
		['smi', '"Worker: Smile (dagong_weixiao)"'],
		['a/b', ''],
		['a', ''],
		['zy', '"Worker: Going Crazy (dagong_zhuakuang)", "Classic: Lazy (jingdian_landuo_1)"'],
		['birthday', ''],
	])('%j lists similar names', (text, fits) => {
		expect(labels(text)).toEqual({ kind: 'unknown', fits });
	});

	it('lists the whole series if it names a series', () => {
		const match = findTemplate('classic');
		expect(match).toMatchObject({ kind: 'unknown' });
		expect(match.kind === 'unknown' && match.fits.map(({ series }) => series)).toEqual(
			Array.from({ length: 6 }, () => 'jingdian'),
		);
	});
});

describe('a template ID that is newer than this package', () => {
	it.each(['newer_than_this_package_2', 'mengwa_renzhen', 'mengwa_renzhen_2', 'shengri_kuaile'])(
		'%j is used unchanged',
		(id) => {
			expect(findTemplate(id)).toEqual(found(id));
			expect(nameOfTemplate(id)).toBe(id);
		},
	);

	it('is used without the spaces around it', () => {
		expect(findTemplate(' newer_than_this_package_2\n')).toEqual(
			found('newer_than_this_package_2'),
		);
	});

	it.each(['Shengri_Kuaile', 'shengri', 'v2.1-x', `a_${'b'.repeat(80)}`, '../a_b'])(
		'%j is not a template ID',
		(text) => {
			expect(findTemplate(text).kind).toBe('unknown');
		},
	);
});
