/** Video: Create and Wait. Portraits in, finished videos out, in one node. */
import { updateDisplayOptions } from 'n8n-workflow';
import type { INodeProperties } from 'n8n-workflow';
import { planJobs } from '../../batch/plan';
import { submitJobs } from '../../batch/run';
import { succeed } from '../../dashscope/failure';
import {
	faceAreaFields,
	optionsField,
	rateOptions,
	simplifyField,
	templatesField,
} from '../fields';
import { deliveryFields, deliveryOptions, readDelivery } from '../delivery';
import type { Operation, Outcome } from '../operation';
import { failAll, inInputOrder, readItems, readOrder } from '../orders';
import { portraitFields, portraitOptions } from '../portraits';
import type { Session } from '../session';
import { startSurvivingWait } from '../surviving';
import { readWaitOptions, startWaiting, waitOptions } from '../waiting';

async function run(session: Session): Promise<Outcome[]> {
	const options = readWaitOptions(session);
	if (!options.ok) return failAll(session, options.failure);
	const { wanted, refused, end } = await readItems(session, async (itemIndex) => {
		const order = await readOrder(session, itemIndex);
		if (!order.ok) return order;
		const delivery = readDelivery(session, itemIndex, order.value.templateIds.length);
		return delivery.ok
			? succeed({ itemIndex, order: order.value, delivery: delivery.value })
			: delivery;
	});
	if (end) return refused;
	const deliveries = new Map(wanted.map(({ itemIndex, delivery }) => [itemIndex, delivery]));
	const waiting = options.value.survivesRestarts
		? startSurvivingWait(session, options.value, deliveries, refused)
		: startWaiting(session, options.value, deliveries, refused);
	const jobs = planJobs(
		wanted.map(({ order }) => order),
		session.runIndex,
	);
	await submitJobs(jobs, session, (job, result) => {
		if (result.ok) waiting.add(result.value);
		else waiting.settle(job, result);
	});
	return inInputOrder(await waiting.finish());
}

const fields: INodeProperties[] = [
	...portraitFields,
	...faceAreaFields,
	templatesField,
	...deliveryFields,
	simplifyField,
	optionsField([...portraitOptions, ...waitOptions, ...deliveryOptions, ...rateOptions]),
];

export const createAndWait: Operation = {
	fields: updateDisplayOptions(
		{ show: { resource: ['video'], operation: ['createAndWait'] } },
		fields,
	),
	run,
};
