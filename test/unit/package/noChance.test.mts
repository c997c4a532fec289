/** `npm test` is the same every time: no test takes its numbers from chance. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createRandom } from '../../../lab/stage/random.mts';

const folder = path.resolve(import.meta.dirname, '../..');
const files = readdirSync(folder, { recursive: true })
	.map(String)
	.filter((name) => name.endsWith('.mts'));

/** The files of test/ that match, but for those that are allowed to. */
const filesWith = (pattern: RegExp, ...allowed: string[]) =>
	files.filter(
		(name) =>
			!allowed.includes(name) && pattern.test(readFileSync(path.join(folder, name), 'utf8')),
	);

const FAST_CHECK_RUNNER = /\bfc\s*\.(?:assert|check|sample|statistics)\(/;

it('only test/properties.mts runs fast-check, with a fixed seed', () => {
	expect(filesWith(FAST_CHECK_RUNNER)).toEqual(['properties.mts']);
	expect(filesWith(/^import .* from 'fast-check'/m).length).toBeGreaterThan(10);
});

it('every test file that uses fast-check takes its runs from test/properties.mts', () => {
	const without = filesWith(/^import .* from 'fast-check'/m, 'properties.mts').filter((name) => {
		const text = readFileSync(path.join(folder, name), 'utf8');
		return !/\b(?:expectProperty|sampleOf)\(/.test(text);
	});
	expect(without).toEqual([]);
});

it('no test asks for a random number of its own', () => {
	expect(
		filesWith(
			/Math\.random\(\)|\b(?:randomUUID|randomBytes|randomInt|getRandomValues)\b/,
			'unit/package/noChance.test.mts',
		),
	).toEqual([]);
});

it('Math.random gives the same numbers in every test file', () => {
	expect(Math.random()).toBe(createRandom(1)());
});
