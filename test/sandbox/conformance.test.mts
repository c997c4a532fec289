import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Answer, Check } from '../../sandbox/conformance/check.mts';
import { checks } from '../../sandbox/conformance/checks.mts';
import { differences, fieldsOf, unlike } from '../../sandbox/conformance/compare.mts';
import { priceOf } from '../../sandbox/conformance/price.mts';
import { questions } from '../../sandbox/conformance/questions.mts';
import { recordingOf, redact, writeRecording } from '../../sandbox/conformance/record.mts';
import { chosen, runChecks, type Outcome } from '../../sandbox/conformance/run-checks.mts';
import { differenceTable, questionTable, summary } from '../../sandbox/conformance/tables.mts';
import { mockTarget } from '../../sandbox/conformance/visit.mts';
import type { DashScopeMockOptions } from '../../sandbox/dashscope/index.mts';
import { closeMocks, startMock } from './helpers.mts';

const folders: string[] = [];

afterEach(async () => {
	await closeMocks();
	await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

/** All checks against a mock with the documented limits. */
async function run(options: DashScopeMockOptions = {}, wanted: readonly Check[] = checks) {
	const mock = await startMock({ rateLimits: { enforce: true }, ...options });
	const outcomes = await runChecks(mockTarget(mock), wanted);
	return { mock, outcomes, byId: new Map(outcomes.map((made) => [made.check.id, made])) };
}

const failing = (outcomes: readonly Outcome[]) =>
	outcomes
		.filter(({ answer, differs }) => answer === undefined || differs.length > 0)
		.map(({ check, failed, differs }) => [check.id, failed, ...differs]);

it('the mock responds to every check as the documents say', async () => {
	const { mock, outcomes } = await run();
	expect(failing(outcomes)).toEqual([]);
	expect(summary(outcomes)).toBe(
		`${checks.length} checks: ${checks.length} as documented, 0 differ, 0 not made`,
	);
	expect(checks.length).toBeGreaterThanOrEqual(25);
	expect(mock.counts().authorizationSeenOnStorage).toBe(false);
});

it('a run at a real service is billed for the items of the price list and no more', async () => {
	const wanted = chosen(checks, []);
	const { mock } = await run({}, wanted);
	expect(priceOf(wanted).slice(0, 2)).toEqual([
		expect.stringMatching(/^1 detection \(/) as string,
		expect.stringMatching(/^1 video \(/) as string,
	]);
	expect(mock.counts()).toMatchObject({ detectsBilled: 1, createsAccepted: 2 });
	expect(mock.tasks().map(({ status }) => status)).toEqual(['SUCCEEDED', 'CANCELED']);
});

it('optional checks run only if --also names them', () => {
	const ids = (also: string[] | 'all') => chosen(checks, also).map(({ id }) => id);
	expect(ids([])).not.toContain('detect-not-passed');
	expect(ids(['detect-not-passed'])).toContain('detect-not-passed');
	expect(ids('all')).toHaveLength(checks.length);
});

it('every check has an ID of its own, and names its document and section', () => {
	expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
	for (const { document, section } of checks) {
		expect(document.url).toMatch(/^https:\/\//);
		expect(section).not.toBe('');
	}
});

it('the table shows where a service differs from the mock, check by check', async () => {
	const service = await run({ verdictStyle: 'top400', maxPageSize: 50, oddities: ['extras'] });
	const mock = await run();
	const table = differenceTable(service.outcomes, mock.outcomes);
	expect(table).toMatch(/^\| list-100 \| 400 InvalidParameter \| 200 \| status 200 for 400; /m);
	expect(table).toMatch(/^\| detect-not-passed \| 400 InvalidFile\.NoHuman \| 200 \|/m);
	expect(table).toMatch(
		/^\| create \| 200 \| 200 \| only the service: output\.task_metrics\.TOTAL/m,
	);
	expect(failing(service.outcomes).map(([id]) => id)).toEqual(['detect-not-passed', 'list-100']);
});

it('a run prints the answers to the open questions that it settles', async () => {
	const { outcomes } = await run({ concurrency: 1, oddities: ['results'] });
	const table = questionTable(outcomes);
	expect(table).toContain('nulls: no; output.results: yes');
	expect(table).toContain('100: HTTP 200; 1,000: HTTP 400');
	expect(table).toContain('waiting null, running 1');
	expect(table).toContain('HTTP 200, code at output');
	expect((await run()).outcomes).toHaveLength(checks.length);
});

it('the life of a link counts from the end of its task', async () => {
	const { outcomes } = await run();
	expect(questionTable(outcomes)).toMatch(/24\.000 hours after the end/);
});

it('a check that cannot run is reported, and leaves no task in the queue', async () => {
	const mock = await startMock();
	mock.faults.add({
		match: { operation: 'cancel' },
		times: 1,
		fault: { kind: 'reset' },
	});
	mock.faults.add({ match: { operation: 'policy' }, times: 'always', fault: { kind: 'reset' } });
	const outcomes = await runChecks(mockTarget(mock), checks);
	const byId = new Map(outcomes.map((outcome) => [outcome.check.id, outcome]));
	expect(byId.get('upload')?.failed).toMatch(/fetch failed/);
	expect(byId.get('create-queued')?.failed).toBe('skipped: uploaded not found before');
	expect(summary(outcomes)).toMatch(/not made$/);
});

describe('a recording', () => {
	it('contains no key, signature or account, for every check', async () => {
		const { mock, outcomes } = await run();
		const secrets = [mock.apiKey, 'LTAI-sandbox', 'Bearer'];
		for (const { check, answer } of outcomes) {
			if (!answer) continue;
			const text = JSON.stringify(recordingOf(check, answer, 'a test', mock.apiKey));
			expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
			expect(text).not.toMatch(/Signature=(?!removed)/);
			expect(text).not.toMatch(/"(caller_uid|api_key_id|signature|policy)":"(?!\(removed\))/);
			expect(text).not.toMatch(/dashscope-instant\/(?!0{32})/);
		}
	});

	it('keeps the expiry of a link', () => {
		const link =
			'https://x.oss-cn-beijing.aliyuncs.com/a.mp4?Expires=1&OSSAccessKeyId=A&Signature=b%2F';
		expect(redact({ url: [link] }, 'sk-1')).toEqual({
			url: [
				'https://x.oss-cn-beijing.aliyuncs.com/a.mp4?Expires=1&OSSAccessKeyId=removed&Signature=removed',
			],
		});
		expect(redact('https://bucket.aliyuncs.com', 'sk-1')).toBe('https://bucket.aliyuncs.com');
		expect(redact('your key sk-1 is wrong', 'sk-1')).toBe('your key (key) is wrong');
	});

	it('has the form that contract tests read', async () => {
		const folder = await mkdtemp(path.join(tmpdir(), 'conformance-'));
		folders.push(folder);
		const { mock, byId } = await run();
		const made = byId.get('create');
		if (!made?.answer) throw new Error('Nothing was created.');
		const recording = recordingOf(made.check, made.answer, 'a test', mock.apiKey);
		await writeRecording(folder, 'create', recording);
		expect(await readdir(folder)).toEqual(['create.json']);
		const written: unknown = JSON.parse(await readFile(path.join(folder, 'create.json'), 'utf8'));
		expect(written).toMatchObject({
			source: 'a test, check create',
			kind: 'created',
			answer: { status: 200, headers: { 'content-encoding': 'gzip' } },
		});
	});
});

describe('a comparison', () => {
	const answer = (status: number, body: unknown): Answer => ({ status, headers: {}, body });

	it('names each value that differs from the documents', () => {
		const expected = { status: 200, has: ['output.task_id'], says: { 'output.n': [1, 2] } };
		expect(differences(answer(200, { output: { task_id: 'x', n: 2 } }), expected)).toEqual([]);
		expect(differences(answer(500, { output: { n: 3 } }), expected)).toEqual([
			'status 500 for 200',
			'no output.task_id',
			'output.n 3 for 1 or 2',
		]);
		expect(differences(answer(200, 'no JSON'), expected)).toHaveLength(2);
	});

	it('names fields that only one response has, and types that differ', () => {
		const rows = { data: [{ a: 1 }, { b: 2 }], empty: [], none: null };
		expect(fieldsOf(rows)).toEqual(['data[].a: number', 'none: null']);
		expect(unlike(answer(200, { a: 1, b: 'x' }), answer(200, { a: '1', b: 'y' }))).toEqual([
			'only the service: a: number',
			'only the mock: a: string',
		]);
	});
});

it('the README lists all open questions for an owner with a key', async () => {
	const readme = await readFile('sandbox/conformance/README.md', 'utf8');
	expect(questions.filter(({ question }) => !readme.includes(question))).toEqual([]);
});

describe('npm run conformance', () => {
	const command = (args: string[], env: Record<string, string>) => {
		const { status, stderr, stdout } = spawnSync(
			process.execPath,
			['--import', 'tsx', 'sandbox/conformance/run.mts', ...args],
			{ env: { ...process.env, DASHSCOPE_API_KEY: '', ...env }, encoding: 'utf8' },
		);
		return { status, text: stdout + stderr };
	};

	it('bills nothing without a yes', async () => {
		const mock = await startMock();
		const { status, text } = command(['--url', mock.url], { DASHSCOPE_API_KEY: 'sk-x' });
		expect(status).toBe(1);
		expect(text).toMatch(/It will be billed:\n\n- 1 detection/);
		expect(text).toMatch(/Nobody is here to say yes/);
		expect(mock.ledger()).toEqual([]);
	});

	it('asks for a key before it visits a real service', () => {
		expect(command(['--live'], {})).toMatchObject({
			status: 1,
			text: expect.stringMatching(/DASHSCOPE_API_KEY/) as string,
		});
	});
});
