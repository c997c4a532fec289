/**
 * Plays the second matrix (oddResponses.mts): the built node in n8n's engine, parked executions in a
 * table, real HTTP to the mock, on the clock of the engine's tests. Writes all results to the file that
 * `MATRIX_SEEN` names. Rule: deliveries are counted in n8n's items, payments in the mock's tasks.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { RequestOptions } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IDataObject, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { portraitsFolder } from '../../sandbox/dashscope/index.mts';
import { makeTasks } from '../../test/engine/account.mts';
import { created, itemsOf, survive } from '../../test/engine/durableWait.mts';
import { createPoller } from '../../test/engine/poller.mts';
import { useSandbox } from '../../test/engine/sandbox.mts';
import { useN8n } from '../../test/engine/server/n8nServer.mts';
import type { Found, ServerRun } from '../../test/engine/server/n8nServer.mts';
import { startBoxes, troubleNetwork } from './network.mts';
import type { Boxes } from './network.mts';
import { ODD_RESPONSES, oddCells, PORTRAITS, REQUESTS } from './oddResponses.mts';
import type { OddCell, OddResult, RequestKind } from './oddResponses.mts';

const sandbox = useSandbox({ taskSeconds: 60, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);
const MOCK = () => sandbox.double;

/** Long enough that nothing of the last cell's trouble paces this one. */
const BETWEEN_CELLS_MS = 15 * 60_000;
/** A trigger polls each minute; a cell ends after this many polls. */
const POLLS = 40;
const MINUTE_MS = 60_000;
/** Stop marks the execution; its next check cancels what still queues. */
const AFTER_STOP_MS = 30 * MINUTE_MS;
const SECOND_MS = 1_000;

const seen: OddResult[] = [];
let boxes: Boxes;
beforeAll(async () => {
	boxes = await startBoxes(MOCK());
});
afterAll(async () => {
	await boxes.close();
	const file = process.env['MATRIX_SEEN'] ?? path.join(tmpdir(), 'matrix.json');
	writeFileSync(file, JSON.stringify(seen));
});

/** What each kind's request looks like on the wire. */
const PATHS: Readonly<Record<RequestKind, RegExp>> = {
	detection: /face-detect/,
	policy: /\/uploads\?/,
	upload: /^\/$/,
	create: /video-synthesis/,
	poll: /\/tasks\/[\w-]+$/,
	list: /\/tasks\/?(\?|$)/,
	cancel: /\/cancel$/,
	download: /\/results\//,
};

/** Orders the odd response. @returns requests that the mock never saw, and the way back */
function order({ kind, name, times }: OddCell) {
	const odd = ODD_RESPONSES[name];
	if ('fault' in odd) {
		MOCK().faults.add({ match: { operation: REQUESTS[kind] }, times, fault: odd.fault });
		return { count: () => 0, restore: () => undefined };
	}
	const isTarget = ({ path: url }: RequestOptions) => PATHS[kind].test(url ?? '/');
	return troubleNetwork(odd.network, isTarget, times === 1 ? 1 : Infinity, boxes);
}

const ada = readFileSync(path.join(portraitsFolder, 'ada.png'));
const file = { bytes: ada, fileName: 'ada.png', mimeType: 'image/png' };
const FROM_FILES = { imageSource: 'binary', inputField: 'data' };

