/**
 * Video: Wait. Takes up tasks that were made before, here or elsewhere, and returns their videos.
 * What Create put into an item (template, portrait, areas) is found again in the finished item.
 */
import { z } from 'zod';
import type { AcceptedTask } from '../../batch/submit';
import { areaSchema } from '../../dashscope/schemas';
import type { OutputField } from '../../output';
import { limitsGroup, outputGroup, simplifyField, waitingGroup } from '../../parameters/common';
import {
	deliveryFields,
	deliveryForm,
	deliveryOf,
	deliveryOptions,
} from '../../parameters/delivery';
import { priceOption } from '../../parameters/limits';
import { group, then } from '../../parameters/read';
import { taskIdsFields, taskIdsForm } from '../../parameters/taskIds';
import { answerWithinField, waitForm, waitOptions } from '../../parameters/waiting';
import { succeed } from '../../base/result';
import { defineOperation } from '../defineOperation';
import { startWait } from '../startWait';

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
	} satisfies Partial<Record<OutputField, z.ZodTypeAny>>)
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

const form = then(
	group({ taskIds: taskIdsForm, delivery: deliveryForm }),
	({ taskIds, delivery }) => succeed({ taskIds, delivery: deliveryOf(delivery, taskIds.length) }),
);

export const wait = defineOperation({
	resource: 'video',
	operation: 'wait',
	toolDescription:
		'Waits for emoji videos that were started before, and returns the links to them, which work for 24 hours. What is not finished in time comes back with its taskId and status.',
	fields: [
		...taskIdsFields('Tasks can be waited for within 24 hours of their creation'),
		...deliveryFields,
		simplifyField,
		answerWithinField,
		outputGroup(deliveryOptions),
		waitingGroup(waitOptions),
		limitsGroup([priceOption]),
	],
	settings: waitForm,
	item: form,
	async run(context, { items, settings, invalid }) {
		const inputs = context.functions.getInputData();
		const deliveries = new Map(items.map(({ itemIndex, delivery }) => [itemIndex, delivery]));
		const tasks = items.flatMap(({ itemIndex, taskIds }) =>
			taskIds.map((taskId) => toAccepted(taskId, itemIndex, inputs[itemIndex]?.json)),
		);
		const videos = tasks.map(({ job }) => job);
		const waiting = startWait({ context, options: settings, videos, deliveries, refused: invalid });
		for (const task of tasks) waiting.add(task);
		return await waiting.finish();
	},
});
