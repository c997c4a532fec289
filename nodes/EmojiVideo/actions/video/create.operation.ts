/** Video: Create. Makes the tasks and returns their IDs at once; nothing is waited for. */
import { aboutOf, planJobs } from '../../batch/plan';
import type { Job } from '../../batch/plan';
import { submitJobs } from '../../batch/submit';
import type { SubmittedJob } from '../../batch/submit';
import { failed } from '../../execution/outcome';
import type { Outcome } from '../../execution/outcome';
import { payingTools } from '../../execution/payingAgain';
import { createdToJson } from '../../output';
import { limitsGroup, simplifyField, simplifyForm } from '../../parameters/common';
import { payingForm, payingOptions } from '../../parameters/limits';
import { portraitGroup } from '../../parameters/portrait';
import { succeed } from '../../base/result';
import type { Result } from '../../base/result';
import { defineOperation } from '../defineOperation';
import { readVideo, videoFields, warnAboutLinks } from './videoForm';

/** As createTask documents it, for a task whose answer an earlier try has received. */
const rawOf = ({ entry, raw }: SubmittedJob) =>
	raw ?? {
		output: { task_status: 'PENDING', task_id: entry.taskId },
		request_id: entry.requestId,
	};

function toOutcome(job: Job, result: Result<SubmittedJob>, simplify: boolean): Outcome {
	const { itemIndex } = job;
	const about = aboutOf(job);
	if (!result.ok) return failed(itemIndex, result.failure, about);
	const { entry } = result.value;
	const task = { taskId: entry.taskId, status: 'PENDING', requestId: entry.requestId };
	const json = simplify
		? createdToJson(task, entry.acceptedAt, { ...about, areas: entry.areas })
		: { ...rawOf(result.value) };
	return { itemIndex, result: succeed({ json }), about };
}

export const create = defineOperation({
	resource: 'video',
	operation: 'create',
	toolDescription:
		'Starts to make short animated videos (MP4) of the face in a portrait photo, one for each expression, and returns their taskIds at once. Each video is billed and takes 1 to 5 minutes.',
	fields: [...videoFields, simplifyField, portraitGroup, limitsGroup(payingOptions)],
	settings: payingForm,
	async item(fields, context) {
		const simplify = simplifyForm(fields);
		if (!simplify.ok) return simplify;
		const video = await readVideo(fields, context);
		return video.ok ? succeed({ ...video.value, simplify: simplify.value }) : video;
	},
	async run(context, { items, settings: checks, invalid }) {
		const outcomes: Outcome[] = [...invalid];
		const simplified = new Map(items.map(({ itemIndex, simplify }) => [itemIndex, simplify]));
		const tools = payingTools(context, checks);
		const jobs = planJobs(items, context.runIndex);
		warnAboutLinks(context, jobs);
		await submitJobs(jobs, tools, (job, result) => {
			outcomes.push(toOutcome(job, result, simplified.get(job.itemIndex) ?? true));
			if (!result.ok && context.stopsAtFirstFailure) context.endBatch();
		});
		return outcomes;
	},
});
