/** A comment that names something is true only as long as that name exists. */
import { readTracked, splitSource, trackedFiles } from '../support/comments.mts';

const shipped = trackedFiles.filter((name) => /^(?:nodes|credentials)\/.*\.ts$/.test(name));
const tools = trackedFiles.filter((name) =>
	/^(?:test|lab|sandbox|e2e|scripts)\/.*\.(?:mts|mjs|cjs)$/.test(name),
);

/** Names in backticks that stand in no code of this package, and whose they are. */
const FOREIGN = new Map([
	['Expires', 'a query parameter of signed links'],
	['deepCopy', 'n8n-workflow'],
	['thumbnail', 'a path of Google Drive'],
	['toJSON', 'JSON.stringify'],
	['uc', 'a path of Google Drive'],
	['updateParentExecutionWithChildResults', 'n8n, from 2.0'],
	['uri', "the URL's name in n8n's older request helper"],
]);

/** Files that comments name and that are not in the repository. */
const MADE = new Map<string, string>([
	['nodes/package.json', "n8n's own, in its user folder"],
	['upgrades.json', 'written by npm run test:upgrade'],
	// Source files of n8n 2.40.7 that test/engine/server mirrors.
	...[
		'nodes-base/nodes/Wait/Wait.node.ts',
		'workflow-execute-additional-data.ts',
		'workflow-runner.ts',
		'active-executions.ts',
		'wait-tracker.ts',
		'workflow-helpers.ts',
		'executions/execution.service.ts',
		'executions/execution-recovery.service.ts',
		'execution-lifecycle/execution-lifecycle-hooks.ts',
	].map((file) => [file, 'n8n'] as const),
]);

const WORD = /(?<![\w$])[A-Za-z_$][\w$]*/g;
const FILE = /[\w./-]*\w\.(?:ts|mts|cts|mjs|cjs|json|md)\b/g;

const sources = new Map([...shipped, ...tools].map((name) => [name, splitSource(name)]));
const partsOf = (names: string[]) => names.flatMap((name) => sources.get(name) ?? []);
const commentsOf = (names: string[]) => partsOf(names).flatMap(({ comments }) => comments);

const { scripts } = JSON.parse(readTracked('package.json')) as { scripts: Record<string, string> };
const inCode = new Set(partsOf(shipped).flatMap(({ code }) => code.match(WORD) ?? []));

/** The names in a text between backticks that do not exist. A command of npm is one name. */
function unknownIn(quoted: string): string[] {
	const [, script] = /^npm run (\S+)/.exec(quoted) ?? [];
	if (script !== undefined) return script in scripts ? [] : [script];
	const words = quoted.replace(FILE, ' ').match(WORD) ?? [];
	return words.filter((word) => !inCode.has(word) && !FOREIGN.has(word));
}

it('every name in backticks in a comment of nodes/ and credentials/ stands in their code', () => {
	const unknown = commentsOf(shipped).flatMap(({ where, text }) =>
		[...text.matchAll(/`([^`]+)`/g)]
			.flatMap(([, quoted = '']) => unknownIn(quoted))
			.map((word) => `${where} ${word}`),
	);
	expect(unknown).toEqual([]);
});

it('every file that a comment names is in the repository', () => {
	const paths = trackedFiles.map((name) => `/${name}`);
	const named = commentsOf([...shipped, ...tools]).flatMap(({ where, text }) =>
		[...text.matchAll(FILE)].map(([name]) => ({
			where,
			name: name.replace(/^(?:\.{1,2}\/)+/, ''),
		})),
	);
	expect(named.length).toBeGreaterThan(50);
	expect(
		named
			.filter(({ name }) => !MADE.has(name) && !paths.some((file) => file.endsWith(`/${name}`)))
			.map(({ where, name }) => `${where} ${name}`),
	).toEqual([]);
});

it('names that are allowed although they are not here are still used', () => {
	const comments = commentsOf([...shipped, ...tools]).map(({ text }) => text);
	const unused = [...FOREIGN.keys(), ...MADE.keys()].filter(
		(name) => inCode.has(name) || !comments.some((text) => text.includes(name)),
	);
	expect(unused).toEqual([]);
});
