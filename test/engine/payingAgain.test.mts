/**
 * "Check Before Paying Again": n8n dies while it waits in memory, with "Save execution progress" on, and
 * somebody presses Retry, perhaps more than once.
 */
import { DateTime } from 'luxon';
import { cancelByHand, makeTasks } from './account.mts';
import { at, isCreate, isQuery, itemsOf, nth } from './durableWait.mts';
import { useN8n } from './server/n8nServer.mts';
import type { ServerRun } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 20 });
const n8n = useN8n(sandbox);

const PORTRAITS = ['ada.png', 'ben.jpg', 'kim.png'];

const runOf = (checks: boolean, more: Partial<ServerRun> = {}): ServerRun => ({
	items: itemsOf(sandbox.double, PORTRAITS),
	savesProgress: true,
	parameters: sandbox.createAndWait({
		imageUrl: '={{ $json.url }}',
		options: { pollInterval: 10 },
		limitOptions: { checkBeforePayingAgain: checks },
	}),
	...more,
});

const taskIds = () => sandbox.double.tasks().map(({ id }) => id);

/** Runs until all videos are created and asked about, and cuts the power. */
async function crash(run: ServerRun, isLast = at('before', nth(2, isQuery))): Promise<string> {
	const id = await n8n.run(run);
	n8n.dieAt(isLast);
	await n8n.untilDead();
	n8n.start();
	expect(n8n.execution(id).status).toBe('crashed');
	return id;
}

const createsAccepted = () => sandbox.double.counts().createsAccepted;

it('without it, Retry pays again: 3 -> 6 -> 9', async () => {
	let id = await crash(runOf(false));
	expect(createsAccepted()).toBe(3);
	id = await n8n.retry(id);
	n8n.dieAt(at('before', nth(2, isQuery)));
	await n8n.untilDead();
	n8n.start();
	expect(createsAccepted()).toBe(6);
	const found = await n8n.ended(await n8n.retry(id));
	expect(found.status).toBe('success');
	expect(createsAccepted()).toBe(9);
});

it('Retry pays for nothing, says since when, names the tasks and what to do, as often as it is pressed', async () => {
	// n8n's own default zone.
	const since = DateTime.fromMillis(sandbox.time.now(), { zone: 'America/New_York' }).toFormat(
		'yyyy-MM-dd HH:mm',
	);
	const id = await crash(runOf(true));
	await sandbox.time.advance(3_600_000);
	const detected = sandbox.double.counts().detectsBilled;
	let last = id;
	for (let press = 0; press < 3; press++) {
		const found = await n8n.ended(await n8n.retry(last));
		expect(found.status).toBe('error');
		expect(found.error?.message).toBe(
			`This Retry may pay a second time: the account has 3 tasks since the first try began (${since}) that this execution does not know`,
		);
		for (const task of taskIds()) expect(found.error?.description).toContain(task);
		expect(found.error?.description).toContain('the operation Wait or Get Status');
		expect(found.error?.description).toContain('turn off "Check Before Paying Again"');
		last = found.id;
	}
	expect(sandbox.double.counts()).toMatchObject({ createsAccepted: 3, detectsBilled: detected });
	// What the error says: turn it off, save, and choose Retry with currently saved workflow.
	const paid = await n8n.ended(await n8n.retry(last, runOf(false)));
	expect(paid.status).toBe('success');
	expect(createsAccepted()).toBe(6);
});

it('Create, too', async () => {
	const run = runOf(true);
	const create: ServerRun = { ...run, parameters: { ...run.parameters, operation: 'create' } };
	const id = await crash(create, at('after', nth(2, isCreate)));
	const found = await n8n.ended(await n8n.retry(id));
	expect(found.error?.message).toContain('2 tasks since the first try began');
	expect(createsAccepted()).toBe(2);
});

