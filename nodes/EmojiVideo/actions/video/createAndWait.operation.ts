/** Video: Create and Wait. Portraits in, finished videos out, in one node. */
import { updateDisplayOptions } from 'n8n-workflow';
import type { INodeProperties } from 'n8n-workflow';
import { planJobs } from '../../batch/plan';
import { submitJobs } from '../../batch/run';
import {
	faceAreaFields,
	imageUrlField,
	optionsField,
	rateOptions,
	simplifyField,
	templatesField,
} from '../fields';
import type { Operation, Outcome } from '../operation';
import { inInputOrder, readOrders } from '../orders';
import type { Session } from '../session';
import { deliveryFields, readWaitOptions, startWaiting, waitOptions } from '../waiting';

async function run(session: Session): Promise<Outcome[]> {
	const { wanted, refused, end } = readOrders(session);
	if (end) return refused;
	const options = readWaitOptions(session);
	if (!options.ok) {
		return wanted.map(({ itemIndex }) => ({ itemIndex, result: options }));
	}
	const waiting = startWaiting(session, options.value);
	await submitJobs(planJobs(wanted, session.runIndex), session, (job, result) => {
		if (result.ok) waiting.add(result.value);
		else waiting.settle(job, result);
	});
	return inInputOrder([...refused, ...(await waiting.finish())]);
}

const fields: INodeProperties[] = [
	imageUrlField,
	...faceAreaFields,
	templatesField,
	...deliveryFields,
	simplifyField,
	optionsField(
		[...waitOptions, ...rateOptions].sort((a, b) =>
			a.displayName.localeCompare(b.displayName, 'en'),
		),
	),
];

export const createAndWait: Operation = {
	fields: updateDisplayOptions(
		{ show: { resource: ['video'], operation: ['createAndWait'] } },
		fields,
	),
	run,
};
