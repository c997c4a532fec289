/** Video: Create and Wait. Portraits in, finished videos out, in one node. */
import { planJobs } from '../../batch/plan';
import { submitJobs } from '../../batch/submit';
import { payingTools } from '../../execution/payingAgain';
import { limitsGroup, outputGroup, simplifyField, waitingGroup } from '../../parameters/common';
import {
	deliveryFields,
	deliveryForm,
	deliveryOf,
	deliveryOptions,
} from '../../parameters/delivery';
import { payingForm, payingOptions, priceOption, queueAheadOption } from '../../parameters/limits';
import { portraitGroup } from '../../parameters/portrait';
import { group } from '../../parameters/read';
import { answerWithinField, waitForm, waitOptions } from '../../parameters/waiting';
import { succeed } from '../../base/result';
import { defineOperation } from '../defineOperation';
import { startWait } from '../startWait';
import { readVideo, videoFields, warnAboutLinks } from './videoForm';

const settingsForm = group({ wait: waitForm, checks: payingForm });

export const createAndWait = defineOperation({
	resource: 'video',
	operation: 'createAndWait',
	toolDescription:
		'Makes short animated videos (MP4) of the face in a portrait photo, one for each expression, and returns the links to them, which work for 24 hours. Each video is billed and takes 1 to 5 minutes. If one is not finished in time, the result is its taskId: ask for the video later with the tool that gets the status.',
	fields: [
		...videoFields,
		...deliveryFields,
		simplifyField,
		answerWithinField,
		portraitGroup,
		outputGroup(deliveryOptions),
		waitingGroup(waitOptions),
		limitsGroup([...payingOptions, priceOption, queueAheadOption]),
	],
	settings: settingsForm,
	async item(fields, context) {
		const delivery = deliveryForm(fields);
		if (!delivery.ok) return delivery;
		const video = await readVideo(fields, context);
		if (!video.ok) return video;
		const { templateIds } = video.value;
		return succeed({
			...video.value,
			delivery: deliveryOf(delivery.value, templateIds.length),
		});
	},
	async run(context, { items, settings, invalid }) {
		const retirement = context.retirement();
		const deliveries = new Map(items.map(({ itemIndex, delivery }) => [itemIndex, delivery]));
		const jobs = planJobs(items, context.runIndex);
		warnAboutLinks(context, jobs);
		const waiting = startWait({
			context,
			options: settings.wait,
			videos: jobs,
			deliveries,
			refused: invalid,
		});
		await submitJobs(
			jobs,
			payingTools(context, settings.checks),
			(job, result) => {
				if (result.ok) waiting.add(result.value);
				else waiting.settle(job, result);
			},
			async () => await waiting.untilRoom(),
			waiting.mode === 'durable' ? (prepared) => waiting.handOver(prepared) : undefined,
		);
		const outcomes = await waiting.finish();
		const notice = retirement();
		if (notice) {
			context.functions.addExecutionHints({ message: notice, location: 'outputPane' });
		}
		return outcomes;
	},
});
