/**
 * Checks before the engine tests that dist/ is built from the present sources. `npm test` builds first;
 * `npx jest` alone might test an old build and pass. Rule: a missing file, one without a source, or one older
 * than its source stops the run.
 */
const { existsSync, readdirSync, readFileSync, statSync } = require('node:fs');
const path = require('node:path');

/** The sources of the build (gulpfile.js), and the files that define it. */
const FOLDERS = ['credentials', 'nodes'];
const BUILD_FILES = ['gulpfile.js', 'tsconfig.json', 'index.js'];

const filesIn = (folder, extension) =>
	existsSync(folder)
		? readdirSync(folder, { recursive: true })
				.map(String)
				.filter((name) => name.endsWith(extension) && !name.endsWith('.d.ts'))
		: [];

const writtenAt = (file) => (existsSync(file) ? statSync(file).mtimeMs : undefined);

/**
 * @param {string} root the project's folder
 * @returns {string | undefined} why `dist/` is stale
 */
function whatIsStale(root) {
	const inDist = (...names) => path.join(root, 'dist', ...names);
	const changedAt = (name) => writtenAt(path.join(root, name)) ?? 0;
	const sources = FOLDERS.flatMap((folder) => [
		...filesIn(path.join(root, folder), '.ts').map((name) => [
			path.join(folder, name),
			path.join(folder, name.replace(/\.ts$/, '.js')),
		]),
		...filesIn(path.join(root, folder), '.json').map((name) => {
			const copied = path.join(folder, name);
			return [copied, copied];
		}),
	]);
	for (const [source, built] of sources) {
		const builtAt = writtenAt(inDist(built));
		if (builtAt === undefined) return `${source} is not in dist/`;
		// Copies keep the date of their source, nearly.
		const isCopy = built === source;
		const isChanged = isCopy
			? !readFileSync(path.join(root, source)).equals(readFileSync(inDist(built)))
			: changedAt(source) > builtAt;
		if (isChanged) return `${source} has changed since dist/ was built`;
		const newer = !isCopy && BUILD_FILES.find((name) => changedAt(name) > builtAt);
		if (newer) return `${newer} has changed since dist/ was built`;
	}
	const expected = new Set(sources.map(([, built]) => built));
	for (const folder of FOLDERS) {
		const leftOver = filesIn(inDist(folder), '.js')
			.map((name) => path.join(folder, name))
			.find((name) => !expected.has(name));
		if (leftOver) return `dist/${leftOver} has no source any more`;
	}
	return sources.length > 0 ? undefined : 'there are no sources';
}

/** Jest's global set-up. */
module.exports = () => {
	const problem = whatIsStale(path.resolve(__dirname, '../..'));
	if (problem)
		throw new Error(
			`The tests would run an old build: ${problem}. Run npm test, or npm run build first.`,
		);
};
module.exports.whatIsStale = whatIsStale;
