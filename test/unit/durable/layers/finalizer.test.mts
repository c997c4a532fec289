/** What the finalizer makes of the supervisor's items: sealed failures are failures again. */
import type { IExecuteFunctions } from 'n8n-workflow';
import { finalize } from '../../../../nodes/EmojiVideo/durable/layers/finalizer';
import { SEAL_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import { fail, STOPPED, succeed } from '../../../../nodes/EmojiVideo/base/result';

it("the finalizer turns each sealed failure into its item's failure, and passes the other items on", () => {
	const binary = { data: { data: '', mimeType: 'video/mp4' } };
	const about = { imageFile: '1.png' };
	const items = [
		{ json: { taskId: 'a' }, binary },
		{ json: { [SEAL_KEY]: { failure: { ...STOPPED, taskId: 'b' }, about } } },
		{ json: { [SEAL_KEY]: { failure: STOPPED } } },
	];
	const functions = { getInputData: () => items } as unknown as IExecuteFunctions;
	expect(finalize(functions)).toEqual([
		{ itemIndex: 0, result: succeed({ json: { taskId: 'a' }, binary }) },
		{ itemIndex: 1, result: fail({ ...STOPPED, taskId: 'b' }), about },
		{ itemIndex: 2, result: fail(STOPPED), about: undefined },
	]);
});

it('the finalizer names the task of a failure that another version has sealed', () => {
	const json = { [SEAL_KEY]: { version: 99, reason: { taskId: 'a' } } };
	const functions = { getInputData: () => [{ json }] } as unknown as IExecuteFunctions;
	const outcomes = finalize(functions);
	expect(outcomes).toMatchObject([
		{ result: { failure: { nextStep: expect.stringContaining('read: a.') as string } } },
	]);
});
