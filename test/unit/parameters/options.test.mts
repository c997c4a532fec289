/** The form as n8n shows it and the form as the node reads it have the same fields. */
import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { OPERATIONS, route } from '../../../nodes/EmojiVideo/actions/router';
import { triggerFields, triggerForm } from '../../../nodes/EmojiVideo/parameters/trigger';
import { formOf } from '../support/formSource.mts';

/** `imageUrl`, and the options inside groups: `options.timeout`. */
const pathsOf = (fields: INodeProperties[]): string[] => [
	...new Set(
		fields.flatMap(({ name, type, options = [] }) =>
			type === 'collection' ? options.map((option) => `${name}.${option.name}`) : [name],
		),
	),
];

/** The fields that show others, in each combination that matters. */
const CHOICES: Array<Record<string, unknown>> = [
	{ imageSource: 'url', faceAreas: 'manual', downloadVideo: true },
	{ imageSource: 'binary', faceAreas: 'detect', downloadVideo: false },
];

const VALUES: Record<string, unknown> = {
	imageUrl: 'https://example.com/a.png',
	templates: ['mengwa_kaixin'],
	faceArea: '[1,1,500,500]',
	expressionArea: '[0,0,600,600]',
	taskId: '0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10',
	inputField: 'data',
};

let accounts = 0;

/** The paths that an operation reads of an item; the account rejects every request. */
async function pathsReadBy(resource: string, operation: string): Promise<Set<string>> {
	const read = new Set<string>();
	const rejects = async () =>
		await Promise.resolve({
			statusCode: 400,
			headers: {},
			body: '{"code":"InvalidParameter","request_id":"r"}',
		});
	for (const choices of CHOICES) {
		const values: Record<string, unknown> = { ...VALUES, ...choices, resource, operation };
		const functions = {
			getInputData: () => [{ json: {} }],
			getNodeParameter: (path: string, _: number, fallback: unknown) => {
				read.add(path);
				return values[path] ?? fallback;
			},
			getTimezone: () => 'Asia/Shanghai',
			getNode: () => ({ name: 'Emoji Video', type: 'emojiVideo', typeVersion: 1, parameters: {} }),
			getContext: () => ({}),
			getWorkflow: () => ({ id: 'w', name: 'w', active: false }),
			getExecutionId: () => '1',
			getMode: () => 'trigger',
			getExecutionCancelSignal: () => undefined,
			getWorkflowDataProxy: () => ({ $runIndex: 0 }),
			getCredentials: async () => await Promise.resolve({ apiKey: `sk-read-${accounts++}` }),
			continueOnFail: () => true,
			isToolExecution: () => false,
			addExecutionHints: () => undefined,
			logger: { warn: jest.fn(), info: jest.fn(), debug: jest.fn(), error: jest.fn() },
			helpers: {
				httpRequest: rejects,
				httpRequestWithAuthentication: rejects,
				assertBinaryData: () => ({ data: '', mimeType: 'image/png' }),
			},
		} as unknown as IExecuteFunctions;
		await route(functions);
	}
	return read;
}

const operations = Object.entries(OPERATIONS).flatMap(([resource, each]) =>
	Object.entries(each).map(([operation, { fields }]) => ({ resource, operation, fields })),
);

/** Read for every operation: what n8n shows with other operations, or never. */
/** Read with another operation's form: unseen, so never set. */
const READ_UNSEEN: Record<string, string[]> = { wait: ['limitOptions.queueAhead'] };

const EVERYWHERE = [
	'resource',
	'operation',
	'durableRole',
	'limitOptions.creationsPerSecond',
	'limitOptions.detectionsPerSecond',
];

describe.each(operations)('the form of $resource $operation', ({ resource, operation, fields }) => {
	// n8n itself hands this text to the model.
	const shown = pathsOf(fields).filter((path) => path !== 'toolDescription');

	it('has no field that the node does not read', async () => {
		const read = await pathsReadBy(resource, operation);
		expect(shown.filter((path) => !read.has(path))).toEqual([]);
	});

	it('has every field that the node reads', async () => {
		const read = await pathsReadBy(resource, operation);
		const known = [...shown, ...EVERYWHERE, ...(READ_UNSEEN[operation] ?? [])];
		expect([...read].filter((path) => !known.includes(path))).toEqual([]);
	});
});

it("the trigger's form has the fields that the node reads, and no other", () => {
	const read = new Set<string>();
	const values: Record<string, unknown> = { statuses: ['SUCCEEDED'] };
	const get = (path: string) => {
		read.add(path);
		return values[path];
	};
	expect(triggerForm(formOf({}, { get }))).toMatchObject({ ok: true });
	const shown = pathsOf(triggerFields).filter((path) => path !== 'event');
	expect([...read].sort()).toEqual(shown.sort());
});
