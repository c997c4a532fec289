/**
 * Failures that only a durable batch has. Rule: each says whether DashScope may have a task for the video.
 */
import type { Failure } from '../../base/result';
import { UNCONFIRMED_SUBMIT } from '../../dashscope/client';

/** The batch ran out of time before this video was submitted. */
export const NOT_SUBMITTED: Failure = {
	kind: 'timeLimit',
	message: 'There was no time left to create this video',
	nextStep: 'No task was made for it. Create it in a new execution.',
};

/** n8n lost the check that may have submitted this video. */
export const unconfirmedFailure = (why: string): Failure => ({
	kind: 'noResponse',
	message: 'n8n was interrupted while this video was being created',
	nextStep: `${why} ${UNCONFIRMED_SUBMIT}`,
});

/** The task is still open, and no check follows. */
export const NOT_POLLED: Failure = {
	kind: 'timeLimit',
	message: 'n8n could not ask DashScope about this task in time',
	nextStep:
		'The task goes on, and may be billed. Use Get Status or Wait with this task ID within 24 hours of its creation.',
};
