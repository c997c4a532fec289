/**
 * Servers on this machine that speak the protocols of services which sample workflows deliver to: a mail
 * server, Telegram's Bot API, a shop, a chat model. Rule: they accept what the real ones accept, keep what
 * came, and know nothing of the workflow.
 */
import fastifyMultipart from '@fastify/multipart';
import Fastify, { type FastifyInstance } from 'fastify';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { z } from 'zod';

import { freePort } from '../sandbox/n8n/ports.mts';

/** Something that was sent to a stand-in. */
export interface Delivery {
	path: string;
	/** JSON, or the text fields of a form. */
	fields: Record<string, unknown>;
	/** Files of a form by field. */
	files: Record<string, { fileName: string; bytes: Buffer }>;
}

export interface StandIn {
	url: string;
	close: () => Promise<void>;
}

async function readForm(request: {
	parts(): AsyncIterable<
		| { type: 'file'; fieldname: string; filename: string; toBuffer(): Promise<Buffer> }
		| { type: 'field'; fieldname: string; value: unknown }
	>;
}): Promise<Pick<Delivery, 'fields' | 'files'>> {
	const form: Pick<Delivery, 'fields' | 'files'> = { fields: {}, files: {} };
	for await (const part of request.parts()) {
		if (part.type === 'field') form.fields[part.fieldname] = part.value;
		else form.files[part.fieldname] = { fileName: part.filename, bytes: await part.toBuffer() };
	}
	return form;
}

/** An HTTP server that keeps every POST and lets `answer` reply. */
async function startHttp(
	answer: (delivery: Delivery) => unknown,
	extend?: (app: FastifyInstance) => void,
): Promise<StandIn & { deliveries: Delivery[] }> {
	const app = Fastify({ bodyLimit: 64 << 20 });
	const deliveries: Delivery[] = [];
	await app.register(fastifyMultipart);
	app.removeContentTypeParser('application/json');
	// A request may call an empty body JSON, as n8n's Telegram node does.
	app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
		done(null, body === '' ? {} : JSON.parse(String(body))),
	);
	extend?.(app);
	app.post('/*', async (request) => {
		const form = request.isMultipart()
			? await readForm(request)
			: { fields: z.record(z.unknown()).parse(request.body ?? {}), files: {} };
		const delivery = { path: request.url, ...form };
		deliveries.push(delivery);
		return answer(delivery);
	});
	const url = await app.listen({ host: '127.0.0.1', port: await freePort(0) });
	return { url, deliveries, close: async () => await app.close() };
}

/** Any application that takes deliveries. */
export const startShop = async () => await startHttp(() => ({ taken: true }));

/** A mail server without TLS that takes any user, and keeps the mails. */
export async function startMailServer() {
	const mails: ParsedMail[] = [];
	const port = await freePort(0);
	const server = new SMTPServer({
		authOptional: true,
		disabledCommands: ['STARTTLS'],
		onAuth: (_auth, _session, done) => done(null, { user: 'anybody' }),
		onData: (stream, _session, done) => {
			simpleParser(stream).then(
				(mail) => {
					mails.push(mail);
					done();
				},
				(error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
			);
		},
	});
	await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
	const close = async () => await new Promise<void>((resolve) => server.close(() => resolve()));
	return { port, mails, close };
}

/** What Telegram's Bot API is asked by a bot that takes photos (https://core.telegram.org/bots/api). */
export async function startTelegram(token: string, photo: Buffer) {
	const webhook: { url?: string; secret?: string } = {};
	const standIn = await startHttp(
		({ path, fields }) => {
			const method = path.slice(`/bot${token}/`.length);
			if (method === 'setWebhook') {
				webhook.url = String(fields.url);
				webhook.secret = String(fields.secret_token);
				return { ok: true, result: true };
			}
			if (method === 'getWebhookInfo') return { ok: true, result: { url: webhook.url ?? '' } };
			if (method === 'deleteWebhook') return { ok: true, result: true };
			return { ok: true, result: { message_id: 1, chat: { id: Number(fields.chat_id) } } };
		},
		(app) => {
			app.get(`/bot${token}/getFile`, async () =>
				Promise.resolve({ ok: true, result: { file_id: 'photo', file_path: 'photos/me.png' } }),
			);
			app.get(`/file/bot${token}/photos/me.png`, async (_request, reply) =>
				reply.type('application/octet-stream').send(photo),
			);
		},
	);
	/** A person sends this to the bot. */
	const tell = async (message: Record<string, unknown>): Promise<number> => {
		const answer = await fetch(webhook.url ?? '', {
			method: 'POST',
			headers: {
				'content-type': 'application/json',
				'x-telegram-bot-api-secret-token': webhook.secret ?? '',
			},
			body: JSON.stringify({ update_id: 1, message }),
		});
		return answer.status;
	};
	return {
		...standIn,
		tell,
		sent: (method: string) => standIn.deliveries.filter(({ path }) => path.endsWith(`/${method}`)),
	};
}

const chatSchema = z.object({
	messages: z.array(z.object({ role: z.string(), content: z.unknown() }).passthrough()),
	tools: z
		.array(
			z.object({
				function: z.object({
					name: z.string(),
					description: z.string(),
					parameters: z.record(z.unknown()),
				}),
			}),
		)
		.optional(),
});

export type Chat = z.infer<typeof chatSchema>;

/** What a scripted model says next: text, or a call of a tool. */
export type Say = { text: string } | { tool: string; arguments: Record<string, unknown> };

/** A chat model behind the OpenAI API that says what `script` says. */
export async function startChatModel(script: (chat: Chat) => Say) {
	const chats: Chat[] = [];
	const standIn = await startHttp(({ fields }) => {
		const chat = chatSchema.parse(fields);
		chats.push(chat);
		const say = script(chat);
		const message =
			'text' in say
				? { role: 'assistant', content: say.text }
				: {
						role: 'assistant',
						content: null,
						tool_calls: [
							{
								id: `call_${chats.length}`,
								type: 'function',
								function: { name: say.tool, arguments: JSON.stringify(say.arguments) },
							},
						],
					};
		return {
			id: `chat_${chats.length}`,
			object: 'chat.completion',
			created: 0,
			model: 'scripted',
			choices: [{ index: 0, message, finish_reason: 'text' in say ? 'stop' : 'tool_calls' }],
			usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
		};
	});
	return { ...standIn, chats };
}
