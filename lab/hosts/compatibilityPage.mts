/**
 * `docs/compatibility.md`: the tables of hosts and checks, and of upgrades. The results are kept in
 * `results.json` and `upgrades.json`.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

import { PROJECT_FOLDER } from '../../sandbox/n8n/paths.mts';
import { cell, keepResults, readResults, table } from '../stage/report.mts';

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

/** Replaces what was known of these versions, and writes results and page. */
export async function addHosts(fresh: HostResult[]): Promise<void> {
	const hosts = await keepResults(
		RESULTS_FILE,
		resultSchema,
		fresh,
		({ version }) => version,
		byVersion,
	);
	await writeFile(PAGE_FILE, page(hosts, await readResults(UPGRADES_FILE, upgradeSchema)));
}

/** Replaces what was known of an upgrade, and writes results and page. */
export async function addUpgrade(fresh: UpgradeResult): Promise<void> {
	const upgrades = await keepResults(
		UPGRADES_FILE,
		upgradeSchema,
		[fresh],
		({ upgrade }) => upgrade,
		(a, b) => a.upgrade.localeCompare(b.upgrade, 'en'),
	);
	await writeFile(PAGE_FILE, page(await readResults(RESULTS_FILE, resultSchema), upgrades));
}

/** The table alone, one column for each host. */
export function tableOf(results: HostResult[]): string {
	const names = [...new Set(results.flatMap(({ checks }) => checks.map(({ name }) => name)))];
	const of = (result: HostResult, name: string) => {
		const check = result.checks.find((one) => one.name === name);
		if (check === undefined) return 'not run';
		return check.passed ? cell(check.seen) : `**fails**: ${cell(check.seen).slice(0, 200)}`;
	};
	return table(
		['n8n', ...results.map(({ version }) => version)],
		[
			['Node.js', ...results.map(({ node }) => node)],
			['installed with', ...results.map(({ layout }) => layout)],
			['run on', ...results.map(({ date }) => date)],
			...names.map((name) => [name, ...results.map((result) => of(result, name))]),
		],
	);
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

const upgradeRow = ({ upgrade, passed, ...seen }: UpgradeResult) => [
	passed ? upgrade : `**${upgrade}: fails**`,
	seen.date,
	seen.status,
	seen.videos,
	seen.creates,
	seen.idsTold,
	cell(seen.says),
];

const upgradesSection = (upgrades: UpgradeResult[]) => `
## Upgrades while a batch waits

A batch of 3 portraits with Survive Restarts is parked, n8n is stopped, and n8n, or the package, is changed
for another version on the same data. Then the wait is taken up, or it ends with every task ID and the
reason.

${table(UPGRADE_HEADINGS, upgrades.map(upgradeRow))}

Made by \`npm run test:upgrade\` (a quarter of an hour, and 3 GB for the older n8n).
`;

const page = (results: HostResult[], upgrades: UpgradeResult[]) => `# Which n8n

The packed package in real n8n versions, each installed for this and driven over its own API: the
latest of the oldest supported minor version, the last 1.x, the first 2.x, and so on to the newest
that can be installed. A cell says what was seen.

${tableOf(results)}

"pnpm" is the layout of n8n's Docker image: there a package finds only what n8n itself depends on.

Made by \`npm run test:hosts\` (minutes and about 3 GB for each version, removed after its run;
\`npm run test:hosts -- 2.0.3\` runs one); the results are kept in \`lab/hosts/results.json\`.
${upgrades.length > 0 ? upgradesSection(upgrades) : ''}`;
