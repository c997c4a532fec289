/**
 * The end of a durable wait in the user's execution. Rule: only the finalizer throws. Until it runs, every
 * failure is sealed in an item; so any error before it is n8n's own.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';
import { CHANGED, toReadableFailure } from './recovery';
import { SEAL_KEY } from '../n8n/workflows';
import { aboutSchema, failed } from '../../execution/outcome';
import type { Outcome } from '../../execution/outcome';
import { failureSchema, succeed } from '../../base/result';

/** Turns each failure into an item that only the finalizer opens. */
export const seal = (outcomes: Outcome[]): Outcome[] =>
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

/** Passes the supervisor's items on, and turns each sealed failure back into a failure. */
export const finalize = (functions: IExecuteFunctions): Outcome[] =>
	functions.getInputData().map(({ json, binary }, itemIndex) => {
		const sealed = sealedSchema.safeParse(json);
		// Another version of the package sealed this failure in a form that this one cannot read.
		if (SEAL_KEY in json && !sealed.success)
			return failed(itemIndex, toReadableFailure(json, CHANGED));
		if (!sealed.success) return { itemIndex, result: succeed({ json, binary }) };
		const { failure, about } = sealed.data[SEAL_KEY];
		return failed(itemIndex, failure, about);
	});
