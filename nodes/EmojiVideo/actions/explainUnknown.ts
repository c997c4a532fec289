/**
 * What can be said about a task that DashScope does not know. The service has one answer, UNKNOWN, for
 * a task that it has forgotten and for one that it never had; only the time of submission, where the
 * input item has it (Create puts it there), tells them apart.
 */
import type { IDataObject } from 'n8n-workflow';
import { z } from 'zod';

/** Ended tasks are known for 24 hours, so no task is forgotten sooner after its submission. */
const KEPT_MS = 24 * 3_600_000;

const submittedItem = z.object({
	taskId: z.string(),
	submittedAt: z.string().datetime({ offset: true }),
});

const REASONS = {
	expired: 'The task ended more than 24 hours ago: DashScope has deleted it, and its video.',
	notOfThisAccount:
		'The task was submitted less than 24 hours ago, so it has not expired: it was made by another account or in another region. Check the credential.',
	unclear:
		'The task ended more than 24 hours ago, or it was never made by this account in this region. Check the task ID and the credential.',
} as const;

/**
 * Why a task is UNKNOWN, as far as that can be known.
 * @param json the input item, which may be an item of Create
 * @param now in ms since the epoch
 * @returns `unknownReason` (`expired`, `notOfThisAccount` or `unclear`) and the same in words
 */
export function explainUnknown(taskId: string, json: unknown, now: number): IDataObject {
	const item = submittedItem.safeParse(json).data;
	const age = item?.taskId === taskId ? now - Date.parse(item.submittedAt) : undefined;
	const reason = age === undefined ? 'unclear' : age >= KEPT_MS ? 'expired' : 'notOfThisAccount';
	return { unknownReason: reason, message: REASONS[reason] };
}
