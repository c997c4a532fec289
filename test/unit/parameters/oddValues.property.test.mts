/**
 * Odd values in any field, by expression or from the item: the item ends as a failure that says so, the other items
 * are unaffected, and nothing is sent. `npm run fuzz` tries far more values.
 */
import fc from 'fast-check';
import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { OPERATIONS, route } from '../../../nodes/EmojiVideo/actions/router';
import { triggerFields, triggerForm } from '../../../nodes/EmojiVideo/parameters/trigger';
import { expectProperty, PROPERTY_TIMEOUT_MS } from '../../properties.mts';

const RUNS = 400;

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

function deep(depth: number): unknown {
	let value: unknown = 1;
	for (let level = 0; level < depth; level++) value = [value];
	return value;
}

const circular: Record<string, unknown> = {};
circular['self'] = circular;

const throwing = {
	get message(): string {
		throw new Error('getter');
	},
	get length(): number {
		throw new Error('getter');
	},
	toJSON() {
		throw new Error('toJSON');
	},
	toString() {
		throw new Error('toString');
	},
};

const hostileProxy = new Proxy(
	{},
	new Proxy(
		{},
		{
			get() {
				throw new Error('trap');
			},
		},
	),
);

/** Values that an expression may return by mistake. */
const ODD: unknown[] = [
	nested(6000),
	'['.repeat(6000),
	`${nested(3000)},${nested(3000)}`,
	deep(20_000),
	10n ** 400n,
	[1n, 2n, 3n, 4n],
	circular,
	[circular],
	throwing,
	[throwing],
	hostileProxy,
	Object.create(null),
	[Object.create(null)],
	{ isLuxonDateTime: true },
	{ isLuxonDateTime: true, toMillis: () => 'x' },
	new Date(Number.NaN),
	new Date(8.64e15),
	Symbol('odd'),
	() => 'odd',
	Number.NaN,
	-0,
	Infinity,
	2 ** 53,
	'\ud83d',
	'\ude00'.repeat(3),
	'\u202egpj.exe\u0000',
	'constructor',
	'__proto__',
	['__proto__'],
	'toString',
	'https://user:pass@10.0.0.1\\@example.com/',
	'http://[::ffff:127.0.0.1]/',
	'javascript:alert(1)',
	'data:image/png;base64,AAAA',
	new Map([[1, 2]]),
	new Set(['mengwa_kaixin']),
	new Uint8Array(4),
	new Proxy([], {}),
	Array.from({ length: 5 }),
	'2025-10-14T11:28:04+99:99',
	'1e999',
	'0x10',
	'１２３',
	true,
	false,
	null,
	undefined,
	'',
	' \t\n\u3000',
];

/** Wrapped, since fast-check looks into what it is given. */
const odd = fc.oneof(
	fc.constantFrom(...ODD.map((value) => ({ value }))),
	fc
		.anything({
			maxDepth: 3,
			withBigInt: true,
			withBoxedValues: true,
			withDate: true,
			withMap: true,
			withNullPrototype: true,
			withObjectString: true,
			withSet: true,
			withSparseArray: true,
			withTypedArray: true,
			withUnicodeString: true,
		})
		.map((value) => ({ value })),
	fc.string({ unit: 'binary', maxLength: 40 }).map((value) => ({ value })),
);

/** `imageUrl`, and what is within collections: `options.timeout`. */
const pathsOf = (fields: INodeProperties[]): string[] =>
	fields.flatMap(({ name, type, options = [] }) =>
		type === 'collection' ? options.map((option) => `${name}.${option.name}`) : [name],
	);

const SURFACE = Object.entries(OPERATIONS).flatMap(([resource, operations]) =>
	Object.entries(operations).flatMap(([operation, { fields }]) =>
		['resource', 'operation', 'durableRole', ...new Set(pathsOf(fields))].map((path) => ({
			resource,
			operation,
			path,
		})),
	),
);

/** Fields by which the others are shown, set so that the odd one is read. */
const SHOWING: Record<string, Record<string, unknown>> = {
	inputField: { imageSource: 'binary' },
	faceArea: { faceAreas: 'manual', expressionArea: '[0,0,600,600]' },
	expressionArea: { faceAreas: 'manual', faceArea: '[1,1,500,500]' },
	'portraitOptions.checkImage': { imageSource: 'url' },
};

/** An account of its own for each, since an account has its pace. */
let accounts = 0;

interface Asked {
	resource: string;
	operation: string;
	path: string;
	odd: { value: unknown };
	continues: boolean;
}

