/**
 * Runs the tests for Stryker (stryker.config.mjs). Stryker's own runner for jest loads every test file anew for
 * every mutant, n8n's engine with it: seconds for each of thousands. Here they are loaded once, with jest's own
 * functions (jest-circus, expect); a mutant costs what its tests cost.
 *
 * Rule: a mutant counts as killed only if the test that failed passes again without it. Where it does not, what
 * ran before has left something behind: the mutant is tried again in a new process.
 */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setImmediate as nextRound } from 'node:timers/promises';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { determineHitLimitReached, toMutantRunResult } from '@stryker-mutator/api/test-runner';
import { jestExpect } from '@jest/expect';
import { ModernFakeTimers } from '@jest/fake-timers';
import * as circus from 'jest-circus';
import { ModuleMocker } from 'jest-mock';
import { createSources } from './sources.mjs';

/** Left out: searches of seconds, tests of what is no code, and those that need modules of their own. */
const LEFT_OUT = [
	/\.property\./,
	/\/(canceledWord|clock|documents|examples|freshBuild|github|host|hostModules|linearTime|readme|release)\./,
	/\/(durableLong|durablePace|matrix|triggerDay)\./,
];

/**
 * Which tests run: those without n8n's engine, because with it a mutant costs 4 s, and
 * all rooms take a night. `MUTATION_TESTS=.` is all tests; for a look at one file, name the tests that matter to it.
 */
const ONLY = new RegExp(process.env.MUTATION_TESTS ?? '^test/(unit|contract)/');

const FILES = ['unit', 'contract', 'engine'].flatMap((folder) =>
	readdirSync(`test/${folder}`)
		.filter((name) => name.endsWith('.test.mts'))
		.map((name) => `test/${folder}/${name}`)
		.filter((name) => !LEFT_OUT.some((pattern) => pattern.test(name)) && ONLY.test(name)),
);

/** A mutant's tests take no more of the processor than this; those that do not fit are not run. */
const MUTANT_MS = Number(process.env.MUTATION_SECONDS ?? 4) * 1000;
/** After this a test has failed, on a machine that may be very busy. */
const TEST_MS = 120_000;
const TIMES = 'mutation-times.json';

/** `MUTATION_LOG`, a file: one line for each mutant, at once; Stryker itself keeps nothing of a run that is broken off. */
const note = (mutant) => {
	const file = process.env.MUTATION_LOG;
	if (file) appendFileSync(file, `${JSON.stringify(mutant)}\n`);
};

const isEngine = (id) => id.startsWith('test/engine/');

const testsIn = (block) =>
	block.children.flatMap((child) => (child.type === 'describeBlock' ? testsIn(child) : [child]));

/** The children of each block, all of them. */
const childrenOf = new WeakMap();

/** Leaves only these tests in a block, so that the others cost nothing. */
function choose(block, chosen) {
	if (!childrenOf.has(block)) childrenOf.set(block, block.children);
	block.children = childrenOf
		.get(block)
		.filter((child) =>
			child.type === 'describeBlock' ? choose(child, chosen) : chosen.has(child),
		);
	return block.children.length > 0;
}

const titleOf = ({ parent, name }) => (parent?.parent ? `${titleOf(parent)} ${name}` : name);

class InProcessRunner {
	#root = process.cwd();
	#state = circus.getState();
	/** Blocks, by file; tests, by ID. */
	#files = new Map();
	#tests = new Map();
	#ids = new Map();
	#shared = (globalThis.__stryker__ ??= {});
	#mutantsSoFar = 0;
	#isSpent = false;
	#times;
	#cpu;
	#bails = false;
	#sources;

	capabilities() {
		return { reloadEnvironment: false };
	}

