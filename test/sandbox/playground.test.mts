import { portraitLines, portraitNames } from '../../sandbox/dashscope/index.mts';
import { closeDoubles, detect, startDouble } from './helpers.mts';

afterEach(closeDoubles);

it('shows every sample portrait, those that pass first', async () => {
	const lines = portraitLines(await startDouble());
	const names = lines.map((line) => /portraits\/(\S+)/.exec(line)?.[1]);
	expect([...names].sort()).toEqual([...portraitNames, 'gone.png'].sort());
	const refused = lines.map((line) => line.includes('refused: '));
	expect(refused).toEqual([...refused].sort());
});

it('says of each what detection says of it', async () => {
	const double = await startDouble();
	for (const line of portraitLines(double)) {
		const [, url = '', code] = /^(\S+) +(?:passes|refused: .*\((\S+)\))/.exec(line) ?? [];
		const { body } = await detect(double, url);
		const output = body.output as { code?: string } | undefined;
		expect([url, output?.code ?? body.code]).toEqual([url, code]);
	}
});
