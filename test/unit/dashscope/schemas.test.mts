/** What an answer is read as where it leaves something out, or says something else than usual. */
import {
	canceledSchema,
	createdSchema,
	detectionSchema,
	errorSchema,
	taskListSchema,
	taskSchema,
	uploadPolicySchema,
} from '../../../nodes/EmojiVideo/dashscope/schemas';

describe('an error body', () => {
	const [top, inner, last] = [
		{ code: 'Top', message: 'at the top' },
		{ code: 'Inner', message: 'in output' },
		{ code: 'Last', message: 'in error' },
	];

	it.each([
		['at the top before all', { ...top, output: inner, error: last }, top],
		['in `output`', { output: inner, error: last }, inner],
		['in `error`, as the compatible API has it', { output: {}, error: last }, last],
		['code and words apart', { code: 'Top', output: null, error: last }, { ...last, code: 'Top' }],
		['nowhere', { output: 'Inner', error: ['Last'] }, {}],
		['not where a code says that all is well', { code: 'OK', error: last }, last],
	])('has its code %s', (_, body, { code, message }: Partial<typeof top>) =>
		expect(errorSchema.parse({ ...body, request_id: 7 })).toStrictEqual({
			code,
			message,
			requestId: '7',
		}),
	);
});

it('a body without an error code confirms a cancellation', () => {
	expect(canceledSchema.parse({ code: 'Success', request_id: 'r' })).toStrictEqual({
		requestId: 'r',
	});
	expect(canceledSchema.parse({})).toStrictEqual({ requestId: undefined });
	for (const body of [{ code: 'Odd' }, { output: { code: 'Odd' } }, { error: { code: 'Odd' } }])
		expect(canceledSchema.safeParse({ ...body, request_id: 'r' }).success).toBe(false);
});

describe('a task', () => {
	const read = (output: object, more: object = {}) =>
		taskSchema.parse({ output: { task_id: 't', task_status: 'SUCCEEDED', ...output }, ...more });

	it.each([
		[' succeeded\n', 'SUCCEEDED'],
		['Canceled', 'CANCELED'],
		['SUSPENDED', 'RUNNING'],
	])('with the status %j is %s', (task_status, status) =>
		expect(read({ task_status }).status).toBe(status),
	);

	it.each([['  '], [''], [7], [null]])('with the status %j cannot be read', (task_status) => {
		const body = { output: { task_id: 't', task_status } };
		expect(taskSchema.safeParse(body).success).toBe(false);
	});

	const [A, B] = ['https://a.example/a.mp4', 'https://b.example/b.mp4'];

	it.each<[string, object, string | undefined]>([
		['in `video_url`', { video_url: A, results: { video_url: B } }, A],
		['in the results', { results: { video_url: A, url: B } }, A],
		['in `url` of the results', { results: { video_url: 'none', url: B } }, B],
		['in the first of the results', { results: [{ url: A }, { url: B }] }, A],
		[
			'in the results if `video_url` is not a link',
			{ video_url: 'soon', results: [{ video_url: B }] },
			B,
		],
		['nowhere', { results: [] }, undefined],
		['nowhere if the results are text', { results: A }, undefined],
	])('has its video link %s', (_, output, link) => expect(read(output).videoUrl).toBe(link));
});

it('a row of the task list is read with its own field names and times', () => {
	const row = {
		task_id: ' t ',
		status: ' failed ',
		model_name: 'emoji-v1',
		request_id: 'r',
		gmt_create: 1745568428109,
		start_time: '1745568428138',
		end_time: 1745568429,
		later: [1],
	};
	expect(taskListSchema.parse({ data: [row, { task_id: 'u', status: 7 }] })).toStrictEqual({
		pages: undefined,
		rows: 2,
		tasks: [
			{
				taskId: 't',
				status: 'FAILED',
				model: 'emoji-v1',
				submittedAt: 1745568428109,
				startedAt: 1745568428138,
				finishedAt: 1745568429000,
				requestId: 'r',
				raw: row,
			},
			{
				taskId: 'u',
				status: 'RUNNING',
				model: undefined,
				submittedAt: undefined,
				startedAt: undefined,
				finishedAt: undefined,
				requestId: undefined,
				raw: { task_id: 'u', status: 7 },
			},
		],
	});
});

