/**
 * A worker dies in a poll, in queue mode: n8n's error replaces all that the check has stored, and n8n reports the loss
 * at once. A file of its own, because a process remembers an account's run times.
 */
import { cancelByHand, makeTasks } from './account.mts';
import { at, isCreate, isQuery, itemsOf, PORTRAITS, survive } from './durableWait.mts';
import { useN8n } from './server/n8nServer.mts';
import type { Moment } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 600, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox, { isQueue: true });

const SIX = [...PORTRAITS, ...PORTRAITS];
/** The most tasks at the service at a time. */
const AHEAD = 4;

/** Runs six portraits. After four submits a worker dies at this moment, and another user creates a task each minute. */
async function play(dies: (moment: Moment) => boolean) {
	const { double, time } = sandbox;
	await n8n.ended(await n8n.run({ items: itemsOf(double, ['kim.png']), parameters: survive() }));
	double.reset();
	const id = await n8n.run({
		items: itemsOf(double, SIX),
		parameters: survive({ limitOptions: { queueAhead: AHEAD } }),
		settings: { onError: 'continueErrorOutput' },
	});
	await time.until(() => double.tasks().length === AHEAD);
	await n8n.parked(id);
	n8n.dieAt(dies);
	await n8n.untilDead();
	for (let minute = 0; minute < 45; minute++) {
		await time.advance(60_000);
		const [task = ''] = await makeTasks(double, 1);
		// A running task cannot be canceled.
		await cancelByHand(double, task).catch(() => undefined);
	}
	const { items, errorItems } = await n8n.ended(id);
	return { videos: items.length, errors: errorItems.length };
}

it('a worker that dies minutes before the submits leaves nothing unconfirmed', async () => {
	expect(await play(at('before', isQuery))).toEqual({ videos: 6, errors: 0 });
});

it('a worker that dies during a submit leaves its group unconfirmed', async () => {
	expect(await play(at('before', isCreate))).toEqual({ videos: AHEAD, errors: 6 - AHEAD });
});
