/**
 * Items in, operation, items out. Rule: what an operation returns are outcomes, never exceptions; the
 * one that ends the node is thrown here, and carries every task that was accepted.
 */
import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { systemClock } from '../base/clock';
import { runDurableRole } from '../durable/layers/roles';
import { isToolCall, openContext } from '../execution/context';
import type { ExecutionContext } from '../execution/context';
import { createRecordException } from '../execution/exceptions';
import { toNodeError } from '../execution/nodeErrors';
import { failAll, failed } from '../execution/outcome';
import type { Operation, Outcome } from '../execution/outcome';
import { toItem } from '../execution/outputItems';
import { summaryOf } from '../execution/runSummary';
import { failureForModel, toToolItem } from '../execution/toolItems';
import { durableRoleForm } from '../parameters/durableRole';
import { nameLimit } from '../parameters/limitLabels';
import { ratesForm } from '../parameters/limits';
import { field, group, then } from '../parameters/read';
import type { Form } from '../parameters/read';
import { caught, invalidFailure, STOPPED, succeed } from '../base/result';
import { shown } from '../base/text';
import type { Failure } from '../base/result';
import { z } from 'zod';
import { formOf } from './defineOperation';
import { detectFace } from './image/detectFace.operation';
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

/** Of an item, simplified or as it came, or of all videos of a pack. */
const taskIdsOf = ({ taskId, output, videos }: IDataObject): unknown[] =>
	Array.isArray(videos)
		? videos.flatMap((video) => taskIdsOf(video as IDataObject))
		: [taskId ?? (output as IDataObject | undefined)?.task_id];

/** Every task that was accepted, for an error that takes the place of all items. */
function acceptedTasks(outcomes: Outcome[], toldId?: string): string | undefined {
	const ids = outcomes.flatMap(({ result }) =>
		result.ok ? taskIdsOf(result.value.json) : [result.failure.taskId],
	);
	const accepted = [...new Set(ids)].filter((id) => typeof id === 'string' && id !== toldId);
	return accepted.length === 0
		? undefined
		: `Tasks that DashScope has accepted: ${accepted.join(', ')}.`;
}

/** The failure that ends a node that does not continue: the first one that is not just "stopped". */
function fatalFailure(
	outcomes: Outcome[],
	isStopped: boolean,
): (Outcome & { failure: Failure }) | undefined {
	const failures = outcomes.flatMap((outcome) =>
		outcome.result.ok ? [] : [{ ...outcome, failure: outcome.result.failure }],
	);
	if (isStopped) return failures[0] ?? { ...failed(0, STOPPED), failure: STOPPED };
	return failures.find(({ failure }) => failure.kind !== 'stopped') ?? failures[0];
}

const operationForm: Form<Operation> = then(
	group({
		resource: field('resource', 'Resource', z.unknown().transform(String)),
		operation: field('operation', 'Operation', z.unknown().transform(String)),
	}),
	({ resource, operation }) => {
		const operations = Object.hasOwn(OPERATIONS, resource) ? OPERATIONS[resource] : undefined;
		if (!operations) {
			return invalidFailure(
				`Resource ${shown(resource)} does not exist`,
				'Choose Image or Video from the list.',
			);
		}
		const chosen = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
		return chosen
			? succeed(chosen)
			: invalidFailure(
					`Operation ${shown(`${resource}: ${operation}`)} does not exist`,
					'Choose a resource and an operation from the lists.',
				);
	},
);

/** What is to be known before the account is opened. */
const nodeForm = group({ operation: operationForm, role: durableRoleForm, rates: ratesForm });

async function runOperation(functions: IExecuteFunctions): Promise<Outcome[]> {
	const items = functions.getInputData();
	const facts = { now: systemClock.now(), allowLoopback: false };
	const form = nodeForm(formOf(functions, 0, facts));
	if (!form.ok) return failAll(items, form.failure);
	const { operation, role, rates } = form.value;
	const context = await caught(
		async () => await openContext(functions, rates),
		createRecordException(functions),
	);
	if (role) return await runDurableRole(role, functions, context);
	if (!context.ok) return failAll(items, context.failure);
	return await runSafely(operation, context.value);
}

/**
 * What throws although nothing should becomes the failure of all items, with every task that was paid
 * for. Left to n8n, a node that continues would hand on its *input* items as if all were well.
 */
async function runSafely(operation: Operation, context: ExecutionContext): Promise<Outcome[]> {
	const items = context.functions.getInputData();
	try {
		return await operation.run(context);
	} catch (error) {
		context.endBatch();
		return failAll(items, context.recordException(error, context.paidTasks.taskIds()));
	}
}

/** Failures below the form know which limit ended a wait, but not its label. */
const withLimitNamed = (outcome: Outcome): Outcome =>
	outcome.result.ok
		? outcome
		: { ...outcome, result: { ok: false, failure: nameLimit(outcome.result.failure) } };

/** n8n keeps nothing that a stopped node returns, so what was paid for goes to its log. */
function logStopped(functions: IExecuteFunctions, outcomes: Outcome[]): void {
	const accepted = acceptedTasks(outcomes);
	if (!accepted) return;
	functions.logger.warn(
		`Emoji Video: "${functions.getNode().name}" was stopped. ${accepted} Get Many lists them for 24 hours, Wait fetches their videos.`,
	);
}

/** Runs the node: every input item becomes its output items, in input order, each paired with its item. */
export async function route(functions: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const outcomes = (await runOperation(functions)).map(withLimitNamed);
	const isStopped = functions.getExecutionCancelSignal()?.aborted === true;
	if (isStopped) logStopped(functions, outcomes);
	const summary = summaryOf(outcomes, functions.getTimezone());
	if (summary) functions.addExecutionHints?.({ message: summary, location: 'outputPane' });
	const isTool = isToolCall(functions);
	// What a model asked for is told one by one: a failure among good videos is an item like them.
	// And n8n's older agents, which run the tool themselves, show their model nothing of an error.
	const goesOn =
		functions.continueOnFail() ||
		functions.isToolExecution?.() === true ||
		(isTool && outcomes.some(({ result }) => result.ok));
	const fatal = goesOn && !isStopped ? undefined : fatalFailure(outcomes, isStopped);
	if (fatal) {
		const { itemIndex, failure } = fatal;
		const others = acceptedTasks(outcomes, failure.taskId);
		const addition = others && `${others} Wait fetches their videos.`;
		const wholeText = isTool ? failureForModel(failure) : undefined;
		throw toNodeError(functions.getNode(), failure, { itemIndex, addition, wholeText });
	}
	return [outcomes.map(isTool ? toToolItem : toItem)];
}
