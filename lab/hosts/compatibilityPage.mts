/**
 * The tables of hosts and checks, and of upgrades: kept in `results.json` and `upgrades.json`, shown in
 * `docs/compatibility.md`. The rule: the page is made from the results only, so that nothing stands in it
 * that was not run.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';

import { PROJECT_FOLDER } from '../../sandbox/n8n/paths.mts';

const RESULTS_FILE = path.join(import.meta.dirname, 'results.json');
const UPGRADES_FILE = path.join(import.meta.dirname, 'upgrades.json');
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

const upgradeSchema = z.object({
	upgrade: z.string(),
	/** UTC, e.g. `2026-11-25`. */
	date: z.string(),
	/** The status of the execution that waited. */
	status: z.string(),
	videos: z.number(),
	creates: z.number(),
	/** Task IDs that the execution names. */
	idsTold: z.number(),
	/** The execution's error. */
	says: z.string(),
	passed: z.boolean(),
});

export type UpgradeResult = z.infer<typeof upgradeSchema>;

const byVersion = (a: HostResult, b: HostResult) =>
	a.version.localeCompare(b.version, 'en', { numeric: true });

const readHosts = async () =>
	z.array(resultSchema).parse(JSON.parse(await readFile(RESULTS_FILE, 'utf8').catch(() => '[]')));

const readUpgrades = async () =>
	z.array(upgradeSchema).parse(JSON.parse(await readFile(UPGRADES_FILE, 'utf8').catch(() => '[]')));

async function writeJson(file: string, results: object[]): Promise<void> {
	const options = { ...(await resolveConfig(file)), parser: 'json' };
	await writeFile(file, await format(JSON.stringify(results), options));
}

const writePage = async () =>
	await writeFile(PAGE_FILE, page(await readHosts(), await readUpgrades()));

/** Puts hosts in the place of what was known of their versions, and writes results and page. */
export async function addHosts(fresh: HostResult[]): Promise<void> {
	const kept = (await readHosts()).filter(
		(old) => !fresh.some(({ version }) => version === old.version),
	);
	await writeJson(RESULTS_FILE, [...kept, ...fresh].sort(byVersion));
	await writePage();
}

/** Puts an upgrade in the place of what was known of it, and writes results and page. */
export async function addUpgrade(fresh: UpgradeResult): Promise<void> {
	const kept = (await readUpgrades()).filter(({ upgrade }) => upgrade !== fresh.upgrade);
	await writeJson(
		UPGRADES_FILE,
		[...kept, fresh].sort((a, b) => a.upgrade.localeCompare(b.upgrade, 'en')),
	);
	await writePage();
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

const UPGRADE_HEADINGS = [
	'from, to',
	'run on',
	'execution',
	'videos of 3',
	'creates',
	'task IDs in the execution',
	'its error',
];

const upgradeRow = ({ upgrade, passed, ...seen }: UpgradeResult) =>
	row([
		passed ? upgrade : `**${upgrade}: fails**`,
		seen.date,
		seen.status,
		String(seen.videos),
		String(seen.creates),
		String(seen.idsTold),
		cell(seen.says),
	]);

const upgradesSection = (upgrades: UpgradeResult[]) => `
## Upgrades while a batch waits

A batch of 3 portraits with Survive Restarts is parked, n8n is stopped, and n8n, or the package, is changed
for another version on the same data. Then the wait is taken up, or it ends with every task ID and the
reason.

${row(UPGRADE_HEADINGS)}
${row(UPGRADE_HEADINGS.map(() => '---'))}
${upgrades.map(upgradeRow).join('\n')}

Made by \`npm run test:upgrade\` (a quarter of an hour, and 3 GB for the older n8n).
`;

const page = (results: HostResult[], upgrades: UpgradeResult[]) => `# Which n8n

The packed package in real n8n versions, each installed for this and driven over its own API: the
latest of the oldest supported minor version, the last 1.x, the first 2.x, and so on to the newest
that can be installed. A cell says what was seen.

${table(results)}

"pnpm" is the layout of n8n's Docker image: there a package finds only what n8n itself depends on.

Made by \`npm run test:hosts\` (minutes and about 3 GB for each version, removed after its run;
\`npm run test:hosts -- 2.0.3\` runs one); the results are kept in \`lab/hosts/results.json\`.
${upgrades.length > 0 ? upgradesSection(upgrades) : ''}`;
