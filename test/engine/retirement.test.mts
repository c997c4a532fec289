/** The notice that the model goes offline, on the node's output. */
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ modelOfflineTimes: { 'emoji-v1': '2027-03-31 00:00:00' } });

test('a run shows when the model goes offline, and the node asks once a day', async () => {
	const first = await sandbox.run({ parameters: sandbox.createAndWait() });
	const second = await sandbox.run({ parameters: sandbox.createAndWait() });
	for (const { run, error } of [first, second]) {
		expect(error).toBeUndefined();
		const hints = run.data.resultData.runData['Emoji Video']?.at(-1)?.hints ?? [];
		expect(hints.map(({ message }) => message)).toContainEqual(
			expect.stringMatching(/emoji-v1 offline on 2027-03-31/),
		);
	}
	expect(sandbox.operations().filter((operation) => operation === 'models')).toHaveLength(1);
});
