/**
 * Items in, operation, items out. The one place where failures become exceptions.
 */
import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import type { IDataObject, IExecuteFunctions, INodeExecutionData, JsonObject } from 'n8n-workflow';
import type { Rates } from '../batch/rateLimiter';
import { fail, STOPPED, succeed } from '../result';
import type { Failure, Result } from '../result';
import { detectFace } from './image/detectFace.operation';
import type { Operation, Outcome } from '../execution/operation';
import { failed } from '../execution/operation';
import { toItem } from '../execution/outputItems';
import { failAll } from '../parameters/readItems';
import { openContext } from '../execution/context';
import { runDurableRole } from '../durable/roles';
import { check, readField } from '../parameters/read';
import { numberValue } from '../parameters/schemas';
import { cancel } from './video/cancel.operation';
import { create } from './video/create.operation';
import { createAndWait } from './video/createAndWait.operation';
import { getMany } from './video/getMany.operation';
import { getStatus } from './video/getStatus.operation';
import { wait } from './video/wait.operation';

/** resource -> operation -> what it does. */
export const OPERATIONS: Record<string, Record<string, Operation>> = {
	video: { cancel, create, createAndWait, getMany, getStatus, wait },
	image: { detectFace },
};

/** Where a failure is one of HTTP, n8n shows it as such. */
const isFromApi = ({ httpStatus }: Failure) => httpStatus !== undefined;

/** Every task that was accepted, for an error that takes the place of all items. */
function acceptedTasks(outcomes: Outcome[]): string {
	const ids = outcomes.flatMap(({ result }) =>
		result.ok ? taskIdsOf(result.value.json) : [result.failure.taskId],
	);
	const accepted = ids.filter((id) => typeof id === 'string');
	return accepted.length === 0 ? '' : ` Tasks that DashScope has accepted: ${accepted.join(', ')}.`;
}

/** Of an item, simplified or as it came, or of all videos of a pack. */
const taskIdsOf = ({ taskId, output, videos }: IDataObject): unknown[] =>
	Array.isArray(videos)
		? videos.flatMap((video) => taskIdsOf(video as IDataObject))
		: [taskId ?? (output as IDataObject | undefined)?.task_id];

function toNodeError(
	functions: IExecuteFunctions,
	outcome: Outcome & { failure: Failure },
	outcomes: Outcome[],
) {
	const { failure, itemIndex } = outcome;
	const { message, nextStep, code, requestId, httpStatus, taskId } = failure;
	const ids = [taskId ? `Task ID: ${taskId}.` : '', requestId ? `Request ID: ${requestId}.` : ''];
	const description = `${[nextStep, ...ids].filter(Boolean).join(' ')}${acceptedTasks(outcomes)}`;
	if (!isFromApi(failure)) {
		return new NodeOperationError(functions.getNode(), message, { itemIndex, description });
	}
	const cause: JsonObject = { message, code: code ?? null, request_id: requestId ?? null };
	return new NodeApiError(functions.getNode(), cause, {
		itemIndex,
		message,
		description,
		httpCode: String(httpStatus),
	});
}

/** The failure that ends a node that does not continue: the first one that is not just "stopped". */
function endOf(
	outcomes: Outcome[],
	signal?: AbortSignal,
): (Outcome & { failure: Failure }) | undefined {
	const failures = outcomes.flatMap((outcome) =>
		outcome.result.ok ? [] : [{ ...outcome, failure: outcome.result.failure }],
	);
	if (signal?.aborted) return failures[0] ?? { ...failed(0, STOPPED), failure: STOPPED };
	return failures.find(({ failure }) => failure.kind !== 'stopped') ?? failures[0];
}

const RATE_OPTIONS: Array<[bucket: keyof Rates, option: string, label: string]> = [
	['create', 'creationsPerSecond', 'Creations per Second'],
	['detect', 'detectionsPerSecond', 'Detections per Second'],
];

/** The user's own rates, where given; by expression, those of the first item count. */
function readRates(functions: IExecuteFunctions): Result<Partial<Rates>> {
	const rates: Partial<Rates> = {};
	for (const [bucket, option, label] of RATE_OPTIONS) {
		const raw = readField(functions, 0, `options.${option}`);
		if (!raw.ok) return raw;
		if (raw.value === null) continue;
		const rate = check(numberValue(label, 0.01, 20, 'per second'), raw.value);
		if (!rate.ok) return rate;
		rates[bucket] = rate.value;
	}
	return succeed(rates);
}

/** The operation that the form asks for. */
function chosenOperation(functions: IExecuteFunctions): Result<Operation> {
	const resource = functions.getNodeParameter('resource', 0) as string;
	const name = functions.getNodeParameter('operation', 0) as string;
	const operation = OPERATIONS[resource]?.[name];
	if (operation) return succeed(operation);
	return fail({
		kind: 'input',
		message: `Operation "${resource}: ${name}" does not exist`,
		nextStep: 'Choose a resource and an operation from the lists.',
	});
}

async function runOperation(functions: IExecuteFunctions): Promise<Outcome[]> {
	const operation = chosenOperation(functions);
	if (!operation.ok) return failAll({ functions }, operation.failure);
	const rates = readRates(functions);
	if (!rates.ok) return failAll({ functions }, rates.failure);
	const context = await openContext(functions, rates.value);
	const durable = await runDurableRole(functions, context);
	if (durable) return durable;
	if (!context.ok) return failAll({ functions }, context.failure);
	return await operation.value.run(context.value);
}

/** Runs the node: every input item becomes its output items, in input order, each paired with its item. */
export async function route(functions: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const outcomes = await runOperation(functions);
	const cancelled = functions.getExecutionCancelSignal();
	const stopBecause =
		functions.continueOnFail() && !cancelled?.aborted ? undefined : endOf(outcomes, cancelled);
	if (stopBecause) throw toNodeError(functions, stopBecause, outcomes);
	return [outcomes.map(toItem)];
}
