/**
 * Real responses may differ from the documents, and a null must not cost a paid video. So each field that does not
 * decide is replaced or removed in every documented response. The result must stay the same.
 */
import type { Client } from '../../nodes/EmojiVideo/dashscope/client';
import { answerOf, clientWith } from './quickClient.mts';
import { example } from './examples.mts';
import { recording } from './recordings.mts';

type Path = Array<string | number>;

/** Every field of an answer, at every depth. */
function pathsOf(value: unknown, path: Path = []): Path[] {
	if (typeof value !== 'object' || value === null) return [path];
	const below = Object.entries(value).flatMap(([key, part]) =>
		pathsOf(part, [...path, Array.isArray(value) ? Number(key) : key]),
	);
	return path.length === 0 ? below : [path, ...below];
}

const REMOVED = Symbol('removed');

/** Replacements for a field. */
const REPLACEMENTS: Record<string, unknown> = {
	null: null,
	'empty text': '',
	text: 'text',
	'long text': 'x'.repeat(5000),
	zero: 0,
	number: 12_345,
	negative: -1,
	fraction: 7.16,
	huge: 1e300,
	true: true,
	array: [],
	'array of text': ['text'],
	object: {},
	'nested object': { code: null, video_url: 7 },
	removed: REMOVED,
};

/** The answer with another value at a path. */
function replaced(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
	if (key === undefined) return replacement;
	if (Array.isArray(value)) {
		const copy: unknown[] = [...(value as unknown[])];
		if (rest.length === 0 && replacement === REMOVED) copy.splice(Number(key), 1);
		else copy[Number(key)] = replaced(copy[Number(key)], rest, replacement);
		return copy;
	}
	const copy: Record<string, unknown> = { ...(value as object) };
	if (rest.length === 0 && replacement === REMOVED) delete copy[key];
	else copy[key] = replaced(copy[key], rest, replacement);
	return copy;
}

interface Case {
	name: string;
	body: Record<string, unknown>;
	/** Deciding fields and their parents. */
	essential: string[];
	/** The result that must not change. */
	read: (client: Client) => Promise<unknown>;
}

const task = async (client: Client) => {
	const answer = await client.getTask('asked');
	if (!answer.ok) return answer.failure;
	const { taskId, status, videoUrl } = answer.value.value;
	return { taskId, status, videoUrl };
};
const detection = async (client: Client) => {
	const answer = await client.detectFace('https://example.com/a.png');
	if (!answer.ok) return answer.failure;
	const { value } = answer.value;
	return value.passed ? value.areas : { code: value.code };
};
const created = async (client: Client) => {
	const areas = { face: [0, 0, 1, 1], expression: [0, 0, 1, 1] } as never;
	const answer = await client.submitTask({ imageUrl: 'https://e.com/a', templateId: 't', areas });
	return answer.ok ? answer.value.value.taskId : answer.failure;
};
const list = async (client: Client) => {
	const answer = await client.listTasks({ page: 1, pageSize: 10 });
	return answer.ok ? answer.value.value.tasks.map(({ taskId }) => taskId) : answer.failure;
};
const policy = async (client: Client) => {
	const answer = await client.getUploadPolicy('emoji-v1');
	if (!answer.ok) return answer.failure;
	const { host, directory, signature } = answer.value.value;
	return { host, directory, signature };
};

/** The documented list with the task that its second row abridges. */
const fullList = () => {
	const { data, ...page } = example('task-list') as { data: object[] };
	return { ...page, data: data.map((row, index) => ({ ...row, task_id: `task-${index}` })) };
};

const running = () => {
	const { output, ...rest } = example('task-succeeded') as { output: object };
	return { ...rest, output: { ...output, task_status: 'RUNNING', video_url: undefined } };
};

const TASK = ['output', 'output.task_status'];
const POLICY = ['policy', 'signature', 'upload_dir', 'upload_host', 'oss_access_key_id'];
const AREAS = ['bbox_face', 'ext_bbox_face'];

const CASES: Case[] = [
	{
		name: 'a created task',
		body: example('create-accepted'),
		essential: ['output', 'output.task_id'],
		read: created,
	},
	{
		name: 'a succeeded task',
		body: example('task-succeeded'),
		essential: [...TASK, 'output.video_url'],
		read: task,
	},
	{
		name: 'a succeeded task of a sister model, as recorded',
		body: recording('public/task-succeeded').answer.body as Record<string, unknown>,
		essential: [...TASK, 'output.results', 'output.results.0', 'output.results.0.url'],
		read: task,
	},
	{ name: 'a running task', body: running(), essential: TASK, read: task },
	{ name: 'a failed task', body: example('task-failed'), essential: TASK, read: task },
	{ name: 'an unknown task', body: example('task-unknown'), essential: TASK, read: task },
	{
		name: 'a detection that passed',
		body: example('detect-passed'),
		essential: [
			'output',
			...AREAS.flatMap((area) => [
				`output.${area}`,
				...[0, 1, 2, 3].map((index) => `output.${area}.${index}`),
			]),
		],
		read: detection,
	},
	{
		name: 'a detection that did not pass',
		body: example('detect-not-passed'),
		essential: ['output', 'output.code'],
		read: detection,
	},
	{
		name: 'a list',
		body: fullList(),
		essential: ['data', 'data.0', 'data.1', 'data.0.task_id', 'data.1.task_id'],
		read: list,
	},
	{
		name: 'an upload policy',
		body: example('upload-policy'),
		essential: ['data', ...POLICY.map((field) => `data.${field}`)],
		read: policy,
	},
];