it('a verdict on a portrait can lack a message', () => {
	expect(detectionSchema.parse({ output: { code: 'InvalidFile.FacePose' } })).toEqual({
		passed: false,
		requestId: undefined,
		code: 'InvalidFile.FacePose',
		message: '',
	});
});

it.each([
	['RUNNING', 'RUNNING'],
	[undefined, 'PENDING'],
	[null, 'PENDING'],
	['', 'PENDING'],
])('a submitted task with the status %j is %s', (task_status, status) => {
	expect(createdSchema.parse({ output: { task_id: 't', task_status } }).status).toBe(status);
});

it('a task without an ID gets an empty one', () => {
	expect(taskSchema.parse({ output: { task_status: 'RUNNING' } }).taskId).toBe('');
});

describe('a page of the task list', () => {
	it('can lack rows if the account has no tasks', () => {
		expect(taskListSchema.parse({ total: 0 })).toEqual({ pages: undefined, rows: 0, tasks: [] });
	});

	it.each([{ total: 1 }, {}, { data: {} }])('cannot be read from %j', (body) => {
		expect(taskListSchema.safeParse(body).success).toBe(false);
	});

	it.each([
		[1, 1],
		[1.1, 2],
		['3', 3],
		[0, undefined],
		[-1, undefined],
	])('with `total_page` %j has %j pages', (total_page, pages) => {
		expect(taskListSchema.parse({ data: [], total_page }).pages).toBe(pages);
	});

	it('keeps each row with an ID unchanged', () => {
		const row = { task_id: 7, status: null, later: [1] };
		const { tasks } = taskListSchema.parse({ data: [row, 'row', null, [], { status: 'RUNNING' }] });
		expect(tasks).toMatchObject([{ taskId: '7', status: 'RUNNING', raw: row }]);
	});
});

describe('an upload policy', () => {
	const read = (more: object) =>
		uploadPolicySchema.parse({
			data: {
				policy: 'p',
				signature: 's',
				upload_dir: 'a/b/',
				upload_host: 'https://h.example',
				oss_access_key_id: 'k',
				...more,
			},
		});

	it('has the documented defaults for missing fields', () => {
		expect(read({})).toMatchObject({
			directory: 'a/b',
			validMs: 60_000,
			maxBytes: Infinity,
			acl: 'private',
			forbidOverwrite: 'true',
		});
	});

	it.each([
		[{ expire_in_seconds: 0 }, { validMs: 60_000 }],
		[{ expire_in_seconds: 'soon' }, { validMs: 60_000 }],
		[{ max_file_size_mb: 0 }, { maxBytes: Infinity }],
		[{ x_oss_forbid_overwrite: 'no' }, { forbidOverwrite: 'no' }],
		[{ x_oss_forbid_overwrite: null }, { forbidOverwrite: 'true' }],
		[{ x_oss_object_acl: '' }, { acl: 'private' }],
		[
			{ policy: 7, upload_dir: '///' },
			{ policy: '7', directory: '' },
		],
	])('with %j is read as %j', (more, expected) => expect(read(more)).toMatchObject(expected));

	it.each(['policy', 'signature', 'upload_dir', 'upload_host', 'oss_access_key_id'])(
		'without %s cannot be read',
		(name) => expect(() => read({ [name]: '' })).toThrow(name),
	);

	it('has the fields that an upload needs', () =>
		expect(read({})).toMatchObject({
			policy: 'p',
			signature: 's',
			host: 'https://h.example',
			accessKeyId: 'k',
		}));

	it('has its own values instead of the defaults', () => {
		expect(
			read({
				expire_in_seconds: 300,
				max_file_size_mb: 2,
				x_oss_object_acl: 'public-read',
				x_oss_forbid_overwrite: false,
			}),
		).toMatchObject({
			validMs: 300_000,
			maxBytes: 2 * 1024 * 1024,
			acl: 'public-read',
			forbidOverwrite: 'false',
		});
	});
});
