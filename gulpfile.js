/**
 * The build: credentials/ and nodes/ -> dist/, which is all that is packed and all that n8n loads.
 * clean -> compile -> copy (icons, codex, output schemas, the entry point).
 */
const { spawn } = require('node:child_process');
const { rm } = require('node:fs/promises');
const { dest, parallel, series, src } = require('gulp');

const DIST = 'dist';

const clean = () => rm(DIST, { recursive: true, force: true });

const compile = () =>
	spawn(process.execPath, [require.resolve('typescript/bin/tsc')], { stdio: 'inherit' });

const copy = (name, globs) => {
	const task = () => src(globs, { base: '.', encoding: false }).pipe(dest(DIST));
	return Object.assign(task, { displayName: `copy ${name}` });
};

const icons = copy('icons', 'icons/*.svg');
const codex = copy('codex', 'nodes/**/*.node.json');
const schemas = copy('output schemas', 'nodes/**/__schema__/**/*.json');
const entry = copy('entry point', 'index.js');

exports.clean = clean;
exports.compile = compile;
exports.build = series(clean, parallel(compile, icons, codex, schemas, entry));
exports.default = exports.build;
