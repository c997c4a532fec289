/**
 * Runs the node as a layer of a durable wait: guard, supervisor, check or finalizer (see the drawing in
 * n8n/workflows.ts). Rule: only the finalizer throws, so any other error is n8n's own.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';
import { runCheck } from './check';
import { runGuard } from './guard';
import { finalize, seal } from './finalizer';
import { toMessageOutcome } from './outcomes';
import { abandonBatch, runSupervisor } from './supervisor';
import { checkRequestSchema, pickProgress } from '../plan/checkMessages';
import { WAIT_STATE_KEY } from '../n8n/workflows';
import type { DurableRole } from '../n8n/workflows';
import { systemClock } from '../../base/clock';
import type { ExecutionContext } from '../../execution/context';
import type { Outcome } from '../../execution/outcome';
import type { Result } from '../../base/result';

const requestItem = z.object({ [WAIT_STATE_KEY]: checkRequestSchema });

/** Runs a check. Without a readable request it does nothing, and its supervisor wakes at the deadline. */
async function check(
	functions: IExecuteFunctions,
	context: Result<ExecutionContext>,
): Promise<Outcome[]> {
	const request = requestItem.safeParse(functions.getInputData()[0]?.json).data?.[WAIT_STATE_KEY];
	if (!request) return toMessageOutcome({ number: 0 });
	if (context.ok) return await runCheck(context.value, request);
	// The credential was changed and no longer works, so nothing can be submitted.
	return toMessageOutcome({
		number: request.number,
		progress: request.entries.map(pickProgress),
		schedule: request.schedule,
		submitting: request.unconfirmed ? 'unreadable' : 'done',
		endedBy: context.failure,
	});
}

/**
 * Runs the node as a layer of a durable wait.
 * @param context a failure if the credential no longer works; every entry then ends with its task ID and the reason
 */
export async function runDurableRole(
	role: DurableRole,
	functions: IExecuteFunctions,
	context: Result<ExecutionContext>,
): Promise<Outcome[]> {
	if (role === 'finalizer') return finalize(functions);
	if (role === 'guard') return seal(await runGuard(functions, systemClock));
	if (role === 'check') return seal(await check(functions, context));
	return seal(
		context.ok
			? await runSupervisor(context.value)
			: await abandonBatch(functions, context.failure),
	);
}
