/** The json of an item: its names, its times, and nothing that is not known. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createdToJson, detectionToJson, taskToJson } from '../../nodes/EmojiVideo/output';
import { videoFileName } from '../../nodes/EmojiVideo/media/fileNames';
import type { FaceAreas, Task } from '../../nodes/EmojiVideo/dashscope/schemas';

const areas: FaceAreas = { face: [212, 194, 460, 441], expression: [63, 30, 609, 575] };
const imageUrl = 'https://example.com/a.png';
const facts = { templateId: 'mengwa_kaixin', imageUrl, areas };

const succeeded: Task = {
	taskId: 'task-1',
	status: 'SUCCEEDED',
	submittedAt: Date.UTC(2025, 9, 14, 3, 28, 4, 372),
	startedAt: Date.UTC(2025, 9, 14, 3, 28, 4, 400),
	finishedAt: Date.UTC(2025, 9, 14, 3, 29, 3, 924),
	videoUrl: 'http://storage.example.com/a.mp4?Expires=1760498943&Signature=x',
	code: undefined,
	message: undefined,
	billedSeconds: 2,
	requestId: 'r',
};

const bare: Task = {
	taskId: 'task-1',
	status: 'UNKNOWN',
	submittedAt: undefined,
	startedAt: undefined,
	finishedAt: undefined,
	videoUrl: undefined,
	code: undefined,
	message: undefined,
	billedSeconds: undefined,
	requestId: undefined,
};

describe('a task', () => {
	const simple = {
		taskId: 'task-1',
		status: 'SUCCEEDED',
		templateId: 'mengwa_kaixin',
		templateName: 'Cute Kid: Happy',
		imageUrl,
		videoUrl: succeeded.videoUrl,
		videoUrlExpiresAt: '2025-10-15T11:29:03.000+08:00',
		billedSeconds: 2,
	};

	it('that succeeded shows what most workflows need, in ISO times with the zone of the service', () => {
		expect(taskToJson(succeeded, facts)).toStrictEqual(simple);
	});

	it('shows everything with details', () => {
		expect(taskToJson(succeeded, facts, { withDetails: true })).toStrictEqual({
			...simple,
			submittedAt: '2025-10-14T11:28:04.372+08:00',
			startedAt: '2025-10-14T11:28:04.400+08:00',
			finishedAt: '2025-10-14T11:29:03.924+08:00',
			requestId: 'r',
			faceArea: areas.face,
			expressionArea: areas.expression,
		});
	});

	it('has its cost where the price is known', () => {
		const { cost } = taskToJson({ ...succeeded, billedSeconds: 3 }, facts, { pricePerSecond: 0.1 });
		expect(cost).toBe(0.3);
		expect(taskToJson(bare, {}, { pricePerSecond: 0.1 })).not.toHaveProperty('cost');
	});

	it('that waits says since when', () => {
		const waiting: Task = { ...bare, status: 'PENDING', submittedAt: succeeded.submittedAt };
		expect(taskToJson(waiting, {})).toMatchObject({ submittedAt: '2025-10-14T11:28:04.372+08:00' });
	});

	it('of which little is known shows that little, and nothing undefined', () => {
		expect(taskToJson(bare, {})).toStrictEqual({ taskId: 'task-1', status: 'UNKNOWN' });
	});

	it('that failed shows code and message, and our advice', () => {
		expect(taskToJson({ ...bare, status: 'FAILED', code: 'C', message: 'm' }, {})).toStrictEqual({
			taskId: 'task-1',
			status: 'FAILED',
			code: 'C',
			message: 'm',
			advice: 'The task failed. Create the video again, or change the portrait.',
		});
		const known: Task = { ...bare, status: 'FAILED', code: 'InvalidFile.Value', message: 'm' };
		expect(taskToJson(known, {}).advice).toBe(
			'The photo is too dark or unclear. Use a brighter, sharper photo.',
		);
	});

	it('that succeeded says nothing of an error', () => {
		const json = taskToJson({ ...succeeded, code: 'Success', message: 'ok' }, {});
		expect(json).not.toHaveProperty('code');
		expect(json).not.toHaveProperty('message');
	});

	it('says when it ended where that is wanted', () => {
		expect(taskToJson(succeeded, {}, { withEnd: true }).finishedAt).toBe(
			'2025-10-14T11:29:03.924+08:00',
		);
	});

	it('that cost nothing says so', () => {
		expect(taskToJson({ ...succeeded, billedSeconds: 0 }, {}).billedSeconds).toBe(0);
	});
});

describe('a video link', () => {
	const expiry = (videoUrl: string | undefined) =>
		taskToJson({ ...succeeded, videoUrl }, {}).videoUrlExpiresAt;

	it('expires when its signature does', () => {
		expect(expiry('https://a.example/b.mp4?x=1&Expires=1760412543')).toBe(
			'2025-10-14T11:29:03.000+08:00',
		);
	});

	it.each(['xxx', '', '12', '1760412543000', '17604125.5', '-1760412543'])(
		'that says Expires=%s is promised for 24 hours from the creation of the task',
		(expires) => {
			expect(expiry(`https://a.example/b.mp4?Expires=${expires}`)).toBe(
				'2025-10-15T11:28:04.372+08:00',
			);
		},
	);

	it('that says nothing is promised for 24 hours from the creation of the task', () => {
		expect(expiry('https://a.example/b.mp4')).toBe('2025-10-15T11:28:04.372+08:00');
	});

	it('has no end where none is known, and none without a link', () => {
		const unknown = { ...succeeded, videoUrl: 'https://a.example/b.mp4', submittedAt: undefined };
		expect(taskToJson(unknown, {})).not.toHaveProperty('videoUrlExpiresAt');
		expect(taskToJson({ ...succeeded, videoUrl: undefined }, {})).not.toHaveProperty(
			'videoUrlExpiresAt',
		);
	});
});

describe('a hint', () => {
	it('says that a finished task has no link, and names no field', () => {
		const { hint } = taskToJson({ ...succeeded, videoUrl: undefined }, facts);
		expect(hint).toMatch(/^DashScope says that the task has succeeded, but gave no link/);
		expect(hint).not.toMatch(/videoUrl/);
	});

	it.each([
		['far from square', { ...areas, expression: [0, 0, 609, 1218] }, /609 x 1218 pixels/],
		['not around the face', { ...areas, expression: [300, 30, 609, 339] }, /does not enclose/],
	])('says that areas are %s, on created and on finished items', (_, unusual, words) => {
		const given = { ...facts, areas: unusual as FaceAreas };
		expect(taskToJson(succeeded, given).hint).toMatch(words);
		const created = { taskId: 't', status: 'PENDING', requestId: 'r' };
		expect(createdToJson(created, 0, given).hint).toMatch(words);
	});

	it('is not there when nothing is unusual', () => {
		expect(taskToJson(succeeded, facts)).not.toHaveProperty('hint');
		expect(taskToJson(bare, {})).not.toHaveProperty('hint');
	});

	it('is not thrown away by a link that is no address', () => {
		expect(() => taskToJson({ ...succeeded, videoUrl: 'xx.mp4' }, facts)).not.toThrow();
	});
});

describe('an accepted task', () => {
	it('shows its ID, what it is for, and when it was accepted', () => {
		const task = { taskId: 'task-1', status: 'PENDING', requestId: 'r' };
		expect(createdToJson(task, succeeded.submittedAt ?? 0, facts)).toStrictEqual({
			taskId: 'task-1',
			status: 'PENDING',
			templateId: 'mengwa_kaixin',
			templateName: 'Cute Kid: Happy',
			imageUrl,
			faceArea: areas.face,
			expressionArea: areas.expression,
			submittedAt: '2025-10-14T11:28:04.372+08:00',
			requestId: 'r',
		});
	});

	it('shows nothing undefined', () => {
		const json = createdToJson({ taskId: 't', status: 'PENDING', requestId: undefined }, 0, {});
		expect(Object.keys(json).sort()).toEqual(['status', 'submittedAt', 'taskId']);
	});
});

describe('a detection', () => {
	const refusedPortrait = {
		passed: false,
		requestId: 'r',
		code: 'InvalidFile.FacePose',
		message: 'The pose is invalid.',
	} as const;

	it('that passed shows both areas under the names that Create takes', () => {
		expect(detectionToJson({ passed: true, requestId: 'r', areas }, { imageUrl })).toStrictEqual({
			passed: true,
			faceArea: areas.face,
			expressionArea: areas.expression,
			imageUrl,
			requestId: 'r',
		});
	});

	it('that did not pass shows code, message and what to change in the photo', () => {
		expect(detectionToJson(refusedPortrait, { imageUrl })).toStrictEqual({
			passed: false,
			code: 'InvalidFile.FacePose',
			message: 'The pose is invalid.',
			advice: expect.stringContaining('upright') as string,
			imageUrl,
			requestId: 'r',
		});
	});

	it('that did not pass for a reason nobody knows still has advice', () => {
		const { advice } = detectionToJson({ ...refusedPortrait, code: 'Brand.New' }, { imageUrl });
		expect(advice).toMatch(/portrait/);
	});
});

describe('the output schemas', () => {
	/** Instead of imageUrl, where the portrait came as a file. */
	const imageFile = 'ada.png';
	const schemaOf = (name: string) => {
		const file = `../../nodes/EmojiVideo/__schema__/v1.0.0/${name}.json`;
		return JSON.parse(readFileSync(path.join(import.meta.dirname, file), 'utf8')) as {
			type: string;
			properties: Record<string, { type: string; items?: { type: string } }>;
		};
	};
	const passed = detectionToJson({ passed: true, requestId: 'r', areas }, { imageUrl });
	const failed = detectionToJson(
		{ passed: false, requestId: 'r', code: 'C', message: 'm' },
		{ imageUrl },
	);
	const created = createdToJson({ taskId: 't', status: 'PENDING', requestId: 'r' }, 0, facts);

	it.each([
		['video/create', { ...created, imageFile, hint: 'why' }],
		[
			'video/createAndWait',
			{ ...taskToJson(succeeded, facts), imageFile, downloadError: 'why', hint: 'why' },
		],
		[
			'video/wait',
			{ ...taskToJson(succeeded, facts), imageFile, downloadError: 'why', hint: 'why' },
		],
		['image/detectFace', { ...failed, ...passed, imageFile }],
	])('%s describes exactly the keys of an item', (name, json) => {
		expect(Object.keys(schemaOf(name).properties).sort()).toEqual(Object.keys(json).sort());
	});

	it('video/getStatus describes every key of a finished task', () => {
		expect(Object.keys(schemaOf('video/getStatus').properties)).toEqual(
			expect.arrayContaining(Object.keys(taskToJson(succeeded, {}, { withEnd: true }))),
		);
	});

	it('video/getStatus describes code and message of a failed task', () => {
		const task: Task = { ...succeeded, status: 'FAILED', code: 'C', message: 'm' };
		expect(Object.keys(schemaOf('video/getStatus').properties)).toEqual(
			expect.arrayContaining(Object.keys(taskToJson(task, {}))),
		);
	});

	it.each([
		['video/create', created],
		['video/createAndWait', taskToJson(succeeded, facts)],
		['video/getStatus', taskToJson(succeeded, {}, { withEnd: true })],
		['image/detectFace', { ...failed, ...passed }],
	])('%s gives every key its type', (name, json) => {
		const { type, properties } = schemaOf(name);
		expect(type).toBe('object');
		const typeOf = (value: unknown) =>
			Array.isArray(value) ? 'array' : typeof value === 'number' ? 'integer' : typeof value;
		for (const [key, value] of Object.entries(json)) {
			expect([key, properties[key]?.type]).toEqual([key, typeOf(value)]);
			if (Array.isArray(value)) expect(properties[key]?.items).toEqual({ type: 'integer' });
		}
	});
});

