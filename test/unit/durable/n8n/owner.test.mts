/** How the state of the user's execution is read: only an end that n8n has stored ends a wait. */
import { isOwnerWaiting, readOwnerState } from '../../../../nodes/EmojiVideo/durable/n8n/owner';
import { GONE_ON, n8nWith, PARKED, STOPPED_BY_USER } from '../parts.mts';

const boom = () => {
	throw new Error('Nobody expected this');
};

const endedBy = (name: string) => ({ resultData: { error: { name } } });

describe('the user’s execution', () => {
	it.each<[string, unknown, string]>([
		['is waiting if it is parked', PARKED, 'waiting'],
		['is stopped if a user stopped it', STOPPED_BY_USER, 'stopped'],
		[
			'is stopped if its time limit stopped it',
			endedBy('TimeoutExecutionCancelledError'),
			'stopped',
		],
		['is stopped if it was stopped while parked', { ...PARKED, ...STOPPED_BY_USER }, 'stopped'],
		['is gone if another error ended it', endedBy('NodeOperationError'), 'gone'],
		['is gone if it continued', GONE_ON, 'gone'],
		['is gone if it is no longer parked', { waitTill: null }, 'gone'],
		['counts as waiting without a row', undefined, 'waiting'],
		['counts as waiting if it cannot be read', boom, 'waiting'],
	])('%s', async (_, user, state) => {
		const { functions } = n8nWith({ user });
		expect(await readOwnerState(functions, 'user')).toBe(state);
		expect(await isOwnerWaiting(functions, 'user')).toBe(state === 'waiting');
	});

	it('is not read if it is not known', async () => {
		const { functions, read } = n8nWith();
		expect(await readOwnerState(functions, undefined)).toBe('waiting');
		expect(read).toHaveLength(0);
	});

	it('counts as waiting if n8n shows no other executions', async () => {
		const { functions } = n8nWith({}, { getExecutionDataById: undefined });
		expect(await readOwnerState(functions, 'user')).toBe('waiting');
	});
});
