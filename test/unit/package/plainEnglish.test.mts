/** Habits that make a comment or a test title need two readings. Each has a plainer form. */
import { splitSource, titlesOf, trackedFiles } from '../support/comments.mts';

const HABITS: Record<string, RegExp> = {
	'"nobody", "whoever": name the actor': /\b(?:nobody|whoever)\b/i,
	'"goes on": continues': /\bgo(?:es)? on\b/i,
	'"takes up": waits for, resumes': /\btakes? up\b/i,
	'"so many", "so much" as a noun: name what is counted': /\bso (?:many|much)\b/i,
	'"is told": name who reports what': /\b(?:is|are) told\b/i,
	'"what is", "what was" as a subject: name the thing': /\bwhat (?:is|was)\b/i,
	'"double": mock': /\b(?:an?|the|this|each|its) doubles?(?:'s?)?(?! quote)\b/i,
};

/** A room of nodes/, or of its tests; other tests by their folder. */
const roomOf = (where: string) =>
	/^(?:nodes\/EmojiVideo\/\w+|test\/unit\/\w+|\w+\/\w+)/.exec(where)?.[0] ?? where;

const texts = [
	...trackedFiles
		.filter((name) => /^(?:nodes|credentials)\/.*\.ts$/.test(name))
		.flatMap((name) => splitSource(name).comments),
	...trackedFiles.filter((name) => /^test\/.*\.test\.mts$/.test(name)).flatMap(titlesOf),
];

/** Rooms with hits that are still to be written anew, and the most they may have: fewer each time. */
const UNFINISHED: Record<string, number> = {
	'nodes/EmojiVideo/actions': 6,
	'nodes/EmojiVideo/batch': 14,
	'nodes/EmojiVideo/durable': 3,
	'nodes/EmojiVideo/execution': 9,
	'nodes/EmojiVideo/output': 2,
	'nodes/EmojiVideo/parameters': 8,
	'nodes/EmojiVideo/trigger': 6,
	'nodes/EmojiVideo/wait': 2,
	'test/engine': 23,
	'test/sandbox': 7,
	'test/unit/batch': 18,
	'test/unit/durable': 37,
	'test/unit/execution': 5,
	'test/unit/output': 1,
	'test/unit/parameters': 8,
	'test/unit/trigger': 1,
};

it.each(Object.entries(HABITS))('no comment and no test title says %s', (_, habit) => {
	const hits = texts.filter(
		({ where, text }) => habit.test(text) && !(roomOf(where) in UNFINISHED),
	);
	expect(hits.map(({ where, text }) => `${where} ${text.slice(0, 100)}`)).toEqual([]);
});

it('rooms that are not finished get no new hits', () => {
	const counts: Record<string, number> = {};
	for (const { where, text } of texts) {
		const room = roomOf(where);
		const isHit = Object.values(HABITS).some((habit) => habit.test(text));
		if (isHit && room in UNFINISHED) counts[room] = (counts[room] ?? 0) + 1;
	}
	const more = Object.entries(counts).filter(([room, count]) => count > (UNFINISHED[room] ?? 0));
	expect(more).toEqual([]);
});