/** The run that sends requests of this kind. */
async function runOf({ mode, kind }: OddCell): Promise<ServerRun> {
	const surviveRestarts = mode === 'Survive Restarts';
	const parameters = (more: INodeParameters = {}): INodeParameters =>
		survive({ ...more, options: { surviveRestarts, ...(more['options'] as IDataObject) } });
	const settings = { onError: 'continueRegularOutput' as const };
	if (kind === 'policy' || kind === 'upload') {
		const files = Array.from({ length: PORTRAITS }, () => ({ data: file }));
		return { files, parameters: parameters(FROM_FILES), settings };
	}
	if (kind === 'cancel' && surviveRestarts) {
		MOCK().setConcurrency(0);
		const options = { cancelOnStop: true };
		return { items: itemsOf(MOCK()), parameters: parameters({ options }), settings };
	}
	if (kind === 'list' || kind === 'cancel') {
		MOCK().setConcurrency(0);
		const ids = await makeTasks(MOCK(), PORTRAITS, 1100);
		const isList = kind === 'list';
		return {
			items: isList ? [{}] : ids.map((taskId) => ({ taskId })),
			parameters: isList
				? { resource: 'video', operation: 'getMany', returnAll: true }
				: { resource: 'video', operation: 'cancel', taskId: '={{ $json.taskId }}' },
			settings,
		};
	}
	return { items: itemsOf(MOCK()), parameters: parameters(), settings };
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** The first words of what went wrong. */
function messageOf({ items, error }: Pick<Found, 'items' | 'error'>): string {
	const ofItem = ({ json, error: own }: INodeExecutionData) =>
		textOf(own?.message) ||
		textOf(json['error']) ||
		textOf(json['downloadError']) ||
		textOf(json['reason']) ||
		textOf(json['message']);
	return error?.message ?? items.map(ofItem).find((text) => text !== '') ?? '';
}

const videosIn = (items: INodeExecutionData[]) => items.filter(({ binary }) => binary).length;
const canceled = () =>
	MOCK()
		.tasks()
		.filter(({ status }) => status === 'CANCELED').length;

type Played = Pick<OddResult, 'delivered' | 'message'>;

/** Memory and Survive Restarts: an execution of the node. */
async function playNode(cell: OddCell): Promise<Played> {
	const id = await n8n.run(await runOf(cell));
	if (cell.kind === 'cancel' && cell.mode === 'Survive Restarts') {
		await created(sandbox, n8n, id);
		await n8n.stop(id);
		await sandbox.time.advance(AFTER_STOP_MS);
		return { delivered: canceled(), message: messageOf(n8n.execution(id)) };
	}
	const ended = await n8n.ended(id);
	const { items } = ended;
	const delivered = {
		list: items.filter(({ json }) => json['taskId'] !== undefined).length,
		cancel: canceled(),
	}[cell.kind as string];
	return { delivered: delivered ?? videosIn(items), message: messageOf(ended) };
}

/** The trigger, polled each minute until it has reported all videos. */
async function playTrigger(spoil: () => void): Promise<Played> {
	const during = async <T,>(work: Promise<T>) => await sandbox.time.during(work);
	const trigger = await createPoller(
		sandbox.credential,
		{ downloadVideo: true, outputField: 'data' },
		{ during },
	);
	await trigger.start();
	await makeTasks(MOCK(), PORTRAITS, 1100);
	spoil();
	let message = '';
	for (let poll = 0; poll < POLLS && videosIn(trigger.items) < PORTRAITS; poll++) {
		await sandbox.time.advance(MINUTE_MS);
		await trigger.poll().catch((error: unknown) => {
			message ||= error instanceof Error ? error.message : String(error);
		});
	}
	message ||= messageOf({ items: trigger.items });
	return { delivered: videosIn(trigger.items), message };
}

it.each(oddCells)('$mode, $kind, $name, $times', async (cell) => {
	await sandbox.time.advance(BETWEEN_CELLS_MS);
	let network = { count: () => 0, restore: () => undefined as void };
	const spoil = () => void (network = order(cell));
	const startedAt = sandbox.time.now();
	let played: Played;
	try {
		if (cell.mode === 'trigger') played = await playTrigger(spoil);
		else {
			spoil();
			played = await playNode(cell);
		}
	} catch (error) {
		played = { delivered: 0, message: `the cell broke: ${String(error)}` };
	} finally {
		network.restore();
	}
	const asked = MOCK()
		.ledger()
		.filter(({ operation }) => operation !== 'portrait');
	seen.push({
		...cell,
		...played,
		message: played.message.replaceAll(MOCK().url, 'https://dashscope.aliyuncs.com'),
		paid: MOCK().tasks().length,
		requests: asked.length + network.count(),
		seconds: Math.round((sandbox.time.now() - startedAt) / SECOND_MS),
	});
});
