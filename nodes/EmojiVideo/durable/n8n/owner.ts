/**
 * Whose wait this is: the user's execution, which n8n does not connect with its sub-executions. Stop there
 * stops nothing here, so every check looks first. Rule: only a cancellation that n8n has written down ends
 * a wait; an execution that cannot be read may still want its videos.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';

/** How n8n names the error of an execution that was stopped, by a user or by its own time limit. */
const stoppedSchema = z.object({
	resultData: z.object({ error: z.object({ name: z.string().endsWith('CancelledError') }) }),
});

/** An execution that n8n has written down as parked. */
const parkedSchema = z.object({ waitTill: z.unknown().refine(Boolean) });

/**
 * - `waiting`: it is parked, as it should be; or it cannot be read, and may still want its videos.
 * - `stopped`: n8n has written down that it was stopped.
 * - `gone`: it has gone on, or was never parked: nobody waits for what would be made.
 */
export type OwnerState = 'waiting' | 'stopped' | 'gone';

/**
 * What has become of the user's execution.
 * @param executionId of the user's execution; `undefined` where a wait does not know it
 */
export async function readOwnerState(
	functions: IExecuteFunctions,
	executionId: string | undefined,
): Promise<OwnerState> {
	if (executionId === undefined || typeof functions.getExecutionDataById !== 'function')
		return 'waiting';
	try {
		const data = await functions.getExecutionDataById(executionId);
		if (stoppedSchema.safeParse(data).success) return 'stopped';
		return data === undefined || parkedSchema.safeParse(data).success ? 'waiting' : 'gone';
	} catch {
		return 'waiting';
	}
}

/** Whether what would be created now still has somebody who waits for it. */
export const isOwnerWaiting = async (
	functions: IExecuteFunctions,
	executionId: string | undefined,
): Promise<boolean> => (await readOwnerState(functions, executionId)) === 'waiting';
