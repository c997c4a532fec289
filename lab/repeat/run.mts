/**
 * `npm test` again and again: `npm run test:repeat -- [--idle 5] [--busy 5]`. It must be green each time, on
 * an idle machine and with every core busy. Writes results.json beside this file; takes about half an hour.
 */
import { Command } from 'commander';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { execPath, exit, version } from 'node:process';
import { z } from 'zod';

const root = path.resolve(import.meta.dirname, '../..');

const reportSchema = z.object({
	numPassedTests: z.number(),
	numFailedTests: z.number(),
	testResults: z.array(
		z.object({
			name: z.string(),
			status: z.string(),
			assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
		}),
	),
});

interface Run {
	isBusy: boolean;
	seconds: number;
	passed: number;
	/** Files and titles of what failed. */
	failed: string[];
}

/** Takes all the time of one core, until it is killed. */
const startLoad = () => spawn(execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });

function failuresOf({ testResults }: z.infer<typeof reportSchema>): string[] {
	return testResults
		.filter(({ status }) => status === 'failed')
		.flatMap(({ name, assertionResults }) => {
			const titles = assertionResults.flatMap(({ fullName, status }) =>
				status === 'failed' ? [fullName] : [],
			);
			const file = path.relative(root, name);
			return titles.length > 0 ? titles.map((title) => `${file}: ${title}`) : [file];
		});
}

function runTests(isBusy: boolean, report: string): Run {
	const load = isBusy ? Array.from({ length: availableParallelism() }, startLoad) : [];
	const startedAt = performance.now();
	try {
		const { status } = spawnSync('npm', ['test', '--', '--json', `--outputFile=${report}`], {
			cwd: root,
			stdio: 'ignore',
		});
		const seconds = Math.round((performance.now() - startedAt) / 1000);
		const result = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
		const failed = failuresOf(result);
		// Jest may also fail without a failed test.
		if (status !== 0 && failed.length === 0) failed.push(`npm test ended with ${status}`);
		return { isBusy, seconds, passed: result.numPassedTests, failed };
	} finally {
		for (const child of load) child.kill('SIGKILL');
	}
}

const { idle, busy } = new Command()
	.option('--idle <count>', 'runs on the machine as it is', '5')
	.option('--busy <count>', 'runs with every core busy', '5')
	.parse()
	.opts<{ idle: string; busy: string }>();

const folder = mkdtempSync(path.join(tmpdir(), 'emoji-video-repeat-'));
const runs: Run[] = [];
for (let nth = 0; nth < Number(idle) + Number(busy); nth++) {
	const run = runTests(nth >= Number(idle), path.join(folder, `${nth}.json`));
	runs.push(run);
	const { isBusy, seconds, passed, failed } = run;
	console.log(
		`${isBusy ? 'busy' : 'idle'}: ${seconds} s, ${passed} passed, ${failed.length} failed`,
	);
	for (const failure of failed) console.log(`  ${failure}`);
}
rmSync(folder, { recursive: true });

writeFileSync(
	path.join(import.meta.dirname, 'results.json'),
	`${JSON.stringify({ node: version, cores: availableParallelism(), runs }, null, '\t')}\n`,
);
exit(runs.every(({ failed }) => failed.length === 0) ? 0 : 1);
