/**
 * The end-to-end tests: a real n8n and a real browser. Run them with `npm run test:e2e`, which starts Jest under
 * tsx, because Jest loads the global set-up without its own transform.
 */
export default {
	rootDir: import.meta.dirname,
	roots: ['<rootDir>/e2e'],
	testMatch: ['<rootDir>/e2e/**/*.test.mts'],
	testEnvironment: 'node',
	moduleFileExtensions: ['mts', 'ts', 'js', 'mjs', 'cjs', 'json', 'node'],
	transform: {
		'\\.(mts|ts)$': [
			'@swc/jest',
			{ jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
		],
	},
	globalSetup: '<rootDir>/e2e/global-setup.mts',
	globalTeardown: '<rootDir>/e2e/global-teardown.mts',
	// Two files at a time: most of them wait for n8n, and `everyHost.test.mts` waits for minutes.
	maxWorkers: 2,
	testSequencer: '<rootDir>/e2e/longestFirst.mjs',
	verbose: true,
	testTimeout: 180_000,
};