/** n8n with two items, the first of which has an odd value in a field; nothing can be sent. */
function n8nWith({ resource, operation, path, odd: { value }, continues }: Asked) {
	const sent: unknown[] = [];
	const usual: Record<string, unknown> = {
		resource,
		operation,
		durableRole: '',
		imageSource: 'url',
		imageUrl: 'https://example.com/a.png',
		faceAreas: 'detect',
		templates: ['mengwa_kaixin'],
		taskId: '0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10',
		...SHOWING[path],
	};
	const refuse = async (...request: unknown[]) => {
		sent.push(request);
		return await Promise.resolve({
			// A rejected key would be confirmed after 10 seconds of real time, and a 400 asks for smaller pages.
			statusCode: 404,
			headers: {},
			body: '{"code":"InvalidParameter","message":"Rejected.","request_id":"r"}',
		});
	};
	const context = {};
	const functions = {
		getInputData: () => [{ json: {} }, { json: {} }],
		getNodeParameter: (name: string, itemIndex: number, fallback: unknown) =>
			name === path && itemIndex === 0 ? value : (usual[name] ?? fallback),
		getTimezone: () => 'Asia/Shanghai',
		getNode: () => ({ name: 'Emoji Video', type: 'emojiVideo', typeVersion: 1, parameters: {} }),
		getContext: () => context,
		getWorkflow: () => ({ id: 'w', name: 'w', active: false }),
		getExecutionId: () => '1',
		getMode: () => 'trigger',
		getExecutionCancelSignal: () => undefined,
		getWorkflowDataProxy: () => ({ $runIndex: 0, $execution: { id: '1' }, $workflow: { id: 'w' } }),
		getCredentials: async () =>
			await Promise.resolve({ apiKey: `sk-${accounts++}`, endpoint: 'beijing' }),
		continueOnFail: () => continues,
		isToolExecution: () => false,
		addExecutionHints: () => undefined,
		setMetadata: () => undefined,
		logger: {
			warn: () => undefined,
			info: () => undefined,
			debug: () => undefined,
			error: () => undefined,
		},
		helpers: {
			httpRequest: refuse,
			httpRequestWithAuthentication: refuse,
			assertBinaryData: () => {
				throw new Error('There is no such field');
			},
		},
	} as unknown as IExecuteFunctions;
	return { functions, sent };
}

const asked: fc.Arbitrary<Asked> = fc
	.record({ where: fc.constantFrom(...SURFACE), odd, continues: fc.boolean() })
	.map(({ where, ...rest }) => ({ ...where, ...rest }));

const describeOf = (item: { json: Record<string, unknown> }) => {
	const error = item.json['error'] as { message?: unknown; description?: unknown } | undefined;
	return { message: error?.message, description: error?.description };
};

async function expectNoSilence(one: Asked): Promise<void> {
	const { functions } = n8nWith(one);
	if (!one.continues) {
		await expect(route(functions)).rejects.toMatchObject({
			name: expect.stringMatching(/^Node(Api|Operation)Error$/) as string,
		});
		return;
	}
	const [items = []] = await route(functions);
	expect(new Set(items.map(({ pairedItem }) => (pairedItem as { item: number }).item))).toEqual(
		new Set([0, 1]),
	);
	for (const item of items) {
		const { message, description } = describeOf(item);
		expect(message).toEqual(expect.stringMatching(/\S/));
		expect(description).toEqual(expect.stringMatching(/\S/));
		expect(String(message).length).toBeLessThan(2000);
		expect(() => JSON.stringify(item)).not.toThrow();
	}
}

it(
	'the node reports an odd value in any field',
	async () => {
		await expectProperty(fc.asyncProperty(asked, expectNoSilence), RUNS);
	},
	PROPERTY_TIMEOUT_MS,
);

it('the node reports each known odd value in each field', async () => {
	const each = new Map(SURFACE.map((where) => [where.path, where]));
	for (const where of each.values()) {
		for (const value of ODD) await expectNoSilence({ ...where, odd: { value }, continues: true });
	}
}, 600_000);

it(
	'the trigger reports an odd value in any field',
	() => {
		const paths = fc.constantFrom(...pathsOf(triggerFields));
		expectProperty(
			fc.property(paths, odd, (path, { value }) => {
				const form = triggerForm({
					get: (name) => (name === path ? value : null),
					fileFields: [],
					timezone: 'UTC',
					allowLoopback: false,
					isTool: false,
					now: 0,
				});
				if (form.ok) return;
				expect(form.failure.message).toMatch(/\S/);
				expect(form.failure.nextStep).toMatch(/\S/);
			}),
			RUNS,
		);
	},
	PROPERTY_TIMEOUT_MS,
);
