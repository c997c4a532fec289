/**
 * One odd response decides nothing: a batch of three videos gets each of them once, from boxes between n8n and
 * DashScope and from DashScope itself, and is complete.
 */
import type { Operation } from '../../sandbox/dashscope/index.mts';
import { plainBehindHttps, startHttpsFront, startProxy } from '../../sandbox/dashscope/index.mts';
import type { HttpsFront, Proxy } from '../../sandbox/dashscope/index.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();

const TEMPLATES = ['mengwa_kaixin', 'jingdian_lei', 'dagong_wunai'];

/** Each is sent once, to the first request of the operation that comes after the first success. */
const PAGES = [
	'gateway400',
	'cloudflare403',
	'gateway404',
	'waf405',
	'proxy403',
	'proxy407',
	'gateway502',
	'proxy502',
] as const;
const REFUSALS = ['quota', 'quotaOfRelay', 'unlisted429', 'wrongKey', 'accessDenied'] as const;

const faults = [
	...PAGES.map((name) => [name, { kind: 'page', name }] as const),
	...REFUSALS.map((name) => [name, { kind: 'refusal', name }] as const),
];

const createThree = async () =>
	await sandbox.run({
		parameters: sandbox.createAndWait({ templates: TEMPLATES }),
		settings: { onError: 'continueErrorOutput' },
	});

const order = (operation: Operation, fault: (typeof faults)[number][1], times: 1 | 'always' = 1) =>
	void sandbox.double.faults.add({ match: { operation }, times, fault });

describe.each(faults)('one %s', (_, fault) => {
	test('to a poll: the batch has three videos', async () => {
		order('query', fault);
		const { outputs } = await createThree();
		expect(outputs[0]?.map(({ json }) => json['status'])).toEqual(TEMPLATES.map(() => 'SUCCEEDED'));
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 3, detectsBilled: 1 });
	});
});

describe.each(PAGES.map((name) => [name, { kind: 'page', name }] as const))(
	'one %s',
	(name, fault) => {
		test('to a detection: the batch has three videos', async () => {
			order('detect', fault);
			const { outputs } = await createThree();
			expect(outputs[0]?.map(({ json }) => json['status'])).toEqual(
				TEMPLATES.map(() => 'SUCCEEDED'),
			);
		});

		test('to a submit: nothing is paid for twice, and no video is called rejected', async () => {
			order('create', fault);
			const { outputs } = await createThree();
			// HTTP 407 proves that the proxy forwarded nothing. The other pages prove nothing.
			const isProof = name === 'proxy407';
			expect(outputs[0]).toHaveLength(isProof ? 3 : 2);
			expect(sandbox.double.counts()).toMatchObject({ createsAccepted: isProof ? 3 : 2 });
			for (const { json } of outputs[1] ?? [])
				expect(json['error']).toMatchObject({
					message: expect.stringMatching(
						/^A firewall or proxy responded instead of DashScope/,
					) as string,
					description: expect.stringMatching(/^A task may have been made/) as string,
				});
		});
	},
);

test.each(REFUSALS.map((name) => [name, { kind: 'refusal', name }] as const))(
	'one %s to a submit: the batch has three videos',
	async (_, fault) => {
		order('create', fault);
		const { outputs } = await createThree();
		expect(outputs[0]?.map(({ json }) => json['status'])).toEqual(TEMPLATES.map(() => 'SUCCEEDED'));
		expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 3 });
	},
);

test.each([
	['budget', 'The budget of the account is used up', /Budget Management/],
	['freeQuota', 'The quota of the account is used up', /free quota/],
	['freeTierOnly', 'The free quota is used up', /use free tier only/],
] as const)(
	'%s ends the batch after two submits, and names where to change it',
	async (name, message, words) => {
		order('create', { kind: 'refusal', name } as never, 'always');
		const { outputs } = await createThree();
		expect(outputs[1]).toHaveLength(3);
		for (const { json } of outputs[1] ?? [])
			expect(json['error']).toMatchObject({
				message,
				description: expect.stringMatching(words) as string,
			});
		expect(sandbox.operations().filter((operation) => operation === 'create').length).toBeLessThan(
			4,
		);
	},
);

describe('nothing was sent', () => {
	const saved = process.env['HTTPS_PROXY'];
	let proxy: Proxy | undefined;
	afterEach(async () => {
		if (saved === undefined) delete process.env['HTTPS_PROXY'];
		else process.env['HTTPS_PROXY'] = saved;
		await proxy?.close();
		proxy = undefined;
	});

	/** One video at this endpoint; its error, and how long it took by the node's clock. */
	async function failAt(customUrl: string) {
		const startedAt = Date.now();
		const { error } = await sandbox.run({
			credential: { ...sandbox.credential, customUrl },
			parameters: sandbox.createAndWait(),
		});
		expect(sandbox.operations()).toEqual([]);
		expect(Date.now() - startedAt).toBeLessThan(15_000);
		return `${error?.message}. ${error?.description}`;
	}

	// Before the tests take the time, so that the certificate is valid by the time of the machine.
	let front: HttpsFront;
	beforeAll(async () => {
		front = await startHttpsFront(sandbox.double.url);
	});
	afterAll(async () => await front.close());

	test('to a server whose certificate is not trusted: the error names NODE_EXTRA_CA_CERTS', async () => {
		expect(await failAt(front.url)).toMatch(
			/could not be reached.*\(the certificate is not trusted\).*NODE_EXTRA_CA_CERTS/,
		);
	});

	test('to a server without TLS: the error names the handshake', async () => {
		expect(await failAt(plainBehindHttps(sandbox.double.url))).toMatch(
			/could not be reached.*\(the TLS handshake failed\).*port/,
		);
	});

	test('through a proxy that wants a password: the error names the proxy', async () => {
		proxy = await startProxy();
		proxy.refuse({ status: 407, times: 'always' });
		process.env['HTTPS_PROXY'] = proxy.url;
		expect(await failAt(plainBehindHttps(sandbox.double.url))).toMatch(
			/^The proxy refused the connection \(HTTP 407\)\. Check HTTPS_PROXY/,
		);
	});
});
