/**
 * Mutation tests: `npm run mutation`, or one room: `npm run mutation -- --mutate "nodes/EmojiVideo/media/*.ts"`.
 * What was found before is kept in reports/, and only what has changed is tried again. docs/proof.md has the
 * figures. Hours; never in CI.
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
	testRunner: 'jest',
	plugins: ['@stryker-mutator/jest-runner'],
	jest: {
		projectType: 'custom',
		configFile: 'jest.mutation.config.mjs',
		enableFindRelatedTests: true,
	},
	coverageAnalysis: 'perTest',
	mutate: ['batch', 'dashscope', 'durable', 'media', 'parameters'].map(
		(room) => `nodes/EmojiVideo/${room}/**/*.ts`,
	),
	ignorePatterns: [
		'/.sandbox',
		'/dist',
		'/docs/images',
		'/e2e',
		'/bench',
		'/reports',
		'/coverage',
		'/.github',
	],
	// What is made once, when a file is loaded (schemas, tables, patterns), would need all tests for each mutant.
	ignoreStatic: true,
	concurrency: 1,
	timeoutMS: 30_000,
	incremental: true,
	reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
	clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
	thresholds: { high: 90, low: 85, break: null },
	tempDirName: '.stryker-tmp',
};
