/**
 * Conversations with an agent as docs/agent.md shows them. Rule: the page shows what was said in a test, and
 * the test fails when something else is said; what differs from run to run stands as an example's value.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

import { PROJECT_FOLDER } from '../sandbox/n8n/paths.mts';
import type { Chat } from './recipients.mts';

const PAGE = path.join(PROJECT_FOLDER, 'docs', 'agent.md');

const messageSchema = z.object({
	role: z.enum(['user', 'assistant', 'tool']),
	// Beside a call: null, or an empty list.
	content: z.union([z.string(), z.null(), z.array(z.never())]).optional(),
	tool_calls: z
		.array(z.object({ function: z.object({ name: z.string(), arguments: z.string() }) }))
		.default([]),
});

const VARYING: Array<[RegExp, string]> = [
	[/http:[^\s"\\]*\/portraits\//g, 'https://example.com/'],
	[/http:[^\s"\\]*\.mp4[^\s"\\]*/g, 'https://dashscope-result.example/1.mp4?Expires=...'],
	[/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, '0385dc79-5ff8-4d82-bcb6-5f8d4d82bcb6'],
	[/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g, '2026-11-26T15:20:00.000+08:00'],
	[/"status":"PENDING"/g, '"status":"RUNNING"'],
];

const withExampleValues = (text: string): string =>
	VARYING.reduce((result, [pattern, value]) => result.replace(pattern, value), text);

function linesOf(message: unknown): string[] {
	const parsed = messageSchema.safeParse(message);
	if (!parsed.success) return [JSON.stringify(message)];
	const { role, content, tool_calls: calls } = parsed.data;
	const called = calls.map(({ function: { name, arguments: text } }) => {
		const given = Object.entries(z.record(z.unknown()).parse(JSON.parse(text)));
		// Newer agents give the call's ID back among the arguments.
		const own = Object.fromEntries(given.filter(([argument]) => argument !== 'id'));
		return `Model calls: ${name} ${JSON.stringify(own)}`;
	});
	const speaker = { user: 'Person', assistant: 'Model', tool: 'Tool' }[role];
	return [
		...called,
		...(typeof content === 'string' && content !== '' ? [`${speaker}: ${content}`] : []),
	];
}

/** What was said from the person's last line on; what a memory has kept of earlier ones comes before it. */
export function sinceLastLine(chat: Chat | undefined): Chat['messages'] {
	const messages = chat?.messages ?? [];
	return messages.slice(messages.findLastIndex(({ role }) => role === 'user'));
}

/**
 * All that was said, one line each.
 * @param turns of each, the last that the model was sent, and its answer to that
 */
export const transcriptOf = (turns: Array<{ chat: Chat | undefined; answer: string }>): string =>
	withExampleValues(
		turns
			.flatMap(({ chat, answer }) => [...sinceLastLine(chat).flatMap(linesOf), `Model: ${answer}`])
			.join('\n'),
	);

/** What a model reads of the tools before anything is said. */
export const toolsOf = (chat: Chat | undefined): string =>
	[...(chat?.tools ?? [])]
		.sort((a, b) => a.function.name.localeCompare(b.function.name))
		.map(({ function: { name, description, parameters } }) => {
			const { properties } = z
				.object({ properties: z.record(z.object({ description: z.string() })).default({}) })
				.parse(parameters);
			const fields = Object.entries(properties).map(
				([field, { description: text }]) => `  ${field}: ${text}`,
			);
			return [`${name}: ${description}`, ...fields].join('\n');
		})
		.join('\n\n');

/** The block of docs/agent.md under this heading, and with `E2E_UPDATE_IMAGES=1` first writes it. */
export async function inDocs(heading: string, text: string): Promise<string | undefined> {
	const block = new RegExp(`(## ${heading}\\n[^#]*?\`\`\`text\\n)([^]*?)(\\n\`\`\`)`);
	const page = await readFile(PAGE, 'utf8');
	if (process.env.E2E_UPDATE_IMAGES === '1') {
		await writeFile(
			PAGE,
			page.replace(block, (_, before, _old, after) => `${before}${text}${after}`),
		);
	}
	return block.exec(await readFile(PAGE, 'utf8'))?.[2];
}