it('with an error output, each item says it', async () => {
	const id = await crash(runOf(true, { settings: { onError: 'continueErrorOutput' } }));
	const { items, errorItems } = await n8n.ended(await n8n.retry(id));
	expect([items.length, errorItems.length]).toEqual([0, 3]);
	for (const { json } of errorItems) expect(JSON.stringify(json)).toContain(taskIds()[2]);
	expect(createsAccepted()).toBe(3);
});

it('Survive Restarts: a try that died before it was parked has paid for nothing, and Retry goes on', async () => {
	const run = runOf(true);
	const options = { surviveRestarts: true };
	const id = await crash(
		{ ...run, parameters: { ...run.parameters, options } },
		at(
			'after',
			nth(
				2,
				({ kind, ...moment }) =>
					kind === 'request' && JSON.stringify(moment).includes('face-detect'),
			),
		),
	);
	const found = await n8n.ended(await n8n.retry(id));
	expect(found.items.map(({ json }) => json['status'])).toEqual([
		'SUCCEEDED',
		'SUCCEEDED',
		'SUCCEEDED',
	]);
	expect(createsAccepted()).toBe(3);
});

it("tasks from before the first try are in nobody's way", async () => {
	await makeTasks(sandbox.double, 2);
	await sandbox.time.advance(6 * 60_000);
	const id = await crash(runOf(true), at('before', isCreate));
	const found = await n8n.ended(await n8n.retry(id));
	expect(found.status).toBe('success');
	expect(createsAccepted()).toBe(2 + 3);
});

it('nor are those that failed or were canceled, and cost nothing', async () => {
	const id = await crash(runOf(true), at('after', nth(2, isCreate)));
	const [first = '', second = ''] = taskIds();
	sandbox.double.failTask(first);
	await cancelByHand(sandbox.double, second);
	await sandbox.time.advance(60_000);
	const found = await n8n.ended(await n8n.retry(id));
	expect(found.status).toBe('success');
	expect(createsAccepted()).toBe(2 + 3);
});

it('where n8n does not tell when the first try began, its nodes do; else the whole list counts', async () => {
	await makeTasks(sandbox.double, 2);
	await sandbox.time.advance(6 * 60_000);
	const id = await crash(runOf(true));
	await sandbox.time.advance(3_600_000);
	n8n.edit(id, ({ executionData }) => delete executionData?.runtimeData);
	const nodesTell = await n8n.ended(await n8n.retry(id));
	expect(nodesTell.error?.message).toContain('3 tasks since the first try began (');
	n8n.edit(id, ({ resultData }) => {
		resultData.runData = {};
	});
	const nobodyTells = await n8n.ended(await n8n.retry(id));
	expect(nobodyTells.error?.message).toContain(
		'5 tasks of the last 24 hours (n8n does not tell when the first try began)',
	);
	expect(createsAccepted()).toBe(5);
});

it('a try that has ended and stored what it paid for: Retry takes that up and asks for no list where nothing is to be paid', async () => {
	const run = runOf(true);
	const short = {
		...run,
		parameters: sandbox.createAndWait({
			...run.parameters,
			options: { timeout: 10, pollInterval: 10 },
		}),
	};
	const first = await n8n.ended(await n8n.run(short));
	expect(first.error?.message).toContain('still running');
	const found = await n8n.ended(await n8n.retry(first.id, run));
	expect(found.status).toBe('success');
	expect(createsAccepted()).toBe(3);
});

it('a list that cannot be read: nothing is paid for', async () => {
	const id = await crash(runOf(true));
	sandbox.double.faults.add({
		match: { method: 'GET', path: '/api/v1/tasks/?' },
		times: 'always',
		fault: { kind: 'status', status: 403, body: { code: 'AccessDenied', message: 'No.' } },
	});
	const found = await n8n.ended(await n8n.retry(id));
	expect(found.error?.message).toContain('What the first try has paid for cannot be looked up');
	expect(createsAccepted()).toBe(3);
});
