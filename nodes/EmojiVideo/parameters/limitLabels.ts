/** Names the option that ended a wait. Rooms below the form only know which limit it was. */
import type { INodeProperties } from 'n8n-workflow';
import { LIMIT_PLACEHOLDER } from '../base/result';
import type { Failure, Limit } from '../base/result';
import { answerWithinField, waitOptions } from './waiting';

const labelOf = (name: string, fields: INodeProperties[]): string =>
	fields.find((field) => field.name === name)?.displayName ?? name;

const LABELS: Record<Limit, string> = {
	run: labelOf('timeout', waitOptions),
	queue: labelOf('queueTimeout', waitOptions),
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
