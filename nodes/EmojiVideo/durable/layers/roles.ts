/**
 * What the node does in the layers of a durable wait below the user's workflow: guard, supervisor, check
 * and finalizer (see the drawing in workflows.ts). Rule: only the finalizer throws; whatever else is thrown was n8n's.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';
import { runOrder } from './check';
import { guard } from './guard';
import { handOn } from './outcomes';
import { CHANGED, legibleFailure } from './recovery';
import { abandon, supervise } from './supervisor';
import { orderSchema, progressOf } from '../plan/checkMessages';
import { SEAL_KEY, WAIT_STATE_KEY } from '../n8n/workflows';
import type { DurableRole } from '../n8n/workflows';
import { systemClock } from '../../base/clock';
import type { ExecutionContext } from '../../execution/context';
import { aboutSchema, failed } from '../../execution/outcome';
import type { Outcome } from '../../execution/outcome';
import { failureSchema, succeed } from '../../base/result';
import type { Result } from '../../base/result';

const orderItem = z.object({ [WAIT_STATE_KEY]: orderSchema });

/** One check. Without an order that can be read nothing is done, and its supervisor wakes by its date. */
async function check(
	functions: IExecuteFunctions,
	context: Result<ExecutionContext>,
): Promise<Outcome[]> {
	const order = orderItem.safeParse(functions.getInputData()[0]?.json).data?.[WAIT_STATE_KEY];
	if (!order) return handOn({ number: 0 });
	if (context.ok) return await runOrder(context.value, order);
	// The credential was changed meanwhile: nothing can be created with it.
	return handOn({
		number: order.number,
		progress: order.entries.map(progressOf),
		schedule: order.schedule,
		creating: order.doubt ? 'unreadable' : 'done',
		endedBy: context.failure,
	});
}

/** Failures as items that only the finalizer opens. */
const seal = (outcomes: Outcome[]): Outcome[] =>
	outcomes.map(({ itemIndex, result, about }) =>
		result.ok
			? { itemIndex, result, about }
			: {
					itemIndex,
					result: succeed({ json: { [SEAL_KEY]: { failure: result.failure, about } } }),
				},
	);

const sealedSchema = z.object({
	[SEAL_KEY]: z.object({ failure: failureSchema, about: aboutSchema.optional() }),
});

/** The finalizer of a durable wait: hands on what the supervisor has; failures are failures again. */
const finalize = (functions: IExecuteFunctions): Outcome[] =>
	functions.getInputData().map(({ json, binary }, itemIndex) => {
		const sealed = sealedSchema.safeParse(json);
		// A failure that another version has sealed is a failure all the same.
		if (SEAL_KEY in json && !sealed.success)
			return failed(itemIndex, legibleFailure(json, CHANGED));
		if (!sealed.success) return { itemIndex, result: succeed({ json, binary }) };
		const { failure, about } = sealed.data[SEAL_KEY];
		return failed(itemIndex, failure, about);
	});

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
	if (role === 'guard') return seal(await guard(functions, systemClock));
	if (role === 'check') return seal(await check(functions, context));
	return seal(
		context.ok ? await supervise(context.value) : await abandon(functions, context.failure),
	);
}
