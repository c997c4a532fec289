/**
 * What the node does in the layers of a durable wait below the user's workflow: guard, supervisor, check
 * and finalizer (see the drawing in workflows.ts). Rule: only the finalizer throws; whatever else is thrown was n8n's.
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

/** One check. Without an order that can be read nothing is done, and its supervisor wakes by its date. */
async function check(
	functions: IExecuteFunctions,
	context: Result<ExecutionContext>,
): Promise<Outcome[]> {
	const request = requestItem.safeParse(functions.getInputData()[0]?.json).data?.[WAIT_STATE_KEY];
	if (!request) return toMessageOutcome({ number: 0 });
	if (context.ok) return await runCheck(context.value, request);
	// The credential was changed meanwhile: nothing can be created with it.
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
 * @param context failed when the credential was changed meanwhile; then every task ID comes out, with
 * the reason
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
