/**
 * n8n-workflow for the unit and contract tests: the same modules, each loaded when it is first used. To
 * load all of them takes 0.25 s in each test file; the package uses the few below, which take 0.05 s.
 * Any other name loads all of n8n-workflow.
 */
const MODULES = {
	constants: ['BINARY_ENCODING'],
	'errors/node-api.error': ['NodeApiError'],
	'errors/node-operation.error': ['NodeOperationError'],
	interfaces: ['NodeConnectionTypes'],
	// `sleepWithAbort` is of older versions, which have it there, too.
	utils: ['sleep', 'sleepWithAbort', 'updateDisplayOptions'],
};

const moduleOf = new Map(
	Object.entries(MODULES).flatMap(([module, names]) => names.map((name) => [name, module])),
);

module.exports = new Proxy(
	{ __esModule: true },
	{
		get(target, name) {
			if (!(name in target)) {
				target[name] = require(`n8n-workflow/dist/cjs/${moduleOf.get(name) ?? 'index'}`)[name];
			}
			return target[name];
		},
	},
);
