import { env } from 'node:process';

/** Tests are .mts (n8n's lint refuses timers and fs in .ts) and are compiled by swc on the way in. */
const project = (displayName, folder) => ({
	displayName,
	rootDir: import.meta.dirname,
	testMatch: [`<rootDir>/test/${folder}/**/*.test.mts`],
	testEnvironment: 'node',
	setupFiles: ['<rootDir>/test/chance.mts'],
	moduleFileExtensions: ['mts', 'ts', 'js', 'mjs', 'cjs', 'json', 'node'],
	modulePathIgnorePatterns: [
		'<rootDir>/dist/',
		'<rootDir>/.sandbox/',
		'<rootDir>/.stryker-tmp/',
		'<rootDir>/sandbox/n8n/',
	],
	transform: {
		'\\.(mts|ts)$': [
			'@swc/jest',
			{ jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
		],
	},
});

/** Without what no unit needs of n8n-workflow. */
const light = { moduleNameMapper: { '^n8n-workflow$': '<rootDir>/test/n8nWorkflow.cjs' } };

// n8n's engine logs every node error; the tests look at the errors themselves.
env.N8N_LOG_LEVEL = 'silent';

export default {
	projects: [
		{ ...project('unit', 'unit'), ...light },
		{ ...project('contract', 'contract'), ...light },
		project('sandbox', 'sandbox'),
		{
			...project('engine', 'engine'),
			modulePathIgnorePatterns: ['<rootDir>/.stryker-tmp/'],
			globalSetup: '<rootDir>/test/engine/freshBuild.cjs',
		},
	],
	testSequencer: '<rootDir>/test/longFirst.cjs',
	testTimeout: 30_000,
	maxWorkers: 3,
};
