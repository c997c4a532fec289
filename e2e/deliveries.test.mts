/**
 * The samples that deliver a video to another service: mail, Telegram, a shop's webhook. n8n's own nodes send it
 * to servers that speak the real protocols (recipients.mts).
 */
import { openAsBlob } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import { portraitsFolder } from '../sandbox/dashscope/index.mts';
import type { Execution, N8nApi, Workflow } from '../sandbox/n8n/api.mts';
import { filesWrittenBy, outputOf } from '../sandbox/n8n/report.mts';
import { hashOfTemplate, sha256 } from '../lab/stage/videos.mts';
import { until, untilFound } from '../lab/stage/waits.mts';
import { startMailServer, startShop, startTelegram } from './recipients.mts';
import { exampleOf, logIn, readWorld } from './world.mts';

const TOKEN = '123456:stand-in';

/** Until a workflow has started this many executions and all have ended. @returns the executions, oldest first */
async function untilEnded(api: N8nApi, workflow: Workflow, count: number): Promise<Execution[]> {
	let ids: string[] = [];
	await until(`"${workflow.name}" had started ${count} times`, async () => {
		ids = (await api.executions(workflow)).map(({ id }) => id).reverse();
		return ids.length >= count;
	});
	return await Promise.all(
		ids.map(async (id) => await api.waitForExecution(id, { timeoutMs: 170_000 })),
	);
}

