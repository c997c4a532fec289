/**
 * The package is updated during a wait, to a version that stores its state differently. Rule: the batch ends with the
 * reason, each video has its own task ID, and nothing is paid for twice.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import {
	at,
	created,
	isCreate,
	isWrite,
	itemsOf,
	nth,
	PORTRAITS,
	survive,
} from './durableWait.mts';
import { keepFilesIn } from './harness.mts';
import { useN8n } from './server/n8nServer.mts';
import type { Found } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 600, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);

type Change = (state: IDataObject) => void;

const WHY = /package was changed while the execution waited/;

const ofVersion99: Change = (state) => {
	state['version'] = 99;
};

/** The state of a version that has nothing but the entries in the same field. */
const ofOtherShape: Change = (state) => {
	const { entries } = state;
	for (const name of Object.keys(state)) delete state[name];
	Object.assign(state, { version: 99, entries, plan: { kind: 'unheard of' } });
	for (const entry of entries as IDataObject[]) {
		entry['settled'] = 'a word that this version does not know';
		delete entry['simplify'];
	}
};

/** A state without the field that this version reads entries from. */
const withoutEntries: Change = (state) => {
	state['version'] = 99;
	state['videos'] = { all: state['entries'] };
	delete state['entries'];
};

/** Changes every stored state. */
function store(change: Change) {
	let changed = 0;
	for (const { id } of n8n.executions().filter(({ depth }) => depth > 0))
		n8n.edit(id, ({ executionData }) => {
			for (const context of Object.values(executionData?.contextData ?? {})) {
				const state = context['emojiVideoBatch'] as IDataObject | undefined;
				if (state === undefined) continue;
				change(state);
				changed++;
			}
		});
	expect(changed).toBeGreaterThan(0);
}

/** Whether a supervisor has stored a downloaded video. */
const hasVideo = () =>
	n8n
		.executions()
		.filter(({ depth }) => depth === 2)
		.map(({ id }) => JSON.stringify(n8n.execution(id).data.executionData?.contextData))
		.some((text) => text.includes('"binary"'));

/** Makes every request unreadable. */
function breakRequests() {
	let changed = 0;
	for (const { id } of n8n.executions().filter(({ depth }) => depth === 3))
		n8n.edit(id, (data) => {
			const text = JSON.stringify(data.executionData?.nodeExecutionStack);
			const broken = text.replaceAll('"submittingEndsAt"', '"ends"');
			if (broken === text) return;
			data.executionData!.nodeExecutionStack = JSON.parse(broken) as never;
			changed++;
		});
	expect(changed).toBeGreaterThan(0);
}

const CONTINUES = { settings: { onError: 'continueErrorOutput' as const } };

const run = async (parameters: INodeParameters = survive(), more: object = CONTINUES) =>
	await n8n.run({ items: itemsOf(sandbox.double), parameters, ...more });

/** The task of a portrait. */
const taskOf = (name: string) =>
	sandbox.double
		.ledger()
		.find(
			({ createdTaskId, body }) =>
				createdTaskId !== undefined && JSON.stringify(body).includes(name),
		)?.createdTaskId;

const errorsOf = ({ errorItems }: Found) =>
	errorItems.map(({ json }) => json['error'] as Record<string, string>);

/** Expects one error item per portrait, with its task ID. */
function expectEachWithItsTask(found: Found) {
	expect(found.status).toBe('success');
	expect(found.items).toEqual([]);
	const errors = errorsOf(found);
	expect(errors.map(({ taskId }) => taskId)).toEqual(PORTRAITS.map(taskOf));
	for (const { message, description } of errors) {
		expect(message).toMatch(WHY);
		expect(description).toContain('Wait or Get Status');
	}
	expect(found.errorItems.map(({ json }) => json['number'])).toEqual([0, 1, 2]);
	expect(sandbox.double.counts().createsAccepted).toBe(PORTRAITS.length);
}

