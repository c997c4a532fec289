/**
 * The end-to-end tests: a real n8n, a real browser, one after another. Run with `npm run test:e2e`,
 * which starts Jest under tsx because Jest loads the global set-up without its own transform.
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
	// One n8n and one double serve all tests, and a DashScope account runs one task at a time.
	maxWorkers: 1,
	verbose: true,
	testTimeout: 180_000,
};
