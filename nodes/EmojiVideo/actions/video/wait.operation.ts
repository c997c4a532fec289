/**
 * Video: Wait. Takes up tasks that were made before, here or elsewhere, and returns their videos.
 * What Create put into an item (template, portrait, areas) is found again in the finished item.
 */
import { updateDisplayOptions } from 'n8n-workflow';
import { z } from 'zod';
import { succeed } from '../../result';
import { areaSchema } from '../../dashscope/schemas';
import type { AcceptedTask } from '../../batch/submit';
import { optionsField, simplifyField, taskIdsField } from '../../parameters/common';
import { deliveryFields, deliveryOptions, readDelivery } from '../../wait/deliver';
import type { Operation, Outcome } from '../../execution/operation';
import { failAll, inInputOrder, readItems } from '../../parameters/readItems';
import type { ExecutionContext } from '../../execution/context';
import { startDurableWait } from '../../durable/start';
import { readFields } from '../../parameters/read';
import { taskIdsValue } from '../../parameters/schemas';
import { readWaitOptions, startInMemoryWait, waitOptions } from '../../wait/inMemoryWait';

/** What an item of Create knows about its task; anything else is no obstacle. */
const createdItem = z
	.object({
		taskId: z.string(),
		templateId: z.string().optional(),
		imageUrl: z.string().optional(),
		imageFile: z.string().optional(),
		requestId: z.string().optional(),
		submittedAt: z.string().datetime({ offset: true }).optional(),
		faceArea: areaSchema.optional(),
		expressionArea: areaSchema.optional(),
	})
	.partial()
	.catch({});

/** A task to wait for, with what its input item knows about it. */
function toAccepted(taskId: string, itemIndex: number, json: unknown): AcceptedTask {
	const item = createdItem.parse(json);
	const known = item.taskId === taskId ? item : {};
	const { templateId, imageUrl, imageFile, requestId, submittedAt } = known;
	const { faceArea, expressionArea } = known;
	return {
		job: { itemIndex, templateId, imageUrl, imageFile, key: `${itemIndex}:${taskId}` },
		entry: {
			taskId,
			requestId,
			acceptedAt: submittedAt === undefined ? undefined : Date.parse(submittedAt),
			areas: faceArea && expressionArea && { face: faceArea, expression: expressionArea },
		},
	};
}

async function run(context: ExecutionContext): Promise<Outcome[]> {
	const { functions } = context;
	const items = functions.getInputData();
	const options = readWaitOptions(context);
	if (!options.ok) return failAll(context, options.failure);
	const { wanted, refused, stopBecause } = await readItems(context, (itemIndex) => {
		const fields = readFields(functions, itemIndex, { taskId: taskIdsValue });
		if (!fields.ok) return fields;
		const delivery = readDelivery(context, itemIndex, fields.value.taskId.length);
		if (!delivery.ok) return delivery;
		return succeed({ itemIndex, taskIds: fields.value.taskId, delivery: delivery.value });
	});
	if (stopBecause) return refused;
	const deliveries = new Map(wanted.map(({ itemIndex, delivery }) => [itemIndex, delivery]));
	const waiting = options.value.survivesRestarts
		? startDurableWait(context, options.value, deliveries, refused)
		: startInMemoryWait(context, options.value, deliveries, refused);
	for (const { itemIndex, taskIds } of wanted) {
		for (const taskId of taskIds)
			waiting.add(toAccepted(taskId, itemIndex, items[itemIndex]?.json));
	}
	return inInputOrder(await waiting.finish());
}

export const wait: Operation = {
	fields: updateDisplayOptions({ show: { resource: ['video'], operation: ['wait'] } }, [
		taskIdsField,
		...deliveryFields,
		simplifyField,
		optionsField([...waitOptions, ...deliveryOptions]),
	]),
	run,
};
