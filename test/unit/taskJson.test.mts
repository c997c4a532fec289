/** What Get Many, Cancel and the trigger put out, and whether the output schemas say so. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cancelToJson, listedTaskToJson, listedVideoToJson } from '../../nodes/EmojiVideo/output';
import type { ListedTask, Task } from '../../nodes/EmojiVideo/dashscope/schemas';

const SCHEMAS = path.resolve(import.meta.dirname, '../../nodes/EmojiVideo/__schema__');

const keysOf = (file: string) => {
	const schema = JSON.parse(readFileSync(path.join(SCHEMAS, file), 'utf8')) as {
		properties: object;
	};
	return Object.keys(schema.properties).sort();
};

const START_MS = Date.UTC(2025, 9, 14, 3, 28, 4, 372);

const listed: ListedTask = {
	taskId: 'task-1',
	status: 'SUCCEEDED',
	model: 'emoji-v1',
	submittedAt: START_MS,
	startedAt: START_MS + 28,
	finishedAt: START_MS + 59_552,
	requestId: 'made-it',
	raw: {},
};

const task: Task = {
	taskId: 'task-1',
	status: 'SUCCEEDED',
	submittedAt: START_MS,
	startedAt: START_MS + 28,
	finishedAt: START_MS + 59_552,
	videoUrl: 'https://example.com/v.mp4?Expires=1760499000',
	code: undefined,
	message: undefined,
	billedSeconds: 2,
	requestId: 'asked-for-it',
};

it('a row of the list has the names of the other operations, times with their zone', () => {
	expect(listedTaskToJson(listed)).toStrictEqual({
		taskId: 'task-1',
		status: 'SUCCEEDED',
		model: 'emoji-v1',
		submittedAt: '2025-10-14T11:28:04.372+08:00',
		startedAt: '2025-10-14T11:28:04.400+08:00',
		finishedAt: '2025-10-14T11:29:03.924+08:00',
	});
});

it('a row without its times leaves them out', () => {
	const bare = { ...listed, startedAt: undefined, finishedAt: undefined, model: undefined };
	expect(Object.keys(listedTaskToJson(bare))).toEqual(['taskId', 'status', 'submittedAt']);
});

it('a row with its video has its link and what it cost', () => {
	expect(listedVideoToJson(listed, task)).toMatchObject({
		videoUrl: task.videoUrl,
		billedSeconds: 2,
	});
});

it('the output schemas describe exactly the keys of an item', () => {
	expect(keysOf('v1.0.0/video/getMany.json')).toEqual(Object.keys(listedTaskToJson(listed)).sort());
	expect(keysOf('v1.0.0.json')).toEqual(Object.keys(listedVideoToJson(listed, task)).sort());
	const refused = { taskId: 't', canceled: false, status: 'RUNNING', reason: 'why' } as const;
	expect(keysOf('v1.0.0/video/cancel.json')).toEqual(
		Object.keys(cancelToJson({ ...refused, requestId: 'r' })).sort(),
	);
});
