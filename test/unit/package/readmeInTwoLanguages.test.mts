/** The README has the same content in both languages, and its sums are right. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../../..');
const read = (name: string) => readFileSync(path.join(root, name), 'utf8');
const english = read('README.md');
const chinese = read('docs/README.zh-CN.md');

/** The same page with its links as seen from the root, where the English page stands. */
const fromRoot = (page: string) =>
	page.replace(/(?<=\]\()(?!https?:|#)[^)]+/g, (link) =>
		path.posix.normalize(path.posix.join('docs', link)),
	);

const matches = (text: string, pattern: RegExp) =>
	[...text.matchAll(pattern)].map(([whole]) => whole);

/** A table as [columns, rows], by its lines. */
function tablesOf(text: string): Array<[number, number]> {
	const blocks = text.split('\n\n').filter((block) => /^\|.*\n\|[-|]+\|\n/.test(block));
	return blocks.map((block) => {
		const lines = block.trim().split('\n');
		return [(lines[0] ?? '').split('|').length - 2, lines.length - 2];
	});
}

/** What must be the same in every language. */
const skeletonOf = (text: string) => ({
	headings: matches(text, /^#+ /gm).map((marks) => marks.trim()),
	tables: tablesOf(text),
	codeBlocks: matches(text, /```sh\n[\s\S]*?```/g),
	commands: matches(text, /`(?:npm|DASHSCOPE)[^`]*`/g).sort(),
	images: matches(text, /(?<=!\[[^\]]*\]\()[^)]+/g),
	links: matches(text, /(?<=(?<!!\[[^\]]*)\]\()[^)]+/g)
		.filter(
			(link) =>
				!/(?:^|\/)README(?:\.zh-CN)?\.md$/.test(link) ||
				link.includes('examples') ||
				link.includes('lab'),
		)
		.sort(),
	codes: matches(text, /`(?:error\.|sk-|InvalidApiKey|[A-Z]\w+\.\w+)[^`]*`/g).sort(),
	bullets: matches(text, /^(?:- |\d\. )/gm).length,
});

describe('README.md and docs/README.zh-CN.md', () => {
	it('have the same sections, tables, commands, pictures and links', () => {
		expect(skeletonOf(fromRoot(chinese))).toEqual(skeletonOf(english));
		expect(skeletonOf(english).tables.length).toBeGreaterThan(6);
		expect(skeletonOf(english).links.length).toBeGreaterThan(30);
	});

	it('link to each other', () => {
		expect(english).toContain('[简体中文](docs/README.zh-CN.md)');
		expect(chinese).toContain('[English](../README.md)');
	});

	it.each([
		['README.md', english],
		['docs/README.zh-CN.md', chinese],
	])('%s calculates its costs correctly', (_name, text) => {
		const rows = matches(text, /^\|[^|]+\| \d+ \| \d+ × 0\.004 .*$/gm);
		expect(rows).toHaveLength(5);
		for (const row of rows) {
			const [, , videos, sum = '', cost] = row.split('|').map((cell) => cell.trim());
			const [detections = 0, , made = 0] = matches(sum, /\d+(?:\.\d+)?/g).map(Number);
			expect(made).toBe(Number(videos));
			expect(Number((detections * 0.004 + made * 2 * 0.08).toFixed(3))).toBe(Number(cost));
		}
	});

	it('and examples/README.md link every sample workflow', () => {
		const samples = readdirSync(path.join(root, 'examples')).filter((name) =>
			name.endsWith('.json'),
		);
		const overview = read('examples/README.md');
		expect(samples.filter((name) => !overview.includes(`](${name})`))).toEqual([]);
	});

	it('have, in Chinese, full-width punctuation and bold text that closes', () => {
		const prose = chinese.replace(/```[\s\S]*?```|`[^`]*`|\([^)]*\)/g, '');
		expect(matches(prose, /[\p{Script=Han}][,;:?!.(](?!\d)/gu)).toEqual([]);
		// CommonMark: "）**字" does not close.
		expect(
			matches(chinese, /[\p{P}]\*\*[\p{Script=Han}]/gu).filter((text) => !/^[（“]/.test(text)),
		).toEqual([]);
	});
});
