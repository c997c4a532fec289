/**
 * What can be said about a task that DashScope does not know. The service has one answer, UNKNOWN, for
 * a task that it has forgotten and for one that it never had; only the times that the input item has
 * (items of Create have the submission, those of Wait the end of the link) tell them apart. Rule: a task that
 * may not have expired is not called expired. Documents disagree whether the 24 hours count from the
 * creation or from the end (docs/service.md, "Retention"), so only what is past both is certain.
 */
import type { IDataObject } from 'n8n-workflow';
import { z } from 'zod';
import type { OutputField } from '../output';

const KEPT_MS = 24 * 3_600_000;

const time = z.string().datetime({ offset: true }).optional().catch(undefined);

const itemOfTask = z.object({
	taskId: z.string(),
	submittedAt: time,
	finishedAt: time,
	videoUrlExpiresAt: time,
} satisfies Partial<Record<OutputField, z.ZodTypeAny>>);

const REASONS = {
	expired: 'The task ended more than 24 hours ago: DashScope has deleted it, and its video.',
	probablyExpired:
		'The task was submitted more than 24 hours ago. DashScope keeps tasks for 24 hours, from their creation or from their end: the documents disagree. So it has probably been deleted, and its video; or it was made by another account or in another region, if the credential has changed.',
	notOfThisAccount:
		'The task was submitted less than 24 hours ago, so it has not expired: it was made by another account or in another region. Check the credential.',
	unclear:
		'DashScope keeps tasks for 24 hours, from their creation or from their end: the documents disagree. Either that is over, or the task was never made by this account in this region. Check the task ID and the credential.',
} as const;

function findReason(taskId: string, json: unknown, now: number): keyof typeof REASONS {
	const item = itemOfTask.safeParse(json).data;
	if (item?.taskId !== taskId) return 'unclear';
	const { submittedAt, finishedAt, videoUrlExpiresAt } = item;
	if (finishedAt !== undefined && now - Date.parse(finishedAt) >= KEPT_MS) return 'expired';
	// A link lives for 24 hours, from the end of the task or, where nothing better is known, its creation.
	if (videoUrlExpiresAt !== undefined && now >= Date.parse(videoUrlExpiresAt))
		return 'probablyExpired';
	if (submittedAt === undefined) return 'unclear';
	return now - Date.parse(submittedAt) >= KEPT_MS ? 'probablyExpired' : 'notOfThisAccount';
}

/**
 * Why a task is UNKNOWN, as far as that can be known.
 * @param json the input item, which may be an item of Create or Wait
 * @param now in ms since the epoch
 * @returns `unknownReason` (`expired`, `probablyExpired`, `notOfThisAccount` or `unclear`) and the same
 * in words
 */
export function explainUnknown(taskId: string, json: unknown, now: number): IDataObject {
	const unknownReason = findReason(taskId, json, now);
	return { unknownReason, message: REASONS[unknownReason] };
}
