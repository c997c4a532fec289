/** What a try of Retry On Fail knows of the ones before it, and what one rejected key ends. */
import { followTasks } from '../../../nodes/EmojiVideo/batch/follow';
import { openPaidTasks } from '../../../nodes/EmojiVideo/batch/paidTasks';
import { planJobs } from '../../../nodes/EmojiVideo/batch/plan';
import { submitJobs } from '../../../nodes/EmojiVideo/batch/submit';
import type { Client } from '../../../nodes/EmojiVideo/dashscope/client';
import type { FaceAreas } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { portraitAt } from '../../../nodes/EmojiVideo/media/portrait';
import { fail, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { FailureKind } from '../../../nodes/EmojiVideo/base/result';
import { defaults } from '../support/simulatedAccount.mts';
import { createVirtualClock } from '../support/virtualClock.mts';
import { createStop, neverStops } from '../../../nodes/EmojiVideo/base/stop';

const areas: FaceAreas = { face: [2, 2, 8, 8], expression: [0, 0, 9, 9] };

const jobsOf = (count: number, { areAreasKnown = true } = {}) =>
	planJobs(
		Array.from({ length: count }, (_, itemIndex) => ({
			itemIndex,
			portrait: portraitAt(`https://example.com/${itemIndex}.png`),
			areas: areAreasKnown ? areas : undefined,
			templateIds: ['mengwa_kaixin'],
		})),
		0,
	);

const failWith = async (kind: FailureKind) =>
	await Promise.resolve(fail({ kind, message: kind, nextStep: 'x' }));

/** A client of which every other call fails. */
const clientThat = (calls: Pick<Client, 'submitTask'> & Partial<Client>): Client => ({
	detectFace: async () => await failWith('rejected'),
	getTask: async () => await failWith('stopped'),
	listTasks: async () => await failWith('stopped'),
	cancelTask: async () => await failWith('stopped'),
	getUploadPolicy: async () => await failWith('stopped'),
	aheadMs: () => 0,
	...calls,
});

it('a task of an earlier try is in the result if Stop comes before its turn', async () => {
	const clock = createVirtualClock();
	const { stop, endBatch } = createStop();
	const jobs = jobsOf(2);
	const paidTasks = openPaidTasks({});
	paidTasks.write(jobs[1]?.key ?? '', { taskId: 'task-1', acceptedAt: 0, areas });
	const client = clientThat({
		submitTask: async () => {
			await clock.sleep(1000);
			return await failWith('rejected');
		},
	});
	const tools = { client, paidTasks, clock, stop };
	const reported: string[] = [];
	const follow = followTasks(
		tools,
		defaults,
		({ entry: { taskId } }) => reported.push(taskId),
		jobs.length,
	);
	void clock.sleep(500).then(() => endBatch());
	await clock.until(
		submitJobs(jobs, tools, (_, result) => {
			if (result.ok) follow.add(result.value);
		}),
	);
	await clock.until(follow.finish());
	expect(reported).toEqual(['task-1']);
});

it('a second try does not send a submit again if its response did not arrive', async () => {
	const context = {};
	let submits = 0;
	const client = clientThat({
		submitTask: async () => {
			submits++;
			return await failWith('noResponse');
		},
	});
	for (let nth = 0; nth < 2; nth++) {
		await submitJobs(
			jobsOf(1),
			{
				client,
				paidTasks: openPaidTasks(context),
				clock: createVirtualClock(),
				stop: neverStops(),
			},
			() => undefined,
		);
	}
	expect(submits).toBe(1);
});

it('no more faces are detected after DashScope has rejected the key', async () => {
	const clock = createVirtualClock();
	let detections = 0;
	const client = clientThat({
		detectFace: async () => {
			detections++;
			await clock.sleep(1000);
			return succeed({ value: { passed: true, requestId: 'r', areas }, raw: {} });
		},
		submitTask: async () => await failWith('unauthorized'),
	});
	await clock.until(
		submitJobs(
			jobsOf(50, { areAreasKnown: false }),
			{ client, paidTasks: openPaidTasks({}), clock, stop: neverStops() },
			() => undefined,
		),
	);
	await clock.advance(600_000);
	expect(detections).toBeLessThanOrEqual(3);
});
