/**
 * Before anything is sent: what opening the account throws is a failure with a next step, and a password
 * in the account's address is in no error, no item and no line of the log.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { route } from '../../../nodes/EmojiVideo/actions/router';

const PARAMETERS: Record<string, unknown> = {
	resource: 'video',
	operation: 'getStatus',
	durableRole: '',
	taskId: '0385dc79-5ff8-4d82-bcb6-0c3f3f1f2a10',
};

/** n8n with one item; everything that it is told is kept. */
function n8nWith(more: Record<string, unknown>) {
	const told: unknown[] = [];
	const tell = (...words: unknown[]) => void told.push(words);
	const refuse = async (request: unknown) => {
		tell(request);
		return await Promise.resolve({ statusCode: 401, headers: {}, body: '{}' });
	};
	const functions = {
		getInputData: () => [{ json: {} }],
		getNodeParameter: (name: string, _: number, fallback: unknown) => PARAMETERS[name] ?? fallback,
		getTimezone: () => 'UTC',
		getNode: () => ({ name: 'Emoji Video', type: 'emojiVideo', typeVersion: 1, parameters: {} }),
		getContext: () => ({}),
		getWorkflow: () => ({ id: 'w', name: 'w', active: false }),
		getExecutionId: () => '1',
		getMode: () => 'trigger',
		getExecutionCancelSignal: () => undefined,
		getWorkflowDataProxy: () => ({ $runIndex: 0, $execution: { id: '1' }, $workflow: { id: 'w' } }),
		getCredentials: async () => await Promise.resolve({ apiKey: 'sk-0123456789' }),
		continueOnFail: () => true,
		isToolExecution: () => false,
		addExecutionHints: tell,
		setMetadata: tell,
		logger: { warn: tell, info: tell, debug: tell, error: tell },
		helpers: { httpRequest: refuse, httpRequestWithAuthentication: refuse },
		...more,
	} as unknown as IExecuteFunctions;
	return { functions, told };
}

const boom = () => {
	throw new Error('Nobody expected this');
};

describe.each(['getContext', 'getWorkflowDataProxy', 'getExecutionCancelSignal'])(
	'%s that throws',
	(method) => {
		// Asked once more for what is said at the end.
		const once = () => {
			let asked = 0;
			return () => (asked++ === 0 ? boom() : undefined);
		};

		it('is the failure of the item, with a next step', async () => {
			const { functions } = n8nWith({ [method]: once() });
			const [items] = await route(functions);
			expect(items).toEqual([
				expect.objectContaining({
					json: expect.objectContaining({
						error: expect.objectContaining({
							message: expect.stringContaining('Nobody expected this') as string,
							description: expect.stringMatching(/Get Many.*report/) as string,
						}) as object,
					}) as object,
					pairedItem: { item: 0 },
				}),
			]);
		});

		it("is n8n's error where the node does not go on", async () => {
			const { functions } = n8nWith({ [method]: once(), continueOnFail: () => false });
			await expect(route(functions)).rejects.toMatchObject({
				name: 'NodeOperationError',
				message: expect.stringContaining('Nobody expected this') as string,
				description: expect.stringMatching(/Get Many.*report/) as string,
			});
		});
	},
);

it('a credential that cannot be read says what to do', async () => {
	const { functions } = n8nWith({ getCredentials: boom });
	const [items] = await route(functions);
	expect(items?.[0]?.json['error']).toMatchObject({
		message: 'The DashScope API credential cannot be used: Nobody expected this',
		description: expect.stringContaining('Select a DashScope API credential') as string,
	});
});

describe.each([
	'https://user:s3cret@gateway.example.com',
	'http://localhost:s3cret@evil.example',
	'https://user:s3cret%40gateway.example.com',
	'https://gateway.example.com\\@s3cret.example',
	'https://gateway.example.com/?key=s3cret',
	'user:s3cret',
])('Custom URL %j', (customUrl) => {
	const getCredentials = async () =>
		await Promise.resolve({ apiKey: 'sk-0123456789', endpoint: 'custom', customUrl });

	it.each([true, false])('is refused without its secret (goes on: %s)', async (goesOn) => {
		const { functions, told } = n8nWith({ getCredentials, continueOnFail: () => goesOn });
		const end = await route(functions).catch((error: unknown) => error as Error);
		const parts = end instanceof Error ? Object.getOwnPropertyNames(end) : [];
		const shown = JSON.stringify([end, parts.map((part) => String(end[part as never])), told]);
		expect(shown).toContain('Custom URL');
		expect(shown).not.toContain('s3cret');
	});
});
