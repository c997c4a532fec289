/**
 * The polls of a check before its submits: n8n dies in one of them, or a user presses Stop. Rule of all tests here: no
 * video is submitted twice, none fails without need, and every download is kept.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cancelByHand, makeTasks } from './account.mts';
import {
	at,
	isCreate,
	isQuery,
	isWrite,
	itemsOf,
	nth,
	PORTRAITS,
	survive,
} from './durableWait.mts';
import { keepFilesIn } from './harness.mts';
import { useN8n } from './server/n8nServer.mts';
import type { Found, Moment } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 600, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);

const MINUTE_MS = 60_000;
const SIX = [...PORTRAITS, ...PORTRAITS];
/** The most tasks at the service at a time. */
const AHEAD = 4;

let folder = '';
beforeAll(async () => {
	folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-'));
	await keepFilesIn('filesystem', folder);
});
afterAll(async () => {
	await keepFilesIn('memory');
	await rm(folder, { recursive: true, force: true });
});

const tasks = () => sandbox.double.tasks();
const creates = () => sandbox.double.counts().createsAccepted;

const downloads = () =>
	sandbox.double.ledger().filter(({ path: where }) => where.startsWith('/results/')).length;

/** Creates one video, so that the account's run times are known. */
async function makeOne() {
	await n8n.ended(
		await n8n.run({ items: itemsOf(sandbox.double, ['kim.png']), parameters: survive() }),
	);
	sandbox.double.reset();
}

/** Runs six portraits, four of them at the service at a time, until the check for the other two has begun. */
async function run(taskSeconds = 600) {
	await makeOne();
	sandbox.double.setTaskSeconds(taskSeconds);
	const id = await n8n.run({
		items: itemsOf(sandbox.double, SIX),
		parameters: survive({ limitOptions: { queueAhead: AHEAD }, options: { queueTimeout: 86_400 } }),
		settings: { onError: 'continueErrorOutput' },
	});
	await sandbox.time.until(() => tasks().length === AHEAD);
	await n8n.parked(id);
	return id;
}

/** @returns when n8n died */
async function die(moment: (moment: Moment) => boolean): Promise<number> {
	n8n.dieAt(moment);
	await n8n.untilDead();
	return sandbox.time.now();
}

function expectAllVideos({ items, errorItems, links }: Found, others = 0) {
	expect(errorItems).toEqual([]);
	expect(links).toEqual([0, 1, 2, 3, 4, 5]);
	expect(items.every(({ binary }) => binary !== undefined)).toBe(true);
	expect(creates()).toBe(6 + others);
}

/** Another user creates a task each minute until the next check starts. @returns how many */
async function othersUntilTheNextCheck(): Promise<number> {
	const rows = n8n.executions().length;
	let made = 0;
	while (n8n.executions().length === rows) {
		await sandbox.time.advance(MINUTE_MS);
		const [task = ''] = await makeTasks(sandbox.double, 1);
		await cancelByHand(sandbox.double, task);
		made++;
	}
	return made;
}

const isLook = (condition: (moment: Moment) => boolean) => (moment: Moment) =>
	tasks().length === AHEAD && condition(moment);

it('one check polls and downloads before its submits', async () => {
	const id = await run();
	const before = n8n.executions().length;
	await sandbox.time.until(() => downloads() > 0);
	expect([tasks().length, n8n.executions().length]).toEqual([AHEAD, before]);
	expectAllVideos(await n8n.ended(id));
});

describe('n8n dies in a poll', () => {
	it.each<[string, (moment: Moment) => boolean]>([
		['before the request', at('before', isLook(isQuery))],
		['after the request', at('after', isLook(isQuery))],
		['in the second poll', nth(2, at('before', isLook(isQuery)))],
		['before its row is stored', isLook(isWrite(3, 'waiting', 'before'))],
	])('%s: nothing is unconfirmed, although another user creates tasks', async (_, moment) => {
		const id = await run();
		await die(moment);
		n8n.start();
		const others = await othersUntilTheNextCheck();
		expect(others).toBeGreaterThan(5);
		expectAllVideos(await n8n.ended(id), others);
	});
});

describe('n8n dies after the polls', () => {
	it('during a submit: the group is unconfirmed, and the errors name the candidates', async () => {
		const id = await run();
		await die(isLook(at('before', isCreate)));
		n8n.start();
		await othersUntilTheNextCheck();
		const { items, errorItems } = await n8n.ended(id);
		expect([items.length, errorItems.length]).toEqual([4, 2]);
		expect(JSON.stringify(errorItems)).toContain(tasks().at(-2)?.id);
	});

	it('and stays down until the service has forgotten the tasks: the downloaded videos are kept', async () => {
		const id = await run();
		await die(isLook(at('before', isCreate)));
		expect(downloads()).toBeGreaterThan(0);
		await sandbox.time.advance(25 * 60 * MINUTE_MS);
		n8n.start();
		const { items } = await n8n.ended(id);
		expect(items.filter(({ json }) => json['status'] === 'SUCCEEDED').length).toBeGreaterThan(0);
		expect(items[0]?.binary).toBeDefined();
	});
});

describe("during a check's polls", () => {
	it('Stop is noticed within minutes, and queued tasks are canceled', async () => {
		const id = await run();
		await n8n.stop(id);
		await sandbox.time.advance(5 * MINUTE_MS);
		expect(n8n.executions().filter(({ status }) => status === 'waiting')).toEqual([]);
		expect(tasks().map(({ status }) => status)).toEqual([
			'RUNNING',
			'CANCELED',
			'CANCELED',
			'CANCELED',
		]);
	});

	it('tasks that end much sooner than before do not leave the account idle', async () => {
		const id = await run(20);
		const startedAt = sandbox.time.now();
		await sandbox.time.until(() => creates() > AHEAD);
		expect(sandbox.time.now() - startedAt).toBeLessThan(6 * MINUTE_MS);
		expectAllVideos(await n8n.ended(id));
	});
});
