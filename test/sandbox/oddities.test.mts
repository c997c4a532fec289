import { readFileSync } from 'node:fs';
import { assumptionLines } from '../../sandbox/dashscope/assumptions.mts';
import { oddityNames, type DashScopeDouble } from '../../sandbox/dashscope/index.mts';
import {
	call,
	closeDoubles,
	create,
	createTask,
	detect,
	outputOf,
	startDouble,
} from './helpers.mts';

afterEach(closeDoubles);

const readme = readFileSync('sandbox/dashscope/README.md', 'utf8');

/** A task that has succeeded, asked for once. */
async function finished(double: DashScopeDouble) {
	const id = await createTask(double);
	double.advanceClock(60_000);
	const { body } = await call(double, `/api/v1/tasks/${id}`);
	return { id, body };
}

describe('an odd answer', () => {
	it.each([...oddityNames])('keeps what decides: %s', async (name) => {
		const double = await startDouble({ oddities: [name] });
		const found = await detect(double, double.portraitUrl('ada.png'));
		const { bbox_face: face } = found.body.output as { bbox_face: unknown[] };
		expect(face.map((side) => Math.floor(Number(side)))).toEqual([192, 192, 448, 448]);
		const { id, body } = await finished(double);
		expect(id).toBe(double.tasks()[0]?.id);
		const output = body.output as Record<string, unknown>;
		const results = output.results as Record<string, unknown> | undefined;
		expect(output.task_status).toBe('SUCCEEDED');
		expect(output.video_url ?? results?.video_url).toBe(double.tasks()[0]?.videoUrl);
		const list = await call(double, '/api/v1/tasks/');
		expect(list.body.data).toMatchObject([{ task_id: id, status: 'SUCCEEDED' }]);
		const refused = await create(double, { driven_id: 'nobody' });
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
		const { body } = await finished(await startDouble({ oddities: [name] }));
		expect(body).toMatchObject(expected);
	});

	it('has the link in another place', async () => {
		const { body } = await finished(await startDouble({ oddities: ['results'] }));
		expect(body.output).not.toHaveProperty('video_url');
		expect(body.output).toHaveProperty('results.video_url');
	});

	it('is bare', async () => {
		const { body } = await finished(await startDouble({ oddities: ['bare'] }));
		expect(Object.keys(body)).toEqual(['output']);
		expect(Object.keys(body.output as object)).toEqual(['task_status', 'video_url']);
	});
});

it('takes turns, and stops when it is told to', async () => {
	const double = await startDouble({ oddities: ['nulls', 'bare'] });
	const id = double.apiKey;
	const ask = async () => (await call(double, `/api/v1/tasks/${id}`)).body;
	expect([await ask(), await ask(), await ask()]).toEqual([
		expect.objectContaining({ request_id: null }),
		{ output: { task_status: 'UNKNOWN' } },
		expect.objectContaining({ request_id: null }),
	]);
	double.setOddities(false);
	expect(await outputOf(double, id)).toEqual({ task_id: id, task_status: 'UNKNOWN' });
});

it('is ordered over HTTP', async () => {
	const double = await startDouble();
	const order = (value: unknown) =>
		fetch(`${double.url}/__control/oddities`, { method: 'POST', body: JSON.stringify({ value }) });
	expect((await order(['bare'])).status).toBe(200);
	expect((await create(double)).body).toEqual({ output: { task_id: double.tasks()[0]?.id } });
	expect((await order(['unheard'])).status).toBe(400);
});

describe('the README', () => {
	it('names every oddity', () => {
		expect(oddityNames.filter((name) => !readme.includes(`| \`${name}\` |`))).toEqual([]);
	});

	it('prints the list of assumptions', () => {
		expect(readme).toContain(assumptionLines().join('\n'));
	});
});
