import { readFileSync } from 'node:fs';
import { assumptionLines } from '../../sandbox/dashscope/assumptions.mts';
import { oddityNames, type DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { call, closeMocks, create, createTask, detect, outputOf, startMock } from './helpers.mts';

afterEach(closeMocks);

const readme = readFileSync('sandbox/dashscope/README.md', 'utf8');

/** A task that has succeeded, asked for once. */
async function finished(mock: DashScopeMock) {
	const id = await createTask(mock);
	mock.advanceClock(60_000);
	const { body } = await call(mock, `/api/v1/tasks/${id}`);
	return { id, body };
}

describe('an odd response', () => {
	it.each([...oddityNames])('keeps the fields that decide: %s', async (name) => {
		const mock = await startMock({ oddities: [name] });
		const found = await detect(mock, mock.portraitUrl('ada.png'));
		const { bbox_face: face } = found.body.output as { bbox_face: unknown[] };
		expect(face.map((side) => Math.floor(Number(side)))).toEqual([192, 192, 448, 448]);
		const { id, body } = await finished(mock);
		expect(id).toBe(mock.tasks()[0]?.id);
		const output = body.output as Record<string, unknown>;
		const results = output.results as Record<string, unknown> | undefined;
		expect(output.task_status).toBe('SUCCEEDED');
		expect(output.video_url ?? results?.video_url).toBe(mock.tasks()[0]?.videoUrl);
		const list = await call(mock, '/api/v1/tasks/');
		expect(list.body.data).toMatchObject([{ task_id: id, status: 'SUCCEEDED' }]);
		const refused = await create(mock, { driven_id: 'nobody' });
		expect(refused.body).toMatchObject({
			code: 'InvalidParameter',
			message: 'Driven not exist: driven_id.',
		});
	});

	it.each([
		['nulls', { request_id: null, usage: { video_duration: null } }],
		['texts', { usage: { video_duration: '2' } }],
		['fractions', { usage: { video_duration: 2.16 } }],
		['extras', { output: { error_code: 0, error_message: 'Success' } }],
		['shortTimes', { output: { end_time: '2025-10-14 11:29:04' } }],
	] as const)('is odd: %s', async (name, expected) => {
		const { body } = await finished(await startMock({ oddities: [name] }));
		expect(body).toMatchObject(expected);
	});

	it('can have the link in another place', async () => {
		const { body } = await finished(await startMock({ oddities: ['results'] }));
		expect(body.output).not.toHaveProperty('video_url');
		expect(body.output).toHaveProperty('results.video_url');
	});

	it('can have only the fields that decide', async () => {
		const { body } = await finished(await startMock({ oddities: ['bare'] }));
		expect(Object.keys(body)).toEqual(['output']);
		expect(Object.keys(body.output as object)).toEqual(['task_status', 'video_url']);
	});
});

it('odd responses take turns, until they are switched off', async () => {
	const mock = await startMock({ oddities: ['nulls', 'bare'] });
	const id = mock.apiKey;
	const ask = async () => (await call(mock, `/api/v1/tasks/${id}`)).body;
	expect([await ask(), await ask(), await ask()]).toEqual([
		expect.objectContaining({ request_id: null }),
		{ output: { task_status: 'UNKNOWN' } },
		expect.objectContaining({ request_id: null }),
	]);
	mock.setOddities(false);
	expect(await outputOf(mock, id)).toEqual({ task_id: id, task_status: 'UNKNOWN' });
});

it('odd responses are ordered over HTTP', async () => {
	const mock = await startMock();
	const order = (value: unknown) =>
		fetch(`${mock.url}/__control/oddities`, { method: 'POST', body: JSON.stringify({ value }) });
	expect((await order(['bare'])).status).toBe(200);
	expect((await create(mock)).body).toEqual({ output: { task_id: mock.tasks()[0]?.id } });
	expect((await order(['unheard'])).status).toBe(400);
});

describe('the README of the mock', () => {
	it('names every oddity', () => {
		expect(oddityNames.filter((name) => !readme.includes(`| \`${name}\` |`))).toEqual([]);
	});

	it('prints the list of assumptions', () => {
		expect(readme).toContain(assumptionLines().join('\n'));
	});
});