	async init() {
		Object.assign(process.env, { NODE_ENV: 'test', N8N_LOG_LEVEL: 'silent', FORCE_COLOR: '0' });
		const { describe, it, test, beforeAll, afterAll, beforeEach, afterEach } = circus;
		const mocker = new ModuleMocker(globalThis);
		const timers = new ModernFakeTimers({ global: globalThis, config: { rootDir: this.#root } });
		Object.assign(globalThis, {
			...{ describe, it, test, beforeAll, afterAll, beforeEach, afterEach },
			expect: jestExpect,
			jest: {
				fn: (...args) => mocker.fn(...args),
				spyOn: (...args) => mocker.spyOn(...args),
				restoreAllMocks: () => mocker.restoreAllMocks(),
				useFakeTimers: (config) => timers.useFakeTimers(config),
				useRealTimers: () => timers.useRealTimers(),
				setSystemTime: (now) => timers.setSystemTime(now),
				setTimeout: () => undefined,
			},
		});
		const fail = (error) => {
			// A connection of Node.js' own fetch, of a test before: it looks after itself.
			if (String(error?.stack).includes('node:internal/deps/undici')) return;
			this.#state.currentlyRunningTest?.errors.push(error);
		};
		process.on('unhandledRejection', fail);
		process.on('uncaughtException', fail);
		this.#sources = createSources(this.#root);
		circus.addEventHandler((event) => this.#listen(event));
	}

	/** Loads test files that are not loaded yet. */
	async #load(files) {
		this.#state.hasStarted = false;
		for (const name of files) {
			if (this.#files.has(name)) continue;
			const file = path.join(this.#root, name);
			circus.describe(name, () => void this.#sources.load(file));
			const block = this.#state.rootDescribeBlock.children.at(-1);
			this.#files.set(name, block);
			this.#sources.enter(file);
			// What is made once is made now, and not in the first test that needs it.
			if (isEngine(name)) {
				const harness = this.#sources.require(path.join(this.#root, 'test/engine/harness.mts'));
				await harness.loadBuiltNode();
			}
			for (const test of testsIn(block)) {
				if (test.mode === 'skip' || test.mode === 'todo') continue;
				const title = titleOf(test);
				let id = title;
				for (let copy = 2; this.#tests.has(id); copy++) id = `${title} (${copy})`;
				this.#tests.set(id, test);
				this.#ids.set(test, id);
			}
		}
	}

	#listen({ name, test, describeBlock }) {
		if (name === 'run_describe_start' && this.#files.has(describeBlock.name))
			this.#sources.enter(path.join(this.#root, describeBlock.name));
		if (name === 'test_start' && test.mode !== 'skip') {
			this.#shared.currentTestId = this.#ids.get(test);
			this.#cpu = process.cpuUsage();
		}
		if (name !== 'test_done') return;
		const { user, system } = process.cpuUsage(this.#cpu);
		test.cpuMs = (user + system) / 1000;
		this.#shared.currentTestId = undefined;
		if (test.errors.length > 0 && this.#bails)
			for (const other of this.#tests.values()) other.mode = 'skip';
	}

	/** Runs these tests; stops at the first that fails if told so. */
	async #run(ids, bail) {
		const tests = ids.map((id) => this.#tests.get(id));
		for (const test of tests)
			Object.assign(test, { mode: undefined, errors: [], status: null, timeout: TEST_MS });
		const chosen = new Set(tests);
		this.#state.rootDescribeBlock.children = FILES.flatMap(
			(name) => this.#files.get(name) ?? [],
		).filter((block) => choose(block, chosen));
		this.#bails = bail;
		this.#state.unhandledErrors.length = 0;
		await circus.run();
		for (let round = 0; round < 3; round++) await nextRound();
		return ids
			.map((id) => [id, this.#tests.get(id)])
			.filter(([, test]) => test?.status === 'done')
			.map(([id, test]) => {
				const about = { id, name: id, timeSpentMs: test.cpuMs };
				if (test.errors.length === 0) return { ...about, status: 0 };
				const [error] = test.errors.flat();
				return { ...about, status: 1, failureMessage: String(error?.stack ?? error) };
			});
	}

	async dryRun({ files }) {
		this.#shared.activeMutant = undefined;
		const isDurable = files.some((file) => file.includes('/durable/'));
		await this.#load(FILES.filter((name) => isDurable || !name.includes('/durable')));
		const tests = await this.#run([...this.#tests.keys()], false);
		const times = Object.fromEntries(tests.map(({ id, timeSpentMs }) => [id, timeSpentMs]));
		writeFileSync(TIMES, JSON.stringify(times));
		return { status: 'complete', tests, mutantCoverage: this.#shared.mutantCoverage };
	}

	/** As many of these tests as there is time for, the quickest first. */
	#affordable(ids) {
		this.#times ??= JSON.parse(readFileSync(TIMES, 'utf8'));
		let leftMs = MUTANT_MS;
		return ids
			.sort((a, b) => this.#times[a] - this.#times[b])
			.filter((id) => (leftMs -= this.#times[id]) > 0);
	}

	async mutantRun({ activeMutant, testFilter, hitLimit, disableBail }) {
		if (this.#isSpent) throw new Error('This process is spent; Stryker starts another.');
		const isFirst = this.#mutantsSoFar++ === 0;
		const ids = this.#affordable(testFilter);
		await this.#load(new Set(ids.map((id) => id.slice(0, id.indexOf(' ')))));
		Object.assign(this.#shared, { activeMutant: activeMutant.id, hitLimit, hitCount: 0 });
		const tests = await this.#run(ids, !disableBail);
		const { hitCount } = this.#shared;
		Object.assign(this.#shared, { activeMutant: undefined, hitLimit: undefined });
		const failed = tests.find(({ status }) => status === 1);
		if (failed) {
			const [again] = await this.#run([failed.id], false);
			this.#isSpent = again?.status !== 0;
			if (this.#isSpent && !isFirst) throw new Error(`${failed.id} fails without the mutant too.`);
		}
		note({ ...activeMutant, killedBy: failed?.id, tests: tests.length, of: testFilter.length });
		return (
			determineHitLimitReached(hitCount, hitLimit) ??
			toMutantRunResult({ status: 'complete', tests }, disableBail)
		);
	}
}

const createRunner = () => new InProcessRunner();
createRunner.inject = [];

export const strykerPlugins = [
	declareFactoryPlugin(PluginKind.TestRunner, 'in-process', createRunner),
];
