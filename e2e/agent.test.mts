/**
 * The AI agent sample, with n8n's own agent and a scripted model. The tests compare what the model reads of the
 * node, and what the node does with the model's calls.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import type { N8nApi, Workflow } from '../sandbox/n8n/api.mts';
import { outputOf } from '../sandbox/n8n/report.mts';
import { inDocs, sinceLastLine, toolsOf, transcriptOf } from './conversations.mts';
import { startChatModel, type Chat, type Say } from './recipients.mts';
import { exampleOf, logIn, readWorld } from './world.mts';

const CREATE = 'Create_Emoji_Video';
const STATUS = 'Get_Video_Status';

/** The tools' results since the person's last line, as the model reads them. */
const toolResults = (chat: Chat | undefined): string[] =>
	sinceLastLine(chat)
		.filter(({ role }) => role === 'tool')
		.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)));

const taskIdIn = (text: string) => /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/.exec(text)?.[0];
const linkIn = (text: string) => /https?:[^"\\\s]+mp4[^"\\\s]*/.exec(text)?.[0] ?? '';

/** A person writes into the chat. */
async function say(api: N8nApi, workflow: Workflow, sessionId: string, chatInput: string) {
	const message = { sessionId, action: 'sendMessage', chatInput };
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
	const ASKED = `Make me a sleepy video of ${imageUrl}, please.`;

	async function finished(taskId: string | undefined): Promise<void> {
		const headers = { authorization: `Bearer ${world.apiKey}` };
		const poll = async () => await fetch(`${world.mockUrl}/api/v1/tasks/${taskId}`, { headers });
		while (!(await (await poll()).text()).includes('SUCCEEDED')) await sleep(200);
	}

	interface Conversation {
		/** The person's lines, one for each turn. */
		lines?: string[];
		agent?: number;
		/** Parameters of Create Emoji Video. */
		create?: Record<string, unknown>;
		/** Happens between two turns. */
		meanwhile?: (answer: string) => Promise<void>;
	}

	/** Runs a conversation. @returns the answers that the person reads, and the messages that the model has read */
	async function talk(
		script: (results: string[], chat: Chat) => Say,
		{ lines = [ASKED], agent = 3.1, create = {}, meanwhile }: Conversation = {},
	) {
		const api = await logIn(world);
		const model = await startChatModel((chat) => script(toolResults(chat), chat));
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
			const sessionId = randomUUID();
			const turns: Array<{ answer: string; chat: Chat | undefined }> = [];
			for (const line of lines) {
				const before = turns.at(-1);
				if (before) await meanwhile?.(before.answer);
				const answer = await say(api, workflow, sessionId, line);
				turns.push({ answer, chat: model.chats.at(-1) });
			}
			const { answer = '', chat } = turns.at(-1) ?? {};
			return { answer, turns, chats: model.chats, results: toolResults(chat) };
		} finally {
			await model.close();
		}
	}

	it('describes the templates and the rules for a portrait to the model', async () => {
		const { chats } = await talk(() => ({ text: 'Which portrait?' }));
		const tools = Object.fromEntries(
			(chats[0]?.tools ?? []).map(({ function: tool }) => [tool.name, JSON.stringify(tool)]),
		);
		expect(tools[CREATE]).toMatch(/Makes short animated videos .* Each video is billed/);
		expect(tools[CREATE]).toContain('Cute Kid: Happy; Cute Kid: Wide-Eyed');
		expect(tools[CREATE]).toMatch(/400 to 7000 pixels .* one person who faces the camera/);
		expect(tools[STATUS]).toMatch(/Tells how far an emoji video is/);
		const told = toolsOf(chats[0]);
		expect(await inDocs('What the model reads of the two tools', told)).toBe(told);
	});

	it.each([3.1, 2.2])(
		'returns a link and little else if the model chooses a template by name (agent %s)',
		async (agent) => {
			const { answer, results, turns } = await talk(
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
			const said = transcriptOf(turns);
			expect(await inDocs('A video while one waits', said)).toBe(said);
		},
	);

	it.each([3.1, 2.2])('returns both templates if a name fits two (agent %s)', async (agent) => {
		const { results, turns } = await talk(
			([result]) =>
				result === undefined
					? { tool: CREATE, arguments: { Image_URL: imageUrl, Templates: 'Happy' } }
					: { text: 'Happy like a cute kid, or happy like a worker?' },
			{ agent, lines: [`Make me a happy video of ${imageUrl}, please.`] },
		);
		expect(results[0]).toContain('Cute Kid: Happy (mengwa_kaixin)');
		expect(results[0]).toContain('Worker: Happy (dagong_kaixin)');
		const said = transcriptOf(turns);
		if (agent === 3.1) expect(await inDocs('A name that fits two templates', said)).toBe(said);
	});

	it('returns the task, for Get Status later, if the wait would outlast the chat', async () => {
		const { answer, chats, turns } = await talk(
			([result], { messages }) => {
				const known = taskIdIn(JSON.stringify(messages));
				if (result === undefined) {
					return known === undefined
						? { tool: CREATE, arguments: { Image_URL: imageUrl, Templates: 'Tired' } }
						: { tool: STATUS, arguments: { Task_IDs: known } };
				}
				const link = linkIn(result);
				if (link !== '') return { text: `Here it is: ${link} The link works for 24 hours.` };
				return { text: `It is being made, as task ${known}. Ask me again in a minute.` };
			},
			{
				lines: [`Make me a tired video of ${imageUrl}, please.`, 'Is it finished?'],
				create: { answerWithin: 1 },
				meanwhile: async (answer) => await finished(taskIdIn(answer)),
			},
		);
		const created = toolResults(chats.at(1))[0];
		expect(created).toMatch(/"status":"(PENDING|RUNNING)"/);
		expect(created).toContain('ask for its status with this taskId');
		expect(answer).toMatch(/^Here it is: http.+\.mp4/);
		const said = transcriptOf(turns);
		expect(await inDocs('A video that takes longer than the chat', said)).toBe(said);
	});
});
