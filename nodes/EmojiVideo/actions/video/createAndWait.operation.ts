/** Video: Create and Wait. Portraits in, finished videos out, in one node. */
import { updateDisplayOptions } from 'n8n-workflow';
import type { INodeProperties } from 'n8n-workflow';
import { planJobs } from '../../batch/plan';
import { submitJobs } from '../../batch/run';
import { succeed } from '../../dashscope/failure';
import {
	faceAreaFields,
	imageUrlField,
	optionsField,
	rateOptions,
	simplifyField,
	templatesField,
} from '../fields';
import type { Operation, Outcome } from '../operation';
import { failAll, inInputOrder, readItems, readOrder } from '../orders';
import type { Session } from '../session';
import { startSurvivingWait } from '../surviving';
import {
	deliveryFields,
	readDelivery,
	readWaitOptions,
	startWaiting,
	waitOptions,
} from '../waiting';

async function run(session: Session): Promise<Outcome[]> {
	const options = readWaitOptions(session);
	if (!options.ok) return failAll(session, options.failure);
	const { wanted, refused, end } = readItems(session, (itemIndex) => {
		const order = readOrder(session, itemIndex);
		if (!order.ok) return order;
		const delivery = readDelivery(session, itemIndex);
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
	imageUrlField,
	...faceAreaFields,
	templatesField,
	...deliveryFields,
	simplifyField,
	optionsField([...waitOptions, ...rateOptions]),
];

export const createAndWait: Operation = {
	fields: updateDisplayOptions(
		{ show: { resource: ['video'], operation: ['createAndWait'] } },
		fields,
	),
	run,
};
