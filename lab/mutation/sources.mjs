/**
 * Has Node.js load the TypeScript sources, once for all tests of a process. A copy of our own modules for each
 * test file, as jest gives it; n8n's engine is shared. What asks for the built package gets the sources.
 */
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import { compileFunction } from 'node:vm';
import { transformSync } from '@swc/core';

const OPTIONS = {
	swcrc: false,
	configFile: false,
	jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
	module: { type: 'commonjs' },
};

const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];

const BUILT = /\/dist\/((?:nodes|credentials)\/.*)\.js$/;

/** @param {string} root the project's folder */
export function createSources(root) {
	const require = createRequire(path.join(root, 'package.json'));
	const compiled = new Map();
	const compile = (module, file) => {
		if (!compiled.has(file)) {
			const { code } = transformSync(readFileSync(file, 'utf8'), { ...OPTIONS, filename: file });
			compiled.set(file, compileFunction(code, PARAMETERS, { filename: file }));
		}
		const requireOf = (request) => module.require(request);
		const { exports } = module;
		compiled.get(file).call(exports, exports, requireOf, module, file, path.dirname(file));
	};
	// The order in which Node.js looks for them: EmojiVideo.node is a .ts before it is a .json.
	const others = { ...Module._extensions };
	for (const extension of Object.keys(others)) delete Module._extensions[extension];
	Object.assign(Module._extensions, { '.mts': compile, '.ts': compile }, others);
	const resolve = Module._resolveFilename;
	Module._resolveFilename = (request, ...rest) =>
		resolve(request.startsWith(root) ? request.replace(BUILT, '/$1.ts') : request, ...rest);

	const { cache } = require;
	const own = () =>
		Object.keys(cache).filter(
			(file) => file.startsWith(root + path.sep) && !file.includes('/node_modules/'),
		);
	const copies = new Map();
	return {
		require,
		/** Loads a test file, and what it needs of ours, anew. */
		load(file) {
			for (const name of own()) delete cache[name];
			const exports = require(file);
			copies.set(file, Object.fromEntries(own().map((name) => [name, cache[name]])));
			return exports;
		},
		/** Modules that are loaded from now on are those of this test file. */
		enter(file) {
			for (const name of own()) delete cache[name];
			Object.assign(cache, copies.get(file));
		},
	};
}
