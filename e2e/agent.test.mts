/**
 * The AI agent sample, with n8n's own agent and a model that says what is scripted here: what reaches
 * the model of our node, and what our node makes of the model's call.
 */
import { z } from 'zod';

import { outputOf } from '../sandbox/n8n/report.mts';
import { startChatModel, type Chat } from './standIns.mts';
import { exampleOf, logIn, readWorld } from './world.mts';

const resultOf = (chat: Chat) =>
	chat.messages.filter(({ role }) => role === 'tool').at(-1)?.content;

describe('the AI agent sample', () => {
	const world = readWorld();

	it('lets the model choose portrait and template, and gives it a link', async () => {
		const api = await logIn(world);
		const imageUrl = `${world.storageUrl}/portraits/kim.png`;
		const model = await startChatModel((chat) => {
			const result = resultOf(chat);
			if (result === undefined) {
				return { tool: 'Create_Emoji_Video', arguments: { imageUrl, template: 'mengwa_kun_1' } };
			}
			return {
				text: `Here it is: ${/https?:[^"\\\s]+mp4[^"\\\s]*/.exec(JSON.stringify(result))?.[0]}`,
			};
		});
		try {
			const openAiApi = await api.saveCredential('OpenAI', 'openAiApi', {
				apiKey: 'scripted',
				url: `${model.url}/v1`,
				header: false,
			});
			const example = exampleOf(world, 'ai-agent.json');
			const nodes = example.nodes.map((node) =>
				node.name === 'Chat Model' ? { ...node, credentials: { openAiApi } } : node,
			);
			const workflow = await api.importWorkflow({ ...example, nodes });
			const { executionId } = z.object({ executionId: z.string() }).parse(
				await api.request('POST', `/workflows/${workflow.id}/run`, {
					workflowData: workflow,
					triggerToStartFrom: {
						name: 'Chat',
						data: {
							data: {
								main: [
									[
										{
											json: {
												sessionId: 's',
												action: 'sendMessage',
												chatInput: 'A sleepy one, please.',
											},
										},
									],
								],
							},
							source: [null],
							startTime: 0,
							executionTime: 0,
							executionIndex: 0,
						},
					},
				}),
			);
			const execution = await api.waitForExecution(executionId);
			if (execution.status !== 'success')
				throw new Error(JSON.stringify(execution.data.resultData.error));

			const [first] = model.chats;
			const tool = first?.tools?.find(({ function: { name } }) => name === 'Create_Emoji_Video');
			expect(tool?.function.parameters).toMatchObject({
				properties: { imageUrl: { type: 'string' }, template: { type: 'string' } },
			});
			expect(JSON.stringify(tool)).toContain('mengwa_kun_1 (sleepy)');
			const result = JSON.stringify(resultOf(model.chats.at(-1) ?? { messages: [] }));
			expect(result).toMatch(/taskId/);
			expect(result).toContain('mengwa_kun_1');
			const [answer] = outputOf(execution, 'AI Agent');
			expect(String(answer?.json.output)).toMatch(/^Here it is: http.+\.mp4/);
			const video = await fetch(String(answer?.json.output).slice('Here it is: '.length));
			expect(video.status).toBe(200);
		} finally {
			await model.close();
		}
	});
});
