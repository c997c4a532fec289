import base from './jest.config.mjs';

/**
 * The tests that Stryker runs: those that test the sources themselves. Left out are the engine's, which test
 * the built package, and those of documents of the time that work takes, and of odd values: each is a search of seconds.
 */
const [unit] = base.projects;

export default {
	...unit,
	displayName: 'mutation',
	testMatch: ['<rootDir>/test/{unit,contract}/**/*.test.mts'],
	testPathIgnorePatterns: [
		'/node_modules/',
		'/test/unit/(documents|fuzz[A-Za-z]+|oddValues|examples|freshBuild|github|hostModules|linearTime|readme|release)\\.',
		'/test/contract/examples\\.',
	],
	testTimeout: base.testTimeout,
};
