/** What an answer is read as where it leaves something out, or says something else than usual. */
import {
	createdSchema,
	detectionSchema,
	taskListSchema,
	taskSchema,
	uploadPolicySchema,
} from '../../nodes/EmojiVideo/dashscope/schemas';

it('a verdict on a portrait may have no words', () => {
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
])('a task that was made with the status %j is %s', (task_status, status) => {
	expect(createdSchema.parse({ output: { task_id: 't', task_status } }).status).toBe(status);
});

it('a task that does not say its ID has none', () => {
	expect(taskSchema.parse({ output: { task_status: 'RUNNING' } }).taskId).toBe('');
});

describe('a page of the list', () => {
	it('may have no rows where there are no tasks', () => {
		expect(taskListSchema.parse({ total: 0 })).toEqual({ pages: undefined, rows: 0, tasks: [] });
	});

	it.each([{ total: 1 }, {}, { data: {} }])('is not %j', (body) => {
		expect(taskListSchema.safeParse(body).success).toBe(false);
	});

	it.each([
		[1, 1],
		[1.1, 2],
		['3', 3],
		[0, undefined],
		[-1, undefined],
	])('of %j pages says %j', (total_page, pages) => {
		expect(taskListSchema.parse({ data: [], total_page }).pages).toBe(pages);
	});

	it('keeps each row that has an ID as it came', () => {
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

	it('has the documents’ values where it says nothing', () => {
		expect(read({})).toMatchObject({
			directory: 'a/b',
			validMs: 60_000,
			maxBytes: Infinity,
			acl: 'private',
			forbidOverwrite: 'true',
		});
	});

	it('has its own values where it says others', () => {
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
