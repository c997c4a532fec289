/** Which n8n the package runs on, as told by what its n8n-workflow has. */
import type * as Host from '../../../nodes/EmojiVideo/execution/host';

/** The module on a host whose n8n-workflow has these functions. */
function on(...functions: string[]): typeof Host {
	const names = Object.fromEntries(functions.map((name) => [name, () => undefined]));
	jest.resetModules();
	jest.doMock('n8n-workflow', () => names);
	return jest.requireActual<typeof Host>('../../../nodes/EmojiVideo/execution/host');
}

afterEach(() => jest.dontMock('n8n-workflow'));

it.each([
	['n8n 1.101', ['sleep', 'sleepWithAbort'], false],
	['n8n 2.0', ['sleep', 'sleepWithAbort', 'validateWorkflowHasTriggerLikeNode'], true],
	['n8n 2.40', ['sleep', 'validateWorkflowHasTriggerLikeNode'], true],
])('%s is supported', (_, functions, parks) => {
	const host = on(...functions);
	expect(() => host.requireSupportedHost()).not.toThrow();
	expect(host.resumesParkedExecutions()).toBe(parks);
});

it('an older one is told in one sentence what it needs', () => {
	expect(() => on('sleep').requireSupportedHost()).toThrow(/needs n8n 1\.101 or newer: update n8n/);
});

it('the n8n-workflow of this project can park', () => {
	jest.resetModules();
	const host = jest.requireActual<typeof Host>('../../../nodes/EmojiVideo/execution/host');
	expect(host.resumesParkedExecutions()).toBe(true);
});
