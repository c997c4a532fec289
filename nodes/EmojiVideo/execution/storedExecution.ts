/**
 * What n8n has stored of an execution. Rule: only `found` proves anything. An execution is `missing` before n8n
 * stores it and after n8n deletes it.
 */
import type { IExecuteFunctions } from 'n8n-workflow';

export type StoredExecution =
	| { kind: 'found'; data: unknown }
	/** n8n has no such execution. */
	| { kind: 'missing' }
	/** n8n failed to read it, or is too old to offer it to nodes. */
	| { kind: 'unreadable' };

/** Reads a stored execution of this n8n. */
export async function readStoredExecution(
	functions: IExecuteFunctions,
	executionId: string,
): Promise<StoredExecution> {
	const { getExecutionDataById } = functions as Partial<IExecuteFunctions>;
	if (getExecutionDataById === undefined) return { kind: 'unreadable' };
	try {
		const data: unknown = await getExecutionDataById.call(functions, executionId);
		return data === undefined ? { kind: 'missing' } : { kind: 'found', data };
	} catch {
		return { kind: 'unreadable' };
	}
}
