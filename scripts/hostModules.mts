/**
 * Which modules the package may take from n8n. It ships none of its own, and in n8n's Docker image
 * only what the `n8n` package itself depends on can be found (see docs/compatibility.md). The rule: a
 * module is allowed if the oldest supported n8n has it as a direct dependency.
 */
import { OLDEST_SUPPORTED } from '../lab/hosts/hosts.mts';

/**
 * The n8n versions whose package.json first names a module, found with
 * `npm view 'n8n@>=0.200.0' version dependencies.zod dependencies.luxon dependencies.n8n-workflow
 * dependencies.p-limit`. All later versions name it, too.
 */
const DIRECT_SINCE: Record<string, string> = {
	'n8n-workflow': '0.211.0',
	luxon: '0.211.0',
	zod: '1.41.1',
	'p-limit': '2.20.0',
};

/** Part of Node.js, and allowed by n8n's verification. */
const OF_NODE = new Set(['crypto', 'node:crypto']);

/** Both kinds of import, and what a compiler makes of them. */
const IMPORT = /(?:\brequire\(\s*|\bfrom\s+|\bimport\(\s*|\bimport\s+)(['"`])([^'"`]+)\1/g;

const isNewer = (version: string, than: string) =>
	version.localeCompare(than, 'en', { numeric: true }) > 0;

/** Examples in a comment ask for nothing. */
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//g;

/** The modules that a file's code asks for, each once; relative paths are none. */
export function modulesOf(code: string): string[] {
	const names = [...code.replace(BLOCK_COMMENT, '').matchAll(IMPORT)].map(
		([, , name]) => name ?? '',
	);
	return [...new Set(names)].filter((name) => !name.startsWith('.'));
}

/**
 * Why a module cannot be asked for; undefined if it can.
 * @param oldest the oldest supported n8n
 */
export function whyNot(module: string, oldest = OLDEST_SUPPORTED): string | undefined {
	if (OF_NODE.has(module)) return undefined;
	const since = DIRECT_SINCE[module];
	if (since === undefined) return `${module} is none of those that every supported n8n depends on`;
	if (!isNewer(since, oldest)) return undefined;
	return `${module} is a direct dependency of n8n since ${since} only; ${oldest} is supported, too`;
}

/** One line for each module that a file must not ask for. @param files their code, by path */
export function forbiddenModules(files: Record<string, string>): string[] {
	return Object.entries(files).flatMap(([file, code]) =>
		modulesOf(code).flatMap((module) => {
			const reason = whyNot(module);
			return reason === undefined ? [] : [`${file} asks for ${module}: ${reason}`];
		}),
	);
}
