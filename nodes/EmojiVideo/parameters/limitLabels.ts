/** Names the option that ended a wait. Rooms below the form only know which limit it was. */
import { LIMIT_PLACEHOLDER } from '../base/result';
import type { Failure, Limit } from '../base/result';
import { answerWithinField, queueTimeoutOption, timeoutOption } from './waiting';

const LABELS: Record<Limit, string> = {
	run: timeoutOption.displayName,
	queue: queueTimeoutOption.displayName,
	answer: answerWithinField.displayName,
};

/** The same failure, whose message has the label of the option that ended the wait. */
export const nameLimit = (failure: Failure): Failure =>
	failure.limit === undefined
		? failure
		: {
				...failure,
				message: failure.message.replace(LIMIT_PLACEHOLDER, `"${LABELS[failure.limit]}"`),
			};
