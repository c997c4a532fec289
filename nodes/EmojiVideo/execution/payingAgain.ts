/**
 * "Check Before Paying Again": n8n's Retry of an execution that n8n has lost knows nothing of what the
 * first try has paid for. So the account's own list is asked before anything is paid for again. Rules: it
 * refuses rather than pays, also when it cannot look; and it is asked once in an execution, since what the
 * execution itself makes comes later.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { DateTime } from 'luxon';
import { z } from 'zod';
import { aboveMaximum } from '../batch/plan';
import type { BatchTools } from '../batch/submit';
import { unknownTasks } from '../account/unknownTasks';
import { LIST_RANGE_MS } from '../dashscope/listTimeRange';
import type { ListedTask } from '../dashscope/schemas';
import type { Failure } from '../base/result';
import type { ExecutionContext } from './context';
import { readStoredExecution } from './storedExecution';

/** In the context that all nodes of an execution share: the execution that has looked and may pay. */
const LOOKED_KEY = 'emojiVideoLooked';

/** n8n makes it when an execution begins and copies it into every Retry; before n8n 2 there is none. */
const beginningSchema = z.object({ establishedAt: z.number(), source: z.string() });

const runsSchema = z.object({
	resultData: z.object({
		runData: z.record(z.array(z.object({ startTime: z.number() }))),
	}),
});

/**
 * When the first of all tries began, ms since the epoch; `undefined` where n8n does not tell. A Retry whose
 * first try was lost before n8n had stored anything of it begins anew, which its source shows.
 */
function firstTryAt(functions: IExecuteFunctions, stored: unknown): number | undefined {
	const beginning = beginningSchema.safeParse(functions.getExecutionContext?.()).data;
	if (beginning && beginning.source !== 'retry') return beginning.establishedAt;
	const runs = runsSchema.safeParse(stored).data?.resultData.runData ?? {};
	const starts = Object.values(runs).flatMap((each) => each.map(({ startTime }) => startTime));
	return starts.length > 0 ? Math.min(...starts) : undefined;
}

/** Its video was not made, and costs nothing. */
const isFree = ({ status }: ListedTask) => status === 'FAILED' || status === 'CANCELED';

/** Everything that is stored but files, as text; empty for what cannot be written as text. */
function textWithoutFiles(stored: unknown): string {
	try {
		return (
			JSON.stringify(stored, (key, value: unknown) => (key === 'binary' ? undefined : value)) ?? ''
		);
	} catch {
		return '';
	}
}

/** Every word that could be a task ID, wherever it stands. */
const wordsIn = (text: string): Set<string> => new Set(text.match(/[\w-]+/g));

/** So many IDs an error names; the log has all. */
const NAMED = 100;

const HOW_TO_PAY =
	'To pay for the videos again, turn off "Check Before Paying Again" in Limits and Cost, save, and choose Retry with currently saved workflow.';

function refusal(taskIds: string[], when: string): Failure {
	const count = taskIds.length === 1 ? '1 task' : `${taskIds.length} tasks`;
	const more = taskIds.length - NAMED;
	const others = more > 0 ? ` and ${more} more, which n8n's log and Get Many tell` : '';
	return {
		kind: 'invalid',
		message: `This Retry may pay a second time: the account has ${count} ${when} that this execution does not know`,
		nextStep: `Nothing was paid for in this Retry. Task IDs: ${taskIds.slice(0, NAMED).join(', ')}${others}. If the first try has made them, fetch their videos instead of making them again: put the IDs into a node with the operation Wait or Get Status. n8n's log tells which video each of them is. ${HOW_TO_PAY}`,
	};
}

const cannotLook = (failure: Failure): Failure => ({
	...failure,
	message: `What the first try has paid for cannot be looked up: ${failure.message}`,
	nextStep: `${failure.nextStep} Nothing was paid for in this Retry. ${HOW_TO_PAY}`,
});

/** @returns why nothing may be paid for; `undefined` when nothing speaks against it */
async function look(context: ExecutionContext): Promise<Failure | undefined> {
	const { functions, client, clock, paidTasks } = context;
	const shared = functions.getContext('flow');
	if (shared[LOOKED_KEY] === functions.getExecutionId()) return undefined;
	// In a Retry n8n has stored under this ID what the first try has left.
	const own = await readStoredExecution(functions, functions.getExecutionId());
	const stored = own.kind === 'found' ? own.data : undefined;
	const began = firstTryAt(functions, stored);
	const now = clock.now();
	const since = began ?? now - LIST_RANGE_MS;
	const list = await unknownTasks(client, { since, until: now, known: paidTasks.taskIds() });
	if (!list.ok) return list.failure.kind === 'stopped' ? list.failure : cannotLook(list.failure);
	const known = wordsIn(textWithoutFiles(stored));
	const unknown = list.value.flatMap((task) =>
		isFree(task) || known.has(task.taskId) ? [] : [task.taskId],
	);
	if (unknown.length === 0) {
		shared[LOOKED_KEY] = functions.getExecutionId();
		return undefined;
	}
	functions.logger.warn(
		`Emoji Video: execution ${functions.getExecutionId()} is a Retry and has paid for nothing, because the account has tasks that the first try may have made: ${unknown.join(', ')}.`,
	);
	const zone = functions.getTimezone();
	return refusal(
		unknown,
		began === undefined
			? 'of the last 24 hours (n8n does not tell when the first try began)'
			: `since the first try began (${DateTime.fromMillis(began, { zone }).toFormat('yyyy-MM-dd HH:mm')})`,
	);
}

/** What the user says about paying, for the whole batch. */
export interface PayingLimits {
	/** "Check Before Paying Again": a Retry inspects the account's tasks first. */
	checksAgain: boolean;
	/** Of this node in this execution, earlier runs included. */
	maximumVideos: number;
}

/** The tools of a batch that pays. */
export const payingTools = (
	context: ExecutionContext,
	{ checksAgain, maximumVideos }: PayingLimits,
): BatchTools => ({
	...context,
	beforePaying: async (jobs) =>
		aboveMaximum(jobs, context.paidTasks.keys(), maximumVideos) ??
		(checksAgain && context.functions.getMode() === 'retry' ? await look(context) : undefined),
});
