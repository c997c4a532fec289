/**
 * Every property test with far more examples than `npm test` tries, from a random seed:
 * `npm run fuzz -- [file ...] [--times 100] [--seed N]`. A failure is printed by fast-check as its smallest
 * counterexample with seed and path. The same seed and times try the same examples again.
 */
import { Command } from 'commander';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { env, execPath, exit } from 'node:process';

const root = path.resolve(import.meta.dirname, '../..');

/** The test files that take their runs and their seed from test/properties.mts. */
const propertyFiles = readdirSync(path.join(root, 'test'), { recursive: true })
	.map((name) => path.join('test', String(name)))
	.filter((name) => name.endsWith('.test.mts'))
	.filter((name) => readFileSync(path.join(root, name), 'utf8').includes("/properties.mts'"))
	.sort();

const command = new Command()
	.argument('[file...]', 'parts of the names of the files to run; default: all')
	.option('--times <count>', 'how many times its own number of runs each property gets', '100')
	.option('--seed <number>', 'the seed; default: a random one')
	.parse();
const { times, seed = String(randomInt(2 ** 31)) } = command.opts<{
	times: string;
	seed?: string;
}>();

const files = propertyFiles.filter(
	(name) => command.args.length === 0 || command.args.some((part) => name.includes(part)),
);
console.log(
	`${files.length} files, ${times} times their runs. Again: --times ${times} --seed ${seed}`,
);
const { status } = spawnSync(
	execPath,
	['node_modules/jest/bin/jest.js', '--maxWorkers=1', '--verbose', '--runTestsByPath', ...files],
	{ cwd: root, stdio: 'inherit', env: { ...env, FUZZ_TIMES: times, FUZZ_SEED: seed } },
);
console.log(`Seed ${seed}: ${status === 0 ? 'no counterexample' : 'see the failures above'}.`);
exit(status ?? 1);
