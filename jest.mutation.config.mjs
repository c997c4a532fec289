import base from './jest.config.mjs';

/**
 * The tests that Stryker runs: those that test the sources themselves. Left out are the engine's, which test
 * the built package, and those of documents of the time that work takes, and of odd values: each is a search of seconds.
 */
const { displayName: _, ...unit } = base.projects[0];

export default {
	...unit,
	testMatch: ['<rootDir>/test/{unit,contract}/**/*.test.mts'],
	testPathIgnorePatterns: [
		'/node_modules/',
		'/test/unit/(documents|oddValues|examples|freshBuild|github|hostModules|linearTime|readme|release)\\.',
		'/test/contract/examples\\.',
	],
	testTimeout: base.testTimeout,
};
