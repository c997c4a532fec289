/**
 * One cell of the matrix: the node's own operation, with n8n's own HTTP helpers over real sockets, against
 * the mock with one fault, on a clock that is moved. Rule: a cell ends in a video, or in an error that
 * names what happened and the next step. Nothing is paid for twice, and the error names each paid task.
 */
import { setTimeout as realSleep } from 'node:timers/promises';
import type { IHttpRequestOptions } from 'n8n-workflow';
import { OPERATIONS } from '../../nodes/EmojiVideo/actions/router';
import { openContext } from '../../nodes/EmojiVideo/execution/context';
import { toItem } from '../../nodes/EmojiVideo/execution/outputItems';
import type { DashScopeMock, Operation } from '../../sandbox/dashscope/index.mts';
import type { OrderedFault } from './faults.mts';
import { n8nFor } from './n8n.mts';
import type { Flow, UnderWay } from './n8n.mts';
import { patienceOf } from './patience.mts';
import { makeTasks } from '../../test/engine/account.mts';
import { createVirtualClock } from '../../test/unit/support/virtualClock.mts';
import type { VirtualClock } from '../../test/unit/support/virtualClock.mts';

const create = (more: Partial<Flow> = {}): Flow => ({
	resource: 'video',
	operation: 'createAndWait',
	parameters: {},
	...more,
});

/** The rows of the matrix: kinds of request, and the operation that sends them. */
export const FLOWS: Partial<Record<Operation, Flow>> = {
	detect: create(),
	create: create(),
	query: create(),
	result: create(),
	portrait: create({ parameters: { 'portraitOptions.checkImage': true } }),
	policy: create({ hasFile: true, parameters: { imageSource: 'binary', inputField: 'data' } }),
	upload: create({ hasFile: true, parameters: { imageSource: 'binary', inputField: 'data' } }),
	list: create({ operation: 'getMany', hasTask: true, parameters: { returnAll: true } }),
	cancel: create({ operation: 'cancel', hasTask: true }),
};

export interface Cell {
	flow: Operation;
	fault: OrderedFault;
	times: 1 | 'always';
}

export interface CellResult {
	/** `video`, `items` of an operation without videos, or `error`. */
	end: 'video' | 'items' | 'error';
	message: string;
	nextStep: string;
	taskId?: string;
	/** Tasks that the service has made and billed in this cell. */
	created: string[];
	/** Whether the response with the task's ID arrived. */
	isKnown: boolean;
	/** By the clock that was moved. */
	minutes: number;
	keyLeaked: boolean;
}

/** So long nothing may happen to a request that may never be answered before the clock is moved over it. */
const QUIET_MS = 60;
/** No request that is answered takes longer, not even on a machine at its limits. */
const LONGEST_MS = 20_000;

/** Waits, in real time, until time is all that is left to go by. */
function settleOver(underWay: UnderWay) {
	return async () => {
		const startedAt = Date.now();
		for (;;) {
			const { events } = underWay;
			const mayBeStuck = underWay.answered > 0 || underWay.endless > 0;
			await realSleep(mayBeStuck ? (underWay.answered > 0 ? 1 : QUIET_MS) : 0);
			if (Date.now() - startedAt > LONGEST_MS) return;
			if (underWay.events === events && underWay.answered === 0) return;
		}
	};
}

/** Faults whose request is never answered to its end. */
const ENDLESS: ReadonlyArray<OrderedFault['kind']> = ['silence', 'stall', 'switching', 'bomb'];

/** What each row's request looks like. */
const PATHS: Partial<Record<Operation, RegExp>> = {
	detect: /face-detect/,
	create: /video-synthesis/,
	query: /\/tasks\/[\w-]+$/,
	list: /\/tasks\/($|\?)/,
	cancel: /\/cancel$/,
	policy: /\/uploads/,
	portrait: /\/portraits\//,
	result: /\/results\//,
};

