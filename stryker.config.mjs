/**
 * Mutation tests: `npm run mutation`, or one room: `npm run mutation -- --mutate "nodes/EmojiVideo/media/*.ts"`.
 * What was found before is kept in reports/, and only what has changed is tried again. lab/proof.md has the
 * figures. Never in CI. The tests run in one process, see lab/mutation/runner.mjs.
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
	testRunner: 'in-process',
	plugins: ['./lab/mutation/runner.mjs'],
	coverageAnalysis: 'perTest',
	mutate: ['account', 'batch', 'dashscope', 'durable', 'media', 'parameters'].map(
		(room) => `nodes/EmojiVideo/${room}/**/*.ts`,
	),
	ignorePatterns: [
		'/.sandbox',
		'/coverage',
		'/dist',
		'/docs/images',
		'/e2e',
		'/reports',
		'/sandbox/n8n',
		'/.github',
	],
	disableTypeChecks: false,
	// What is made once, when a file is loaded (schemas, tables, patterns), would need a new process for each mutant.
	ignoreStatic: true,
	concurrency: 1,
	timeoutMS: 300_000,
	dryRunTimeoutMinutes: 60,
	incremental: true,
	reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
	clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
	thresholds: { high: 90, low: 85, break: null },
	tempDirName: '.stryker-tmp',
	cleanTempDir: 'always',
};
