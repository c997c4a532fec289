/** How n8n's answers about a stored execution are read. */
import type { IExecuteFunctions } from 'n8n-workflow';
import { readStoredExecution } from '../../../nodes/EmojiVideo/execution/storedExecution';

const read = async (getExecutionDataById?: (id: string) => Promise<unknown>) =>
	await readStoredExecution({ getExecutionDataById } as unknown as IExecuteFunctions, '7');

describe('a stored execution', () => {
	it('is found with its data, by its ID', async () => {
		const asked: string[] = [];
		const stored = await read(async (id) => {
			asked.push(id);
			return await Promise.resolve({ waitTill: 1 });
		});
		expect(stored).toEqual({ kind: 'found', data: { waitTill: 1 } });
		expect(asked).toEqual(['7']);
	});

	it('is missing if n8n returns nothing', async () => {
		expect(await read(async () => await Promise.resolve(undefined))).toEqual({ kind: 'missing' });
	});

	it('is unreadable if n8n throws', async () => {
		expect(await read(async () => await Promise.reject(new Error('no database')))).toEqual({
			kind: 'unreadable',
		});
	});

	it('is unreadable if n8n does not offer it to nodes', async () => {
		expect(await read()).toEqual({ kind: 'unreadable' });
	});
});
