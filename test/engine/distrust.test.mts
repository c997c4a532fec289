/**
 * We do not trust the responses of DashScope and its storage: their links, their length, their completeness.
 * We send the API key only to the credential's endpoint.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestListener } from 'node:http';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { portraitsFolder } from '../../sandbox/dashscope/index.mts';
import { useN8n } from './server/n8nServer.mts';
import type { ServerRun } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();
const n8n = useN8n(sandbox);

/** Runs the node and moves the clock over its pauses. */
const run = async (nodeRun: ServerRun) => await n8n.ended(await n8n.run(nodeRun));

const requestsTo = (operation: string) =>
	sandbox.double.ledger().filter((entry) => entry.operation === operation);

/** A redirect instead of the response. */
const redirectTo = (location: string, status = 302) =>
	({ kind: 'status', status, headers: { location }, body: {} }) as const;

describe('a video link', () => {
	const redirect = (location: string) =>
		sandbox.double.faults.add({
			match: { path: '/results/' },
			times: 'always',
			fault: redirectTo(location),
		});

	test.each([
		['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
		['http://10.0.0.1/video.mp4', '10.0.0.1'],
		['http://metadata.internal/video.mp4', 'metadata.internal'],
		['http://[fd00::1]/video.mp4', '[fd00::1]'],
	])('that is redirected to %s is not followed', async (location, host) => {
		redirect(location);
		const { items } = await run({ parameters: sandbox.createAndWait() });
		expect(items[0]?.json['downloadError']).toContain(`leads into a private network (${host})`);
		expect(requestsTo('result')).toHaveLength(1);
	});

	test('that a public host redirects into a private network is not followed', async () => {
		const links: string[] = [];
		await withServer(
			(request, response) => {
				links.push(request.url ?? '');
				response.writeHead(302, { location: 'http://192.168.1.1/video.mp4' }).end();
			},
			async (url) => {
				redirect(`${url}/public.mp4`);
				const { items } = await run({ parameters: sandbox.createAndWait() });
				expect(items[0]?.json['downloadError']).toContain('(192.168.1.1)');
				expect(links).toEqual(['/public.mp4']);
			},
		);
	});
});

/** Runs another web server on this machine. */
async function withServer(listener: RequestListener, work: (url: string) => Promise<void>) {
	const server = createServer(listener);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	try {
		await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	} finally {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	}
}

describe('a redirect of the API', () => {
	test.each([
		['create', 'video-synthesis', 307],
		['create', 'video-synthesis', 302],
		['detect', 'face-detect', 307],
		['query', '/api/v1/tasks/', 302],
	])(
		'is not followed, and no other host gets the key (%s %s %i)',
		async (operation, where, status) => {
			const seen: Array<string | undefined> = [];
			await withServer(
				(request, response) => {
					seen.push(request.url);
					response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
				},
				async (elsewhere) => {
					for (const location of ['/elsewhere', `${elsewhere}/elsewhere`]) {
						sandbox.double.reset();
						sandbox.double.faults.add({
							match: { path: where },
							times: 'always',
							fault: redirectTo(location, status),
						});
						const { error } = await run({ parameters: sandbox.createAndWait() });
						expect(error?.message).toBeDefined();
						expect(requestsTo(operation)).not.toHaveLength(0);
						expect(requestsTo('unknown')).toEqual([]);
					}
				},
			);
			expect(seen).toEqual([]);
		},
	);
});

describe('a response of 3 MB', () => {
	test('fails before it is read to the end', async () => {
		const { items } = await run({ parameters: sandbox.createAndWait() });
		const taskId = items[0]?.json['taskId'];
		const output = { task_id: taskId, task_status: 'PENDING' };
		sandbox.double.faults.add({
			match: { path: '/api/v1/tasks/' },
			times: 'always',
			fault: {
				kind: 'garbage',
				body: { request_id: 'r', output, padding: 'x'.repeat(3 * 1024 * 1024) },
			},
		});
		const { error } = await run({
			items: [{ taskId }],
			parameters: { resource: 'video', operation: 'getStatus', taskId: '={{ $json.taskId }}' },
		});
		expect(error?.message).toContain('broke before an answer came');
	});
});

describe('an upload policy', () => {
	test('adds no fields to the form by line breaks', async () => {
		const forged = '"\r\n\r\nforged\r\n--x\r\nContent-Disposition: form-data; name="x-forged';
		const forms: string[] = [];
		await withServer(
			(request, response) => {
				const pieces: Buffer[] = [];
				request.on('data', (piece: Buffer) => pieces.push(piece));
				request.on('end', () => {
					forms.push(Buffer.concat(pieces).toString('latin1'));
					response.writeHead(204).end();
				});
			},
			async (url) => {
				sandbox.double.faults.add({
					match: { path: '/api/v1/uploads' },
					times: 'always',
					fault: {
						kind: 'garbage',
						body: {
							request_id: 'r',
							data: {
								policy: `eyJ9${forged}`,
								signature: `c2ln${forged}`,
								upload_dir: 'dashscope-instant/x',
								upload_host: url,
								expire_in_seconds: 300,
								max_file_size_mb: 100,
								capacity_limit_mb: 999,
								oss_access_key_id: `id${forged}`,
								x_oss_object_acl: 'private',
								x_oss_forbid_overwrite: 'true',
							},
						},
					},
				});
				await run({
					files: [
						{
							data: {
								bytes: readFileSync(path.join(portraitsFolder, 'ada.png')),
								fileName: 'ada.png',
							},
						},
					],
					parameters: sandbox.createAndWait({ imageSource: 'binary', inputField: 'data' }),
				});
			},
		);
		expect(forms).toHaveLength(1);
		for (const form of forms) {
			const [boundary] = form.split('\r\n');
			const names = form
				.split(boundary ?? '')
				.slice(1, -1)
				.map((part) => /^\r\nContent-Disposition: form-data; name="([^"]*)"/.exec(part)?.[1]);
			expect(names).toEqual([
				'OSSAccessKeyId',
				'Signature',
				'policy',
				'x-oss-object-acl',
				'x-oss-forbid-overwrite',
				'key',
				'success_action_status',
				'file',
			]);
			expect(form).not.toMatch(/^Content-Disposition: form-data; name="x-forged/m);
		}
	});
});
