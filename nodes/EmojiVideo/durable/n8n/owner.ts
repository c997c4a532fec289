/**
 * Whether the user's execution still waits. n8n's Stop does not reach sub-executions, so every check reads it first.
 * Rule: only a stored end of the user's execution ends the wait; an execution that cannot be read may still wait.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';
import { readStoredExecution } from '../../execution/storedExecution';

/** n8n's error of an execution that a user or a time limit has stopped. */
const stoppedSchema = z.object({
	resultData: z.object({ error: z.object({ name: z.string().endsWith('CancelledError') }) }),
});

/** An execution that n8n has stored as parked. */
const parkedSchema = z.object({ waitTill: z.unknown().refine(Boolean) });

/**
 * - `waiting`: the execution is parked, or it cannot be read.
 * - `stopped`: n8n has stored that it was stopped.
 * - `gone`: it continued without its videos, or it was never parked.
 */
export type OwnerState = 'waiting' | 'stopped' | 'gone';

/**
 * Reads the state of the user's execution.
 * @param executionId `undefined` if the wait does not know it
 */
export async function readOwnerState(
	functions: IExecuteFunctions,
	executionId: string | undefined,
): Promise<OwnerState> {
	if (executionId === undefined) return 'waiting';
	const stored = await readStoredExecution(functions, executionId);
	if (stored.kind !== 'found') return 'waiting';
	if (stoppedSchema.safeParse(stored.data).success) return 'stopped';
	return parkedSchema.safeParse(stored.data).success ? 'waiting' : 'gone';
}

/** Whether the user's execution still waits for its videos. */
export const isOwnerWaiting = async (
	functions: IExecuteFunctions,
	executionId: string | undefined,
): Promise<boolean> => (await readOwnerState(functions, executionId)) === 'waiting';
