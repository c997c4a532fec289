/**
 * The table of hosts and checks: kept in `results.json`, shown in `docs/compatibility.md`. The rule:
 * the page is made from the results only, so that nothing stands in it that was not run.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';

import { PROJECT_FOLDER } from '../../sandbox/n8n/paths.mts';

const RESULTS_FILE = path.join(import.meta.dirname, 'results.json');
const PAGE_FILE = path.join(PROJECT_FOLDER, 'docs', 'compatibility.md');

const resultSchema = z.object({
	version: z.string(),
	/** The Node.js it ran on. */
	node: z.string(),
	layout: z.enum(['npm', 'pnpm']),
	/** UTC, e.g. `2026-11-25`. */
	date: z.string(),
	checks: z.array(z.object({ name: z.string(), passed: z.boolean(), seen: z.string() })),
});

export type HostResult = z.infer<typeof resultSchema>;

const byVersion = (a: HostResult, b: HostResult) =>
	a.version.localeCompare(b.version, 'en', { numeric: true });

/** What is known, with `fresh` in place of what was known of these versions. */
export async function addResults(fresh: HostResult[]): Promise<HostResult[]> {
	const text = await readFile(RESULTS_FILE, 'utf8').catch(() => '[]');
	const known = z.array(resultSchema).parse(JSON.parse(text));
	const kept = known.filter((old) => !fresh.some(({ version }) => version === old.version));
	return [...kept, ...fresh].sort(byVersion);
}

/** Writes the results and the page that shows them. */
export async function writeResults(results: HostResult[]): Promise<void> {
	const options = { ...(await resolveConfig(RESULTS_FILE)), parser: 'json' };
	await writeFile(RESULTS_FILE, await format(JSON.stringify(results), options));
	await writeFile(PAGE_FILE, page(results));
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const row = (cells: string[]) => `| ${cells.join(' | ')} |`;

/** The table alone, one column for each host. */
export function table(results: HostResult[]): string {
	const names = [...new Set(results.flatMap(({ checks }) => checks.map(({ name }) => name)))];
	const of = (result: HostResult, name: string) => {
		const check = result.checks.find((one) => one.name === name);
		if (check === undefined) return 'not run';
		return check.passed ? cell(check.seen) : `**fails**: ${cell(check.seen).slice(0, 200)}`;
	};
	return [
		row(['n8n', ...results.map(({ version }) => version)]),
		row(['---', ...results.map(() => '---')]),
		row(['Node.js', ...results.map(({ node }) => node)]),
		row(['installed with', ...results.map(({ layout }) => layout)]),
		row(['run on', ...results.map(({ date }) => date)]),
		...names.map((name) => row([name, ...results.map((result) => of(result, name))])),
	].join('\n');
}

const page = (results: HostResult[]) => `# Which n8n

The packed package in real n8n versions, each installed for this and driven over its own API: the
latest of the oldest supported minor version, the last 1.x, the first 2.x, and so on to the newest
that can be installed. A cell says what was seen.

${table(results)}

"pnpm" is the layout of n8n's Docker image: there a package finds only what n8n itself depends on.

Made by \`npm run test:hosts\` (minutes and about 3 GB for each version, removed after its run;
\`npm run test:hosts -- 2.0.3\` runs one); the results are kept in \`e2e/hosts/results.json\`.
`;