/** Moves both clocks together: the node's and the mock's. */
function clockOf(mock: DashScopeMock, settle: () => Promise<void>): VirtualClock {
	const clock = createVirtualClock(mock.now(), settle);
	const now = () => {
		const behind = clock.now() - mock.now();
		if (behind > 0) mock.advanceClock(behind);
		return clock.now();
	};
	return { ...clock, now };
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** Plays one cell. The mock's clock must stand still by itself. */
export async function playCell(
	mock: DashScopeMock,
	{ flow: name, fault, times }: Cell,
): Promise<CellResult> {
	const flow = FLOWS[name];
	if (!flow) throw new Error(`The matrix has no row ${name}.`);
	mock.reset();
	mock.faults.clear();
	// A minute behind the last cell: the account's pace is kept by the process.
	mock.advanceClock(120_000);
	if (flow.hasTask) mock.setConcurrency(0);
	const [taskId = ''] = flow.hasTask ? await makeTasks(mock, 1) : [];
	const before = mock.tasks().length;
	mock.faults.add({ match: { operation: name }, times, fault });
	const isTarget = ({ url, method }: IHttpRequestOptions) =>
		PATHS[name]?.test(url) ?? (method === 'POST' && url.startsWith(mock.storageUrl));
	let left = ENDLESS.includes(fault.kind) ? (times === 1 ? 1 : Infinity) : 0;
	const { functions, underWay } = n8nFor(
		mock,
		flow,
		taskId,
		(request) => isTarget(request) && left-- > 0,
	);
	const clock = clockOf(mock, settleOver(underWay));
	const startedAt = clock.now();
	const context = await openContext(functions, {}, clock);
	if (!context.ok) throw new Error(context.failure.message);
	const operation = OPERATIONS[flow.resource]?.[flow.operation];
	if (!operation) throw new Error(`There is no operation ${flow.operation}.`);
	const outcomes = await clock.until(operation.run(context.value));
	const items = outcomes.map(toItem);
	const [outcome] = outcomes;
	const failure = outcome?.result.ok === false ? outcome.result.failure : undefined;
	const json = items[0]?.json ?? {};
	const created = mock.tasks().slice(before);
	const text = JSON.stringify(items);
	return {
		end: failure ? 'error' : items.some(({ binary }) => binary) ? 'video' : 'items',
		message: failure?.message ?? (textOf(json['downloadError']) || textOf(json['reason'])),
		nextStep: failure?.nextStep ?? '',
		taskId: failure?.taskId ?? (json['taskId'] as string | undefined),
		created: created.map(({ id }) => id),
		isKnown: context.value.paidTasks.taskIds().length > 0,
		minutes: (clock.now() - startedAt) / 60_000,
		keyLeaked: text.includes(mock.apiKey),
	};
}

/** What is wrong with a cell; empty when nothing is. */
export function faultsOf({ flow, fault, times }: Cell, result: CellResult): string[] {
	const { end, message, nextStep, taskId, created, isKnown, minutes, keyLeaked } = result;
	const patience = patienceOf(flow, fault, times);
	const makes = FLOWS[flow]?.operation === 'createAndWait';
	return [
		...(created.length > 1 ? [`paid ${created.length} times`] : []),
		...(end === 'error' && message.trim() === '' ? ['an error without words'] : []),
		...(end === 'error' && nextStep.trim() === '' ? ['an error without a next step'] : []),
		...(end === 'items' && makes && message.trim() === '' ? ['no video, and no word of it'] : []),
		...(makes && isKnown && taskId !== created[0] ? ['the task ID is missing'] : []),
		...(end === 'error' && created.length > 0 && !taskId && !/may have been made/.test(nextStep)
			? ['a task is paid for, and nobody says so']
			: []),
		...(minutes > patience
			? [`took ${minutes.toFixed(1)} minutes, ${patience.toFixed(1)} are documented`]
			: []),
		...(keyLeaked ? ['the key is in an item'] : []),
	];
}
