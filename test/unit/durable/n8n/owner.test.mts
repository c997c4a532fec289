/** How the state of the user's execution is read: only an end that n8n has stored ends a wait. */
import { isOwnerWaiting, readOwnerState } from '../../../../nodes/EmojiVideo/durable/n8n/owner';
import { GONE_ON, n8nWith, PARKED, STOPPED_BY_USER } from '../parts.mts';

const boom = () => {
	throw new Error('Nobody expected this');
};

const endedBy = (name: string) => ({ resultData: { error: { name } } });

describe('the user’s execution', () => {
	it.each<[string, unknown, string]>([
		['is parked: it waits', PARKED, 'waiting'],
		['was stopped by a person', STOPPED_BY_USER, 'stopped'],
		['was stopped by its time limit', endedBy('TimeoutExecutionCancelledError'), 'stopped'],
		['was stopped while it was parked', { ...PARKED, ...STOPPED_BY_USER }, 'stopped'],
		['ended by another error: it is gone', endedBy('NodeOperationError'), 'gone'],
		['has gone on: it is gone', GONE_ON, 'gone'],
		['is not parked any more: it is gone', { waitTill: null }, 'gone'],
		['has no row: it may still wait', undefined, 'waiting'],
		['cannot be read: it may still wait', boom, 'waiting'],
	])('%s', async (_, user, state) => {
		const { functions } = n8nWith({ user });
		expect(await readOwnerState(functions, 'user')).toBe(state);
		expect(await isOwnerWaiting(functions, 'user')).toBe(state === 'waiting');
	});

	it('that is not known is not looked for', async () => {
		const { functions, read } = n8nWith();
		expect(await readOwnerState(functions, undefined)).toBe('waiting');
		expect(read).toHaveLength(0);
	});

	it('waits in an n8n that does not show other executions', async () => {
		const { functions } = n8nWith({}, { getExecutionDataById: undefined });
		expect(await readOwnerState(functions, 'user')).toBe('waiting');
	});
});
