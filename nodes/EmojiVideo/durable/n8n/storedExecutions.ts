/**
 * What the layers of a durable wait know of each other, by what n8n has written down of their executions.
 * Rule: what cannot be read proves nothing.
 */
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { z } from 'zod';
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

/** Under which the supervisor keeps its state in its node's context. */
export const STATE_KEY = 'emojiVideoBatch';
/** Under which the guard keeps which supervisor is the one that counts. */
export const SUPERVISOR_KEY = 'emojiVideoSupervisor';

/** What n8n has written down of an execution; `undefined` where it cannot be read. */
async function read(functions: IExecuteFunctions, id: string | undefined): Promise<unknown> {
	if (id === undefined || typeof functions.getExecutionDataById !== 'function') return undefined;
	try {
		return await functions.getExecutionDataById(id);
	} catch {
		return undefined;
	}
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

/** What the runs of a node have put out, as far as n8n has written it down. */
const readOutputs = (data: unknown, node: string) =>
	outputSchemaOf(node).safeParse(data).data?.resultData.runData[node] ?? [];

/** What a node of an execution that has ended has put out at last. */
const readLastOutput = (data: unknown, node: string): unknown[] | undefined =>
	readOutputs(data, node).at(-1)?.data.main[0] ?? undefined;

const message = z.object({ json: z.object({ [WAIT_STATE_KEY]: z.unknown() }) });

/** What n8n has written down of a check. */
export interface StoredCheck {
	/**
	 * What it has put out at last, whatever it is: its order after a look; its report, if n8n died after it
	 * had written that down, and before it handed it on.
	 */
	last: unknown;
	/** How often it has run by then; `undefined` where n8n has not kept what the check has written down. */
	runs: number | undefined;
}

/** What is left of a check. */
export async function readStoredCheck(
	functions: IExecuteFunctions,
	checkId: string | undefined,
): Promise<StoredCheck> {
	const data = await read(functions, checkId);
	const [item] = readLastOutput(data, CHECK_NODE) ?? [];
	const last = message.safeParse(item).data?.json[WAIT_STATE_KEY];
	// In queue mode n8n puts an error in the place of all that was written down.
	const isKept = readOutputs(data, START_NODE).length > 0;
	return { last, runs: isKept ? readOutputs(data, CHECK_NODE).length : undefined };
}

/** A value in a node's context, as it was last written down. */
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

/** A supervisor, as it was last written down. */
export interface StoredSupervisor {
	/** Until when it is parked, ms since the epoch; `undefined` when it is not. */
	parkedUntil: number | undefined;
	state: WaitState | undefined;
	/** The same, whoever has written it, whatever it is. */
	stored: unknown;
	/** What it has brought, when it has ended. */
	items: INodeExecutionData[] | undefined;
}

const parkedSchema = z.object({ waitTill: z.coerce.date() });

/** @returns `undefined` where it cannot be read */
export async function readSupervisor(
	functions: IExecuteFunctions,
	id: string | undefined,
): Promise<StoredSupervisor | undefined> {
	const data = await read(functions, id);
	if (data === undefined) return undefined;
	return {
		parkedUntil: parkedSchema.safeParse(data).data?.waitTill.getTime(),
		state: readContext(data, SUPERVISOR_NODE, STATE_KEY, waitStateSchema),
		stored: readContext(data, SUPERVISOR_NODE, STATE_KEY, z.unknown()),
		items: readLastOutput(data, DONE_NODE) as INodeExecutionData[] | undefined,
	};
}

/** Whether another supervisor was started in the place of this one. */
export async function isSupervisorReplaced(
	functions: IExecuteFunctions,
	guardId: string | undefined,
	supervisorId: string | undefined,
): Promise<boolean> {
	const data = await read(functions, guardId);
	const current = readContext(data, GUARD_NODE, SUPERVISOR_KEY, z.string());
	return current !== undefined && supervisorId !== undefined && current !== supervisorId;
}

const roundNumberSchema = z.object({ round: z.object({ number: z.number() }).optional() });

/**
 * Whether a check is the one that its supervisor has written down, and this supervisor the one that counts.
 * A check whose supervisor n8n has lost, before it wrote the turn down, creates nothing.
 */
export async function isCurrentCheck(
	functions: IExecuteFunctions,
	{ number, guardId, supervisorId }: CheckRequest,
): Promise<boolean> {
	const data = await read(functions, supervisorId);
	const known = readContext(data, SUPERVISOR_NODE, STATE_KEY, roundNumberSchema);
	if (known !== undefined && known.round?.number !== number) return false;
	return !(await isSupervisorReplaced(functions, guardId, supervisorId));
}