describe('a waiting batch that another version has stored', () => {
	it('ends the execution with an error that says why and names every task', async () => {
		const id = await run(survive(), {});
		await created(sandbox, n8n, id);
		store(ofVersion99);
		const { status, error } = await n8n.ended(id);
		expect(status).toBe('error');
		expect(error?.message).toMatch(WHY);
		for (const name of PORTRAITS) expect(error?.description).toContain(taskOf(name));
		expect(sandbox.double.counts().createsAccepted).toBe(PORTRAITS.length);
	});

	it.each([
		['of the same shape', ofVersion99],
		['of another shape', ofOtherShape],
	])('%s: each item leaves by the error output with its own task', async (_, change) => {
		const id = await run();
		await created(sandbox, n8n, id);
		store(change);
		expectEachWithItsTask(await n8n.ended(id));
	});

	it('without a readable entry ends in one error that names every task', async () => {
		const id = await run();
		await created(sandbox, n8n, id);
		store(withoutEntries);
		const [error] = errorsOf(await n8n.ended(id));
		expect(error?.['message']).toMatch(WHY);
		for (const name of PORTRAITS) expect(error?.['description']).toContain(taskOf(name));
	});

	it('delivers the finished videos', async () => {
		const folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-'));
		await keepFilesIn('filesystem', folder);
		// Longer than a check, so that only the first task is finished.
		sandbox.double.setTaskSeconds(2400);
		const id = await run(survive({ options: { timeout: 7200 } }));
		await sandbox.time.until(hasVideo);
		await n8n.parked(id);
		store(ofVersion99);
		const found = await n8n.ended(id);
		expect(found.items.length).toBeGreaterThan(0);
		expect(found.errorItems.length).toBeGreaterThan(0);
		expect(found.items.every(({ binary }) => binary !== undefined)).toBe(true);
		expect(found.items.length + found.errorItems.length).toBe(PORTRAITS.length);
		await keepFilesIn('memory');
		await rm(folder, { recursive: true, force: true });
	});
});

describe('the package is changed during a check', () => {
	it('its result names its tasks, and each item has its own task', async () => {
		const id = await run();
		await n8n.parked(id);
		expect(sandbox.double.tasks()).toEqual([]);
		store(ofVersion99);
		expectEachWithItsTask(await n8n.ended(id));
	});

	it('its stored result is read', async () => {
		const id = await run();
		n8n.dieAt(
			at(
				'after',
				(moment) => moment.kind === 'write' && moment.depth === 3 && moment.status === 'success',
			),
		);
		await n8n.untilDead();
		store(ofVersion99);
		n8n.start();
		expectEachWithItsTask(await n8n.ended(id));
	});

	it('n8n dies during its submits: each error says that a task may exist', async () => {
		const id = await run();
		n8n.dieAt(nth(2, at('after', isCreate)));
		await n8n.untilDead();
		store(ofVersion99);
		n8n.start();
		const errors = errorsOf(await n8n.ended(id));
		expect(errors).toHaveLength(PORTRAITS.length);
		for (const { description } of errors) {
			expect(description).toMatch(WHY);
			expect(description).toContain('Get Many');
		}
	});

	it('its request cannot be read: nothing is submitted, and the items say so', async () => {
		const id = await run();
		await n8n.parked(id);
		store(ofVersion99);
		breakRequests();
		const errors = errorsOf(await n8n.ended(id));
		expect(errors).toHaveLength(PORTRAITS.length);
		for (const { message, description } of errors) expect(`${message} ${description}`).toMatch(WHY);
		expect(sandbox.double.counts().createsAccepted).toBe(0);
	});

	it('only its request cannot be read: the request is sent again, and every video is delivered', async () => {
		const id = await run();
		await n8n.parked(id);
		breakRequests();
		const found = await n8n.ended(id);
		expect(found.items).toHaveLength(PORTRAITS.length);
		expect(sandbox.double.counts().createsAccepted).toBe(PORTRAITS.length);
	});
});

it('a guard whose lost supervisor is of another version returns each item with its own task', async () => {
	sandbox.double.setTaskSeconds(2400);
	const id = await run(survive({ options: { timeout: 7200 } }));
	await created(sandbox, n8n, id);
	n8n.dieAt(isWrite(2, 'running', 'after'));
	await n8n.untilDead();
	store(ofVersion99);
	n8n.start();
	expectEachWithItsTask(await n8n.ended(id));
});

it('a guard of another version still replaces its supervisor, and every video is delivered', async () => {
	const id = await run();
	await created(sandbox, n8n, id);
	for (const { id: guard } of n8n.executions().filter(({ depth }) => depth === 1))
		n8n.edit(guard, ({ executionData }) => {
			for (const context of Object.values(executionData?.contextData ?? {}))
				context['emojiVideoGuard'] = { version: 99 } as never;
		});
	const found = await n8n.ended(id);
	expect(found.items).toHaveLength(PORTRAITS.length);
});