const mutationsOf = ({ body, essential }: Case) =>
	pathsOf(body)
		.filter((path) => !essential.includes(path.join('.')))
		.flatMap((path) =>
			Object.entries(REPLACEMENTS).map(([kind, replacement]) => ({
				what: `${path.join('.')}: ${kind}`,
				body: replaced(body, path, replacement),
			})),
		);

const counted = CASES.map((entry) => {
	const mutations = mutationsOf(entry);
	return [entry.name, mutations.length, { ...entry, mutations }] as const;
});

it.each(counted)(
	'the response %s has the same result in %i changed forms',
	async (_, count, entry) => {
		expect(count).toBeGreaterThanOrEqual(30);
		const expected = await entry.read(clientWith(answerOf(entry.body)).client);
		expect(expected).not.toHaveProperty('nextStep');
		const otherwise: unknown[] = [];
		for (const { what, body } of entry.mutations) {
			const { client, sent } = clientWith(answerOf(body));
			const read = await entry.read(client);
			if (JSON.stringify(read) !== JSON.stringify(expected) || sent.length !== 1)
				otherwise.push([what, read, sent.length]);
		}
		expect(otherwise).toEqual([]);
	},
);

it(`the changed forms are ${counted.reduce((sum, [, count]) => sum + count, 0)} in all`, () => {
	expect(counted.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(1000);
});

const succeededWith = (output: object) => ({
	...example('task-succeeded'),
	output: { ...(example('task-succeeded').output as object), video_url: undefined, ...output },
});

it.each([
	['results.video_url', { results: { video_url: 'https://a.example/v.mp4' } }],
	['a list of results', { results: [{ video_url: 'https://a.example/v.mp4' }] }],
	['a list of results with url', { results: [{ url: 'https://a.example/v.mp4' }] }],
	[
		'video_url before results',
		{
			video_url: 'https://a.example/v.mp4',
			results: { video_url: 'https://b.example/v.mp4' },
		},
	],
	[
		'results where video_url is no link',
		{ video_url: 'none', results: { video_url: 'https://a.example/v.mp4' } },
	],
])('the video link is found in %s', async (_, output) => {
	const { client } = clientWith(answerOf(succeededWith(output)));
	expect(await task(client)).toMatchObject({
		status: 'SUCCEEDED',
		videoUrl: 'https://a.example/v.mp4',
	});
});

it.each([
	'',
	'xx.mp4',
	'file:///etc/passwd',
	'javascript:alert(1)',
	'http://',
	'https:// a/b',
	7,
	{},
])('a succeeded task with the link %j has no link', async (video_url) => {
	const { client } = clientWith(answerOf(succeededWith({ video_url })));
	expect(await task(client)).toEqual({
		taskId: 'asked',
		status: 'SUCCEEDED',
		videoUrl: undefined,
	});
});

it.each([
	['SUCCEEDED', 'SUCCEEDED'],
	['succeeded', 'SUCCEEDED'],
	[' FAILED ', 'FAILED'],
	['SUSPENDED', 'RUNNING'],
	['DONE?', 'RUNNING'],
])('the task status %j is read as %s', async (task_status, status) => {
	const { client } = clientWith(answerOf(succeededWith({ task_status })));
	expect(await task(client)).toMatchObject({ status });
});

it.each([undefined, null, '', ' ', 7, [], {}])(
	'a task whose status is %j cannot be read',
	async (task_status) => {
		const { client } = clientWith(answerOf(succeededWith({ task_status })));
		expect(await task(client)).toMatchObject({ kind: 'unreadable' });
	},
);

it('the raw response is passed on unchanged', async () => {
	const body = succeededWith({ odd: [null, { deep: 'x'.repeat(3000) }], submit_time: null });
	const answer = await clientWith(answerOf(body)).client.getTask('asked');
	expect(answer.ok && answer.value.raw).toEqual(JSON.parse(JSON.stringify(body)));
});

describe('areas of a detection', () => {
	const areasOf = async (bbox_face: unknown) => {
		const body = { request_id: 'r', output: { bbox_face, ext_bbox_face: [0, 0, 900, 900] } };
		const read = await detection(clientWith(answerOf(body)).client);
		return (read as { face?: unknown }).face;
	};

	it.each([
		['numbers', [212, 194, 460, 441], [212, 194, 460, 441]],
		['text', ['212', ' 194 ', '460', '441'], [212, 194, 460, 441]],
		['fractions, away from the face', [212.9, 194.1, 460.1, 440.2], [212, 194, 461, 441]],
		['fractions as text', ['212.9', '194.1', '460.1', '440.2'], [212, 194, 461, 441]],
		['a text of all four', '[212, 194.5, 460, 441]', [212, 194, 460, 441]],
		['a little beyond the edge', [-0.4, -3, 460, 441], [0, 0, 460, 441]],
	])('can be %s', async (_, area, expected) => {
		expect(await areasOf(area)).toStrictEqual(expected);
	});

	it.each([
		['three numbers', [1, 2, 3]],
		['five numbers', [1, 2, 3, 4, 5]],
		['a word', ['a', 2, 3, 4]],
		['an empty text', ['', 2, 3, 4]],
		['null', [null, 2, 3, 4]],
		['infinity', ['1e999', 2, 3, 4]],
		['an object', { x1: 1 }],
	])('cannot be %s', async (_, area) => {
		expect(await areasOf(area)).toBeUndefined();
	});
});

it('a page of unreadable rows still counts its rows', async () => {
	const { client } = clientWith(answerOf({ data: [{ task_id: null }, 7, null], total: 13 }));
	const page = await client.listTasks({ page: 1, pageSize: 10 });
	expect(page).toMatchObject({ ok: true, value: { value: { rows: 3, tasks: [] } } });
});