describe('the name of a video file', () => {
	it.each([
		['https://example.com/photos/ada.png', 'mengwa_kaixin', 't-1', 'ada-mengwa_kaixin-t-1.mp4'],
		['https://example.com/ada.portrait.jpeg?x=1', 'lei', 't', 'ada-portrait-lei-t.mp4'],
		['https://example.com/%E8%A1%A8%E6%83%85.png', 'lei', 't', '表情-lei-t.mp4'],
		['https://example.com/100%25.png', 'lei', 't', '100-lei-t.mp4'],
		['https://example.com/50%zz.png', 'lei', 't', '50-zz-lei-t.mp4'],
		['https://example.com/', 'lei', 't', 'lei-t.mp4'],
		['https://example.com/..%2F..%2Fetc%2Fpasswd', 'lei', 't', 'etc-passwd-lei-t.mp4'],
		['https://example.com/a%00b.png', 'lei', 't', 'a-b-lei-t.mp4'],
		['https://example.com/CON.png', 'v2.1', '../t', 'CON-v2-1-t.mp4'],
		['not an address', undefined, 't', 't.mp4'],
		[undefined, undefined, 't', 't.mp4'],
	])('for %j, %j and %j is %s', (url, template, taskId, name) => {
		expect(videoFileName({ imageUrl: url }, template, taskId)).toBe(name);
	});

	it('is short enough for every file system', () => {
		const long = 'a'.repeat(500);
		const imageUrl = `https://example.com/${long}.png`;
		expect(videoFileName({ imageUrl }, long, long).length).toBeLessThan(200);
		const wide = '表'.repeat(500);
		const name = videoFileName({ imageFile: `${wide}.png` }, 'lei', 't');
		expect(Buffer.byteLength(name)).toBeLessThan(255);
	});
});
