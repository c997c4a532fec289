/**
 * The build: credentials/ and nodes/ -> dist/, which is all that is packed and all that n8n loads.
 * `gulp watch` is for `npm run dev`: it builds into the folder of EMOJI_VIDEO_DIST, with source maps,
 * and again whenever a source changes.
 * clean -> compile (and take out the white space) -> copy (icons, codex, output schemas, entry point).
 */
const { spawn } = require('node:child_process');
const path = require('node:path');
const { readdir, readFile, rm, writeFile } = require('node:fs/promises');
const swc = require('@swc/core');
const { dest, parallel, series, src, watch } = require('gulp');

const DIST = process.env.EMOJI_VIDEO_DIST ?? 'dist';

const clean = () => rm(DIST, { recursive: true, force: true });

const tsc = (...flags) =>
	spawn(process.execPath, [require.resolve('typescript/bin/tsc'), ...flags], { stdio: 'inherit' });

const compile = () => tsc();

const compileOnChange = () =>
	tsc('--watch', '--preserveWatchOutput', '--outDir', DIST, '--sourceMap', '--inlineSources');

const compiledFiles = async () =>
	(await readdir(DIST, { recursive: true, withFileTypes: true }))
		.filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
		.map((entry) => path.join(entry.parentPath, entry.name));

/** Keeps the package small. Names stay as they are, so that stack traces can be read. */
const compact = async () => {
	const options = {
		isModule: false,
		minify: true,
		jsc: { target: 'es2022', minify: { compress: false, mangle: false } },
	};
	for (const file of await compiledFiles()) {
		const { code } = await swc.transform(await readFile(file, 'utf8'), options);
		await writeFile(file, code);
	}
};

const copy = (name, globs) => {
	const task = () => src(globs, { base: '.', encoding: false }).pipe(dest(DIST));
	return Object.assign(task, { displayName: `copy ${name}`, globs });
};

const icons = copy('icons', 'icons/*.svg');
const codex = copy('codex', 'nodes/**/*.node.json');
const schemas = copy('output schemas', 'nodes/**/__schema__/**/*.json');
const entry = copy('entry point', 'index.js');

const copies = [icons, codex, schemas, entry];
const copyOnChange = () => copies.forEach((task) => watch(task.globs, task));

exports.clean = clean;
exports.compile = compile;
exports.build = series(clean, parallel(series(compile, compact), ...copies));
exports.default = exports.build;
exports.watch = series(parallel(...copies), parallel(copyOnChange, compileOnChange));
