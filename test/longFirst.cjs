/**
 * The order of the test files, the same in every run: the longest first, so that no core is idle at the end,
 * and then by name. Jest's own order depends on the durations of the last run, which a clean clone lacks.
 */
const Sequencer = require('@jest/test-sequencer').default;

/** More than 4 s of CPU each (2026-12-01), longest first. A name that no longer exists only costs time. */
const LONGEST = [
	'engine/triggerDay',
	'engine/durableLong',
	'engine/durable.property',
	'engine/durableCreate',
	'engine/durable',
	'engine/trigger',
	'engine/durableLooks',
	'unit/parameters/oddValues.property',
	'engine/tasks',
	'engine/portraitFiles',
	'engine/durableQueue',
	'unit/batch/queueAhead',
	'engine/durableUpgrade',
	'engine/matrix',
	'engine/durablePace',
	'engine/durableLimits',
	'engine/payingAgain',
	'unit/batch/batch.property',
];

const rankOf = (file) => {
	const rank = LONGEST.findIndex((name) => file.endsWith(`/test/${name}.test.mts`));
	return rank < 0 ? LONGEST.length : rank;
};

module.exports = class LongFirst extends Sequencer {
	sort(tests) {
		return [...tests].sort((a, b) => rankOf(a.path) - rankOf(b.path) || (a.path < b.path ? -1 : 1));
	}
};
