/** An exception that the node does not expect: n8n's log has its stack, without secrets. */
import { n8nLogger } from './harness.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();

/** The paths of the node's files in a stack. */
const OWN_FRAME = /at .*dist\/nodes\/EmojiVideo\//;

afterEach(() => jest.restoreAllMocks());

/** n8n's log throws when the node writes an accepted task into it. The message quotes secrets. */
function breakTrace() {
	const { apiKey } = sandbox.credential;
	const secret = `https://ada:pass@logs.example/token-1?sign=2 (Authorization: Bearer ${apiKey})`;
	jest.spyOn(n8nLogger(), 'info').mockImplementation((line: string) => {
		if (!line.startsWith('Emoji Video: task accepted')) return;
		const inner = new TypeError(`cannot write to ${secret}`);
		throw Object.assign(new Error('no space left', { cause: inner }), { headers: { apiKey } });
	});
	return jest.spyOn(n8nLogger(), 'error').mockImplementation(() => undefined);
}

test('an unexpected exception is logged once, with the stacks of it and of its cause', async () => {
	const logged = breakTrace();
	await sandbox.run({ items: [{}], parameters: sandbox.createAndWait() });
	const lines = logged.mock.calls.map(([line]) => line);
	expect(lines.filter((line) => line.includes('unexpected exception'))).toHaveLength(1);
	expect(lines[0]).toMatch(/no space left\n\s+at /);
	expect(lines[0]).toMatch(/Caused by: TypeError: cannot write/);
	expect(lines[0]).toMatch(OWN_FRAME);
}, 600_000);

test('the log of an unexpected exception has neither the key nor the secrets of a URL', async () => {
	const logged = breakTrace();
	await sandbox.run({ parameters: sandbox.createAndWait() });
	const line = String(logged.mock.calls[0]?.[0]);
	expect(line).toContain('https://logs.example/...');
	for (const secret of ['ada', 'pass@', 'token-1', 'sign=2', sandbox.credential.apiKey])
		expect(line).not.toContain(secret);
}, 600_000);

test('one exception that fails every item of a batch is logged once', async () => {
	const logged = jest.spyOn(n8nLogger(), 'error').mockImplementation(() => undefined);
	const error = new Error('no space left');
	jest.spyOn(n8nLogger(), 'info').mockImplementation(() => {
		throw error;
	});
	await sandbox.run({
		items: [{}, {}, {}],
		parameters: sandbox.createAndWait(),
		settings: { onError: 'continueRegularOutput' },
	});
	const lines = logged.mock.calls.map(([line]) => line);
	expect(lines.filter((line) => line.includes('unexpected exception'))).toHaveLength(1);
}, 600_000);