describe('a sample that delivers to another service', () => {
	const world = readWorld();
	const closing: Array<() => Promise<void>> = [];
	let api: N8nApi;

	beforeAll(async () => {
		api = await logIn(world);
	});
	afterAll(async () => {
		for (const close of closing) await close();
	});

	/** Imports a sample with credentials for its services and other values for some fields. */
	async function importSample(
		file: string,
		credentials: Record<string, { id: string; name: string }>,
		replace: Record<string, string> = {},
	): Promise<Workflow> {
		const example = exampleOf(world, file);
		const nodes = example.nodes.map((node) => {
			const text = Object.entries(replace).reduce(
				(json, [from, to]) => json.replaceAll(from, to),
				JSON.stringify(node.parameters),
			);
			const parameters = z.record(z.unknown()).parse(JSON.parse(text));
			const found = Object.keys(node.credentials ?? {}).flatMap((type) => {
				const credential = credentials[type];
				return credential ? [[type, credential] as const] : [];
			});
			if (found.length === 0) return { ...node, parameters };
			return { ...node, parameters, credentials: Object.fromEntries(found) };
		});
		return await api.importWorkflow({ ...example, nodes });
	}

	it('form to e-mail: sends the visitor the video, or says what to change', async () => {
		const mail = await startMailServer();
		closing.push(mail.close);
		const smtp = await api.saveCredential('SMTP', 'smtp', {
			user: 'anybody',
			password: 'anything',
			host: '127.0.0.1',
			port: mail.port,
			secure: false,
			disableStartTls: true,
		});
		const workflow = await importSample('form-to-email.json', { smtp });
		await api.activate(workflow);
		const send = async (portrait: string, email: string) => {
			const form = new FormData();
			form.append('field-0', await openAsBlob(path.join(portraitsFolder, portrait)), portrait);
			form.append('field-1', 'jingdian_tiaopi');
			form.append('field-2', email);
			const url = `${world.n8nUrl}/form/emoji-video-by-email`;
			return await untilFound(async () => await fetch(url, { method: 'POST', body: form }));
		};
		const page = await untilFound(
			async () => await fetch(`${world.n8nUrl}/form/emoji-video-by-email`),
		);
		expect(await page.text()).toContain('Your video comes by e-mail');
		expect((await send('ben.jpg', 'ben@example.com')).status).toBe(200);
		await send('two-people.png', 'two@example.com');
		const executions = await untilEnded(api, workflow, 2);
		expect(executions.map(({ status }) => status)).toEqual(['success', 'success']);

		const to = (address: string) =>
			mail.mails.filter(({ to: head }) => JSON.stringify(head).includes(address));
		const [good] = to('ben@example.com');
		expect(good?.attachments).toHaveLength(1);
		expect(good?.attachments[0]?.contentType).toBe('video/mp4');
		expect(good?.attachments[0]?.filename).toMatch(/^ben-jingdian_tiaopi-.+\.mp4$/);
		expect(sha256(good?.attachments[0]?.content ?? Buffer.alloc(0))).toBe(
			await hashOfTemplate('jingdian_tiaopi'),
		);
		const [bad] = to('two@example.com');
		expect(bad?.attachments).toHaveLength(0);
		expect(bad?.text).toMatch(/did not pass face detection/);
		expect(mail.mails).toHaveLength(2);
	});

	it('Telegram: answers a photo with three animations, and a text with advice', async () => {
		const photo = await readFile(path.join(portraitsFolder, 'kim.png'));
		const telegram = await startTelegram(TOKEN, photo);
		closing.push(telegram.close);
		const telegramApi = await api.saveCredential('Telegram', 'telegramApi', {
			accessToken: TOKEN,
			baseUrl: telegram.url,
		});
		const workflow = await importSample('telegram-stickers.json', { telegramApi });
		await api.activate(workflow);
		await until('n8n has set the webhook', () => telegram.sent('setWebhook').length > 0);
		const chat = { id: 4711, type: 'private' };
		const photoMessage = {
			message_id: 1,
			chat,
			photo: ['small', 'medium', 'large'].map((size, index) => ({
				file_id: size,
				width: 100 * (index + 1),
				height: 100 * (index + 1),
			})),
		};
		while ((await telegram.tell(photoMessage)) === 404) await sleep(250);
		await telegram.tell({ message_id: 2, chat, text: 'Hello' });
		const executions = await untilEnded(api, workflow, 2);
		expect(executions.map(({ status }) => status)).toEqual(['success', 'success']);

		const animations = telegram.sent('sendAnimation');
		expect(animations.map(({ fields }) => fields.chat_id)).toEqual(['4711', '4711', '4711']);
		expect(
			animations.map(({ files }) => sha256(files.animation?.bytes ?? Buffer.alloc(0))),
		).toEqual(
			await Promise.all(
				['mengwa_kaixin', 'dagong_zhuakuang', 'jingdian_tiaopi'].map(hashOfTemplate),
			),
		);
		const [advice] = telegram.sent('sendMessage');
		expect(String(advice?.fields.text)).toMatch(/field|file/i);
	});

	it('webhook and overnight batch: wait in the database, then deliver', async () => {
		const shop = await startShop();
		closing.push(shop.close);
		const later = await importSample(
			'webhook-deliver-later.json',
			{},
			{ 'https://shop.example': shop.url },
		);
		await api.activate(later);
		const order = async (orderId: string, portrait: string) =>
			await untilFound(
				async () =>
					await fetch(`${world.n8nUrl}/webhook/emoji-video-orders`, {
						method: 'POST',
						headers: { 'content-type': 'application/json' },
						body: JSON.stringify({
							orderId,
							imageUrl: `${world.storageUrl}/portraits/${portrait}`,
							template: 'dagong_ganji',
						}),
					}),
			);
		const accepted = await order('17', 'ada.png');
		expect(accepted.status).toBe(202);
		expect(await accepted.json()).toEqual({ accepted: true, orderId: '17' });
		expect((await order('18', 'no-human.png')).status).toBe(202);

		const portraits = path.join(world.filesFolder, 'portraits');
		await mkdir(portraits, { recursive: true });
		for (const name of ['ada.png', 'ben.jpg', 'too-dark.png']) {
			await copyFile(path.join(portraitsFolder, name), path.join(portraits, name));
		}
		const overnight = await importSample('overnight-batch.json', {});
		const night = await api.run(overnight, 'Manual Trigger');

		await untilEnded(api, later, 2);
		const batch = await api.waitForExecution(night, { timeoutMs: 170_000 });
		expect(batch.status).toBe('success');
		const byPath = (name: string) => shop.deliveries.filter((delivery) => delivery.path === name);
		expect(byPath('/videos').map(({ fields }) => fields.orderId)).toEqual(['17']);
		expect(sha256(byPath('/videos')[0]?.files.video?.bytes ?? Buffer.alloc(0))).toBe(
			await hashOfTemplate('dagong_ganji'),
		);
		expect(byPath('/failures').map(({ fields }) => fields.orderId)).toEqual(['18']);
		expect(byPath('/failures')[0]?.fields.reason).toMatch(/face detection/);

		const written = await filesWrittenBy(batch, 'Save Video');
		expect(written.map(({ path: file }) => path.basename(file))).toEqual([
			expect.stringMatching(/^overnight-ada-mengwa_kaixin-.+\.mp4$/),
			expect.stringMatching(/^overnight-ben-mengwa_kaixin-.+\.mp4$/),
		]);
		for (const { path: file } of written) {
			expect(sha256(await readFile(file))).toBe(await hashOfTemplate('mengwa_kaixin'));
		}
		const failed = outputOf(batch, 'What Failed').map(({ json }) => json.portrait);
		expect(failed).toEqual(['too-dark.png']);
	}, 300_000);
});
