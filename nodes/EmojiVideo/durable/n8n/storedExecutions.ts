/**
 * Reads the executions that n8n has stored for the layers of a durable wait. Rule: an execution that cannot be read
 * proves nothing.
 */
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { z } from 'zod';
import { readStoredExecution } from '../../execution/storedExecution';
import { waitStateSchema } from '../plan/state';
import type { WaitState } from '../plan/state';
import type { CheckRequest } from '../plan/checkMessages';
import {
	CHECK_NODE,
	DONE_NODE,
	GUARD_NODE,
	START_NODE,
	SUPERVISOR_NODE,
	WAIT_STATE_KEY,
} from './workflows';

/** Context key of the supervisor's state. */
export const STATE_KEY = 'emojiVideoBatch';
/** Context key of the guard's valid supervisor: its execution ID. */
export const SUPERVISOR_KEY = 'emojiVideoSupervisor';

/** Reads a stored execution; `undefined` if it cannot be read. */
async function readExecution(
	functions: IExecuteFunctions,
	id: string | undefined,
): Promise<unknown> {
	if (id === undefined) return undefined;
	const stored = await readStoredExecution(functions, id);
	return stored.kind === 'found' ? stored.data : undefined;
}

const outputSchemaOf = (node: string) =>
	z.object({
		resultData: z.object({
			runData: z.object({
				[node]: z
					.array(z.object({ data: z.object({ main: z.array(z.array(z.unknown()).nullable()) }) }))
					.nonempty(),
			}),
		}),
	});

/** The stored outputs of a node, one for each of its runs. */
const readOutputs = (data: unknown, node: string) =>
	outputSchemaOf(node).safeParse(data).data?.resultData.runData[node] ?? [];

/** The stored output of a node's last run. */
const readLastOutput = (data: unknown, node: string): unknown[] | undefined =>
	readOutputs(data, node).at(-1)?.data.main[0] ?? undefined;

const message = z.object({ json: z.object({ [WAIT_STATE_KEY]: z.unknown() }) });

/** A check, as n8n has stored it. */
export interface StoredCheck {
	/** Its last message in any form: the request after a poll, or the result that n8n did not pass on. */
	last: unknown;
	/** How many of its runs are stored; `undefined` if n8n has not kept them. */
	runs: number | undefined;
}

/** Reads what n8n has stored of a check. */
export async function readStoredCheck(
	functions: IExecuteFunctions,
	checkId: string | undefined,
): Promise<StoredCheck> {
	const data = await readExecution(functions, checkId);
	const [item] = readLastOutput(data, CHECK_NODE) ?? [];
	const last = message.safeParse(item).data?.json[WAIT_STATE_KEY];
	// In queue mode, n8n's error replaces all that a lost check has stored.
	const isKept = readOutputs(data, START_NODE).length > 0;
	return { last, runs: isKept ? readOutputs(data, CHECK_NODE).length : undefined };
}

/** Reads a value in a node's stored context. */
function readContext<T extends z.ZodTypeAny>(
	data: unknown,
	node: string,
	key: string,
	value: T,
): z.infer<T> | undefined {
	const contexts = z
		.object({ executionData: z.object({ contextData: z.record(z.record(z.unknown())) }) })
		.safeParse(data).data?.executionData.contextData;
	return value.safeParse(contexts?.[`node:${node}`]?.[key]).data as z.infer<T> | undefined;
}

/** A supervisor, as n8n has stored it. */
export interface StoredSupervisor {
	/** When n8n resumes it, ms since the epoch; `undefined` if it is not parked. */
	parkedUntil: number | undefined;
	state: WaitState | undefined;
	/** The state in any form, even if another version wrote it. */
	stored: unknown;
	/** Its items, if it has ended. */
	items: INodeExecutionData[] | undefined;
}

const parkedSchema = z.object({ waitTill: z.coerce.date() });

/** Reads a supervisor; `undefined` if it cannot be read. */
export async function readSupervisor(
	functions: IExecuteFunctions,
	id: string | undefined,
): Promise<StoredSupervisor | undefined> {
	const data = await readExecution(functions, id);
	if (data === undefined) return undefined;
	return {
		parkedUntil: parkedSchema.safeParse(data).data?.waitTill.getTime(),
		state: readContext(data, SUPERVISOR_NODE, STATE_KEY, waitStateSchema),
		stored: readContext(data, SUPERVISOR_NODE, STATE_KEY, z.unknown()),
		items: readLastOutput(data, DONE_NODE) as INodeExecutionData[] | undefined,
	};
}

/** Whether the guard has started another supervisor instead of this one. */
export async function isSupervisorReplaced(
	functions: IExecuteFunctions,
	guardId: string | undefined,
	supervisorId: string | undefined,
): Promise<boolean> {
	const data = await readExecution(functions, guardId);
	const current = readContext(data, GUARD_NODE, SUPERVISOR_KEY, z.string());
	return current !== undefined && supervisorId !== undefined && current !== supervisorId;
}

const roundNumberSchema = z.object({ round: z.object({ number: z.number() }).optional() });

/**
 * Whether a check may submit: its supervisor has stored its round, and the guard has not replaced that supervisor.
 * If n8n lost the supervisor before it stored the round, the check submits nothing.
 */
export async function isCurrentCheck(
	functions: IExecuteFunctions,
	{ number, guardId, supervisorId }: CheckRequest,
): Promise<boolean> {
	const data = await readExecution(functions, supervisorId);
	const known = readContext(data, SUPERVISOR_NODE, STATE_KEY, roundNumberSchema);
	if (known !== undefined && known.round?.number !== number) return false;
	return !(await isSupervisorReplaced(functions, guardId, supervisorId));
}
