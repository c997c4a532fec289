/**
 * The build: credentials/ and nodes/ -> dist/, which is all that is packed and all that n8n loads.
 * `gulp watch` is for `npm run dev`: it builds into the folder of EMOJI_VIDEO_DIST, with source maps,
 * and again whenever a source changes.
 * clean -> compile -> copy (icons, codex, output schemas, entry point). Nothing is minified: whoever reads
 * a stack trace or reviews the package can read the code.
 */
const { spawn } = require('node:child_process');
const { rm } = require('node:fs/promises');
const { dest, parallel, series, src, watch } = require('gulp');

const DIST = process.env.EMOJI_VIDEO_DIST ?? 'dist';

const clean = () => rm(DIST, { recursive: true, force: true });

const tsc = (...flags) =>
	spawn(process.execPath, [require.resolve('typescript/bin/tsc'), ...flags], { stdio: 'inherit' });

const compile = () => tsc();

const compileOnChange = () =>
	tsc('--watch', '--preserveWatchOutput', '--outDir', DIST, '--sourceMap', '--inlineSources');

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
exports.build = series(clean, parallel(compile, ...copies));
exports.default = exports.build;
exports.watch = series(parallel(...copies), parallel(copyOnChange, compileOnChange));
