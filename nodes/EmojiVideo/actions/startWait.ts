/**
 * Chooses how a batch waits: in memory, or in n8n's database. Rule: if the user wants the database and n8n cannot
 * do it, a hint in the output panel says why.
 */
import { canPark } from '../durable/n8n/parking';
import { NOT_PARKED, startDurableWait } from '../durable/layers/start';
import type { WaitSetup } from '../durable/layers/start';
import { startInMemoryWait } from '../wait/inMemoryWait';
import type { Waiting } from '../wait/inMemoryWait';

const MIXED_UP = `${NOT_PARKED} n8n would mix up which video belongs to which item: set Group Videos to One Item per Portrait, choose one template per item, or put the node into Loop Over Items with a batch size of 1.`;

/**
 * Whether output items can be linked by position, as n8n does when it resumes a parked node: one output item per
 * input item, or a single input item.
 */
function linksByPosition({ context, videos, deliveries, refused }: WaitSetup): boolean {
	const inputs = context.functions.getInputData().length;
	if (inputs === 1) return true;
	const itemIndexes = [...videos, ...refused].map(({ itemIndex }) => itemIndex);
	const out = itemIndexes.filter(
		(itemIndex, position) =>
			!deliveries.get(itemIndex)?.isPack || itemIndexes.indexOf(itemIndex) === position,
	);
	const inOrder = [...out].sort((a, b) => a - b);
	return out.length === inputs && inOrder.every((itemIndex, position) => itemIndex === position);
}

/** How a batch waits. `whyNotDurable` is for the user who wants the database and does not get it. */
export type WaitMode = { kind: 'durable' } | { kind: 'inMemory'; whyNotDurable?: string };

/** Chooses the mode of a wait. */
export function chooseWaitMode(setup: WaitSetup): WaitMode {
	if (!setup.options.survivesRestarts) return { kind: 'inMemory' };
	if (!canPark(setup.context.functions)) return { kind: 'inMemory', whyNotDurable: NOT_PARKED };
	return linksByPosition(setup)
		? { kind: 'durable' }
		: { kind: 'inMemory', whyNotDurable: MIXED_UP };
}

/** Starts the wait of a batch in the mode that its options and n8n allow. */
export function startWait(setup: WaitSetup): Waiting {
	const mode = chooseWaitMode(setup);
	if (mode.kind === 'durable') return startDurableWait(setup);
	const { context, options, videos, deliveries, refused } = setup;
	if (mode.whyNotDurable !== undefined) {
		const message = mode.whyNotDurable;
		context.functions.addExecutionHints({ message, location: 'outputPane', type: 'warning' });
	}
	return startInMemoryWait(context, options, videos, deliveries, refused);
}
