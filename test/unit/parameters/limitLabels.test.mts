/** Time limits in messages: the rooms below know which limit ended a wait, and the form knows its label. */
import {
	timeLimitFailure,
	unansweredLimitFailure,
} from '../../../nodes/EmojiVideo/batch/limitFailures';
import type { Failure, Limit } from '../../../nodes/EmojiVideo/base/result';
import { taskSchema } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { nameLimit } from '../../../nodes/EmojiVideo/parameters/limitLabels';

const FETCH_LATER =
	'Use Get Status with this task ID, within 24 hours of its creation, to fetch the video.';

const taskThat = (task_status: string) =>
	taskSchema.parse({ request_id: 'r', output: { task_id: 't', task_status } });

it.each<[string, Limit, string]>([
	['RUNNING', 'run', 'The task is still running at the end of "Timeout (Seconds)"'],
	['PENDING', 'queue', 'The task is still in the queue at the end of "Queue Timeout (Seconds)"'],
	['PENDING', 'answer', 'The task is still in the queue at the end of "Answer Within (Seconds)"'],
])(
	'the failure of a task that is %s at its limit "%s" names the option',
	(status, limit, message) =>
		expect(nameLimit(timeLimitFailure(taskThat(status), limit))).toStrictEqual({
			kind: 'timeLimit',
			limit,
			message,
			nextStep: `The task goes on, and may be billed. ${FETCH_LATER} To wait longer, raise the limit.`,
			requestId: 'r',
			taskId: 't',
			status,
		}),
);

it('the failure of a task without a response at its limit names the option and the fault', () => {
	const fault: Failure = { kind: 'unavailable', message: 'The line is dead', nextStep: 'n' };
	expect(nameLimit(unansweredLimitFailure(taskThat('RUNNING'), fault, 'run'))).toStrictEqual({
		kind: 'timeLimit',
		limit: 'run',
		message: 'At the end of "Timeout (Seconds)" nobody knows how far the task is: the line is dead',
		nextStep: `The task goes on, and may be billed. ${FETCH_LATER}`,
		taskId: 't',
		status: 'RUNNING',
	});
});

it('a failure without a limit keeps its message', () => {
	const failure: Failure = { kind: 'task', message: 'The task failed {limit}', nextStep: 'n' };
	expect(nameLimit(failure)).toBe(failure);
});
