/**
 * The AI agent sample, with n8n's own agent and a model that says what is scripted here: what reaches
 * the model of our node, and what our node makes of the model's call.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';

import type { N8nApi, Workflow } from '../sandbox/n8n/api.mts';
import { outputOf } from '../sandbox/n8n/report.mts';
import { startChatModel, type Chat, type Say } from './standIns.mts';
import { exampleOf, logIn, readWorld } from './world.mts';

const CREATE = 'Create_Emoji_Video';
const STATUS = 'Get_Video_Status';

/** What the tools have said so far, as the model reads it. */
const toolResults = (chat: Chat | undefined): string[] =>
	(chat?.messages ?? [])
		.filter(({ role }) => role === 'tool')
		.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)));

const taskIdIn = (result: string) => /"taskId":"([\w-]+)"/.exec(result)?.[1];
const linkIn = (text: string) => /https?:[^"\\\s]+mp4[^"\\\s]*/.exec(text)?.[0] ?? '';

/** A person writes into the chat. */
async function say(api: N8nApi, workflow: Workflow, chatInput: string) {
	const message = { sessionId: randomUUID(), action: 'sendMessage', chatInput };
	const started = await api.request('POST', `/workflows/${workflow.id}/run`, {
		workflowData: workflow,
		triggerToStartFrom: {
			name: 'Chat',
			data: {
				data: { main: [[{ json: message }]] },
				source: [null],
				startTime: 0,
				executionTime: 0,
				executionIndex: 0,
			},
		},
	});
	const { executionId } = z.object({ executionId: z.string() }).parse(started);
	const execution = await api.waitForExecution(executionId);
	if (execution.status !== 'success')
		throw new Error(JSON.stringify(execution.data.resultData.error));
	return String(outputOf(execution, 'AI Agent')[0]?.json.output);
}

describe('the AI agent sample', () => {
	const world = readWorld();
	const imageUrl = `${world.storageUrl}/portraits/kim.png`;

	/** Runs one conversation. @returns what the person reads, and what the model has read */
	async function talk(
		script: (results: string[]) => Say,
		{ agent = 3.1, create = {} }: { agent?: number; create?: Record<string, unknown> } = {},
	) {
		const api = await logIn(world);
		const model = await startChatModel((chat) => script(toolResults(chat)));
		try {
			const openAiApi = await api.saveCredential('OpenAI', 'openAiApi', {
				apiKey: 'scripted',
				url: `${model.url}/v1`,
				header: false,
			});
			const example = exampleOf(world, 'ai-agent.json');
			const nodes = example.nodes.map((node) => {
				if (node.name === 'Chat Model') return { ...node, credentials: { openAiApi } };
				if (node.name === 'AI Agent') {
					// The scripted model asks again at once, many times.
					const parameters = { ...node.parameters, options: { maxIterations: 100 } };
					return { ...node, typeVersion: agent, parameters };
				}
				if (node.name !== 'Create Emoji Video') return node;
				return { ...node, parameters: { ...node.parameters, ...create } };
			});
			const workflow = await api.importWorkflow({ ...example, nodes });
			const answer = await say(api, workflow, 'Make me a video, please.');
			return { answer, chats: model.chats, results: toolResults(model.chats.at(-1)) };
		} finally {
			await model.close();
		}
	}

	it('tells the model the names of the templates and what a portrait must be', async () => {
		const { chats } = await talk(() => ({ text: 'Which portrait?' }));
		const tools = Object.fromEntries(
			(chats[0]?.tools ?? []).map(({ function: tool }) => [tool.name, JSON.stringify(tool)]),
		);
		expect(tools[CREATE]).toMatch(/Makes short animated videos .* Each video is billed/);
		expect(tools[CREATE]).toContain('Cute Kid: Happy; Cute Kid: Wide-Eyed');
		expect(tools[CREATE]).toMatch(/400 to 7000 pixels .* one person who faces the camera/);
		expect(tools[STATUS]).toMatch(/Tells how far an emoji video is/);
	});

	it.each([3.1, 2.2])(
		'agent %s: the model chooses by name, and gets a link and little else',
		async (agent) => {
			const { answer, results } = await talk(
				([result]) =>
					result === undefined
						? {
								tool: CREATE,
								arguments: { Image_URL: imageUrl, Templates: 'Cute Kid: Sleepy' },
							}
						: { text: `Here it is: ${linkIn(result)}` },
				{ agent },
			);
			expect(answer).toMatch(/^Here it is: http.+\.mp4/);
			expect((await fetch(linkIn(answer))).status).toBe(200);
			const [item] = z.array(z.record(z.unknown())).parse(JSON.parse(results[0] ?? ''));
			expect(item).toMatchObject({
				status: 'SUCCEEDED',
				templateName: 'Cute Kid: Sleepy',
				videoUrlExpiresAt: expect.any(String) as string,
			});
			expect(Object.keys(item ?? {}).length).toBeLessThanOrEqual(6);
		},
	);

	it.each([3.1, 2.2])(
		'agent %s: a name that fits two templates comes back with both',
		async (agent) => {
			const { answer } = await talk(
				([result]) =>
					result === undefined
						? { tool: CREATE, arguments: { Image_URL: imageUrl, Templates: 'Happy' } }
						: { text: `It says: ${result}` },
				{ agent },
			);
			expect(answer).toContain('Cute Kid: Happy (mengwa_kaixin)');
			expect(answer).toContain('Worker: Happy (dagong_kaixin)');
		},
	);

	it('a wait that would outlast the chat gives the task, for Get Status later', async () => {
		const { answer, results } = await talk(
			([created, ...states]) => {
				if (created === undefined) {
					return { tool: CREATE, arguments: { Image_URL: imageUrl, Templates: 'Tired' } };
				}
				const link = linkIn(states.at(-1) ?? '');
				if (link !== '') return { text: `Here it is: ${link}` };
				return { tool: STATUS, arguments: { Task_IDs: taskIdIn(created) } };
			},
			{ create: { answerWithin: 1 } },
		);
		expect(results[0]).toMatch(/"status":"(PENDING|RUNNING)"/);
		expect(results[0]).toContain('ask for its status with this taskId');
		expect(answer).toMatch(/^Here it is: http.+\.mp4/);
	});
});
