import { forbiddenModules, modulesOf, whyNot } from '../../../scripts/hostModules.mts';

describe('modules that the package takes from n8n', () => {
	it('are found in each form of import and require', () => {
		const code = [
			"/** What `require('this-very-package')` gives. */",
			'const a = require(\'zod\'), b = require("./near");',
			"import { c } from 'luxon';",
			"const d = await import('p-limit');",
			"import 'reflect-metadata';",
			"export * from 'n8n-workflow';",
		].join('\n');
		const wanted = ['zod', 'luxon', 'p-limit', 'reflect-metadata', 'n8n-workflow'];
		expect(modulesOf(code).sort()).toEqual(wanted.sort());
	});

	it('are rejected if a supported n8n may lack them', () => {
		const files = { 'nodes/Bad.js': "const p_limit_1 = require('p-limit');" };
		expect(forbiddenModules(files)).toEqual([
			'nodes/Bad.js asks for p-limit: p-limit is a direct dependency of n8n since 2.20.0 only; 1.101.1 is supported, too',
		]);
	});

	it('are rejected if n8n does not depend on them itself', () => {
		const reason = 'reflect-metadata is none of those that every supported n8n depends on';
		expect(whyNot('reflect-metadata')).toBe(reason);
	});

	it.each(['n8n-workflow', 'luxon', 'zod', 'node:crypto'])(
		'are allowed to include %s',
		(module) => {
			expect(whyNot(module)).toBeUndefined();
		},
	);
});

describe("the unit tests' n8n-workflow", () => {
	const light = jest.requireActual<Record<string, unknown>>('n8n-workflow');
	const all = jest.requireActual<Record<string, unknown>>('n8n-workflow/dist/cjs/index.js');

	it.each([
		'BINARY_ENCODING',
		'NodeApiError',
		'NodeConnectionTypes',
		'NodeOperationError',
		'Workflow',
		'sleep',
		'sleepWithAbort',
		'updateDisplayOptions',
	])('has the same %s as the package', (name) => {
		expect(light[name]).toBe(all[name]);
	});
});
