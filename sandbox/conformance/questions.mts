/**
 * Questions that the documents leave open and an owner with a key can settle. Rule: there is one list.
 * If a check's response settles a question, the run prints the answer. Otherwise the line says how.
 */
import { valuesAt } from './compare.mts';
import type { Outcome } from './run-checks.mts';

export interface Question {
	question: string;
	/** How to settle it. */
	how: string;
	/** The answer that this run gives; undefined if it gives none. */
	settled?: (outcomes: ReadonlyMap<string, Outcome>) => string | undefined;
}

type Outcomes = ReadonlyMap<string, Outcome>;

const bodyOf = (outcomes: Outcomes, id: string) => outcomes.get(id)?.answer?.body;
const statusOf = (outcomes: Outcomes, id: string) => outcomes.get(id)?.answer?.status;
const at = (outcomes: Outcomes, id: string, path: string) =>
	valuesAt(bodyOf(outcomes, id), path)[0];
/** A value in words: null is one. */
const word = (value: unknown) => JSON.stringify(value) ?? 'not said';

/** How long after the task's end its link expires. */
function linkLife(outcomes: Outcomes): string | undefined {
	const link = at(outcomes, 'query-succeeded', 'output.video_url');
	const end = at(outcomes, 'query-succeeded', 'output.end_time');
	if (typeof link !== 'string' || typeof end !== 'string') return undefined;
	const expires = Number(new URL(link).searchParams.get('Expires')) * 1000;
	const ended = Date.parse(`${end.replace(' ', 'T')}+08:00`);
	const hours = (expires - ended) / 3_600_000;
	return Number.isFinite(hours) ? `${hours.toFixed(3)} hours after the end` : undefined;
}

function pages(outcomes: Outcomes): string | undefined {
	const [hundred, thousand] = [statusOf(outcomes, 'list-100'), statusOf(outcomes, 'list-1000')];
	if (hundred === undefined || thousand === undefined) return undefined;
	const given = at(outcomes, 'list-1000', 'page_size');
	return `100: HTTP ${hundred}; 1,000: HTTP ${thousand}${given === undefined ? '' : `, page_size ${word(given)}`}`;
}

function shape(outcomes: Outcomes): string | undefined {
	const body = bodyOf(outcomes, 'query-succeeded');
	if (body === undefined) return undefined;
	const hasNull = JSON.stringify(body).includes(':null');
	const hasResults = valuesAt(body, 'output.results').length > 0;
	return `nulls: ${hasNull ? 'yes' : 'no'}; output.results: ${hasResults ? 'yes' : 'no'}`;
}

function limits(outcomes: Outcomes): string | undefined {
	const limit = (name: string) =>
		at(outcomes, 'models-limits', `output.quotas.0.model_limit.${name}`);
	const [queue, running] = [limit('async_user_queue_limit'), limit('async_user_concurrency_limit')];
	return running === undefined ? undefined : `waiting ${word(queue)}, running ${word(running)}`;
}

function workspaceLimit(outcomes: Outcomes): string | undefined {
	const limit = at(outcomes, 'quotas', 'output.quotas.0.workspace_limit');
	return limit === undefined ? undefined : `workspace_limit ${word(limit)}`;
}

function firstStatus(outcomes: Outcomes): string | undefined {
	const status = at(outcomes, 'query-new', 'output.task_status');
	return status === undefined ? undefined : `the first query says ${word(status)}`;
}

function verdict(outcomes: Outcomes): string | undefined {
	const status = statusOf(outcomes, 'detect-not-passed');
	if (status === undefined) return undefined;
	const place = at(outcomes, 'detect-not-passed', 'output.code') === undefined ? 'top' : 'output';
	return `HTTP ${status}, code at ${place}`;
}

export const questions: readonly Question[] = [
	{
		question: 'When does a link to a video expire?',
		how: 'any run with a video',
		settled: linkLife,
	},
	{
		question: 'Do the 24 hours of a task count from its creation or from its end?',
		how: 'ask for the task again 24 hours after its creation, a little before 24 hours after its end',
	},
	{ question: 'What is the largest page_size?', how: 'any run', settled: pages },
	{
		question: 'Where does a verdict on a portrait stand, and is it billed?',
		how: '--also detect-not-passed; whether it is billed, the bill tells a day later',
		settled: verdict,
	},
	{
		question: 'Do uploads and detection work on a workspace host?',
		how: '--url https://{WorkspaceId}.cn-beijing.maas.aliyuncs.com, with a key of that workspace',
	},
	{
		question: 'Do emoji tasks carry nulls, or their link in results?',
		how: 'any run with a video',
		settled: shape,
	},
	{
		question: 'How many tasks may wait, how many run?',
		how: 'any run',
		settled: limits,
	},
	{
		question: 'Has the workspace of the key a limit of its own?',
		how: 'any run',
		settled: workspaceLimit,
	},
	{
		question: 'Is a task UNKNOWN right after its creation?',
		how: 'any run with a video',
		settled: firstStatus,
	},
	{
		question: 'Does the host of a private network take https and the emoji models?',
		how: '--url with the private domain name, from a machine in that VPC',
	},
	{
		question: 'Which code does a used-up budget have?',
		how: 'not in five minutes: set a budget that is used up already, with its stop switched on',
	},
	{
		question: 'Do the 3 hours of InternalError.Timeout count from submission?',
		how: 'not in five minutes: look at the times of a task that ended so',
	},
];
