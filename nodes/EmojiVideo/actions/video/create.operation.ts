/** Video: Create. Makes the tasks and returns their IDs at once; nothing is waited for. */
import { updateDisplayOptions } from 'n8n-workflow';
import { aboutOf, planJobs } from '../../batch/plan';
import type { Job } from '../../batch/plan';
import { submitJobs } from '../../batch/submit';
import type { SubmittedJob } from '../../batch/submit';
import { succeed } from '../../result';
import type { Result } from '../../result';
import { createdToJson } from '../../output';
import {
	faceAreaFields,
	optionsField,
	rateOptions,
	simplifyField,
	templatesField,
} from '../../parameters/common';
import { failed } from '../../execution/operation';
import type { Operation, Outcome } from '../../execution/operation';
import { inInputOrder, readItems, readOrder } from '../../parameters/readItems';
import { portraitFields, portraitOptions } from '../../parameters/portrait';
import type { ExecutionContext } from '../../execution/context';
import { readFields } from '../../parameters/read';
import { flagValue } from '../../parameters/schemas';

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
	return { itemIndex, result: { ok: true, value: { json } }, about };
}

async function run(context: ExecutionContext): Promise<Outcome[]> {
	const { wanted, refused, stopBecause } = await readItems(context, async (itemIndex) => {
		const flags = readFields(context.functions, itemIndex, { simplify: flagValue });
		if (!flags.ok) return flags;
		const order = await readOrder(context, itemIndex);
		return order.ok ? succeed({ order: order.value, ...flags.value }) : order;
	});
	if (stopBecause) return refused;
	const outcomes: Outcome[] = [...refused];
	const simplified = new Map(wanted.map(({ order, simplify }) => [order.itemIndex, simplify]));
	const jobs = planJobs(
		wanted.map(({ order }) => order),
		context.runIndex,
	);
	await submitJobs(jobs, context, (job, result) => {
		outcomes.push(toOutcome(job, result, simplified.get(job.itemIndex) ?? true));
		if (!result.ok && context.stopsAtFirstFailure) context.halt();
	});
	return inInputOrder(outcomes);
}

export const create: Operation = {
	fields: updateDisplayOptions({ show: { resource: ['video'], operation: ['create'] } }, [
		...portraitFields,
		...faceAreaFields,
		templatesField,
		simplifyField,
		optionsField([...portraitOptions, ...rateOptions]),
	]),
	run,
};
