import base from './jest.config.mjs';

/** `npm run bench` runs the engine's measurements in the surroundings of the engine's tests. */
const engine = base.projects.find(({ displayName }) => displayName === 'engine');

export default {
	...engine,
	displayName: 'bench',
	testMatch: ['<rootDir>/lab/bench/**/*.bench.mts'],
	testTimeout: 60 * 60_000,
	maxWorkers: 1,
};
