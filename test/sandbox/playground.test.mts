import { portraitLines, portraitNames } from '../../sandbox/dashscope/index.mts';
import { closeMocks, detect, startMock } from './helpers.mts';

afterEach(closeMocks);

it('portraitLines shows every sample portrait, those that pass first', async () => {
	const lines = portraitLines(await startMock());
	const names = lines.map((line) => /portraits\/(\S+)/.exec(line)?.[1]);
	expect([...names].sort()).toEqual([...portraitNames, 'gone.png'].sort());
	const refused = lines.map((line) => line.includes('refused: '));
	expect(refused).toEqual([...refused].sort());
});

it('portraitLines names the verdict that detection gives each portrait', async () => {
	const mock = await startMock();
	for (const line of portraitLines(mock)) {
		const [, url = '', code] = /^(\S+) +(?:passes|refused: .*\((\S+)\))/.exec(line) ?? [];
		const { body } = await detect(mock, url);
		const output = body.output as { code?: string } | undefined;
		expect([url, output?.code ?? body.code]).toEqual([url, code]);
	}
});
