/** Video: Create and Wait. Portraits in, finished videos out, in one node. */
import { updateDisplayOptions } from 'n8n-workflow';
import type { INodeProperties } from 'n8n-workflow';
import { planJobs } from '../../batch/plan';
import { submitJobs } from '../../batch/submit';
import { succeed } from '../../result';
import {
	faceAreaFields,
	optionsField,
	rateOptions,
	simplifyField,
	templatesField,
} from '../../parameters/common';
import { deliveryFields, deliveryOptions, readDelivery } from '../../wait/deliver';
import type { Operation, Outcome } from '../../execution/operation';
import { failAll, inInputOrder, readItems, readOrder } from '../../parameters/readItems';
import { portraitFields, portraitOptions } from '../../parameters/portrait';
import type { ExecutionContext } from '../../execution/context';
import { startDurableWait } from '../../durable/start';
import { readWaitOptions, startInMemoryWait, waitOptions } from '../../wait/inMemoryWait';

async function run(context: ExecutionContext): Promise<Outcome[]> {
	const options = readWaitOptions(context);
	if (!options.ok) return failAll(context, options.failure);
	const { wanted, refused, stopBecause } = await readItems(context, async (itemIndex) => {
		const order = await readOrder(context, itemIndex);
		if (!order.ok) return order;
		const delivery = readDelivery(context, itemIndex, order.value.templateIds.length);
		return delivery.ok
			? succeed({ itemIndex, order: order.value, delivery: delivery.value })
			: delivery;
	});
	if (stopBecause) return refused;
	const deliveries = new Map(wanted.map(({ itemIndex, delivery }) => [itemIndex, delivery]));
	const waiting = options.value.survivesRestarts
		? startDurableWait(context, options.value, deliveries, refused)
		: startInMemoryWait(context, options.value, deliveries, refused);
	const jobs = planJobs(
		wanted.map(({ order }) => order),
		context.runIndex,
	);
	await submitJobs(jobs, context, (job, result) => {
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
