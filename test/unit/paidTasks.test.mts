import type { IDataObject } from 'n8n-workflow';
import { openPaidTasks } from '../../nodes/EmojiVideo/batch/paidTasks';
import type { PaidTask } from '../../nodes/EmojiVideo/batch/paidTasks';
import type { FaceAreas } from '../../nodes/EmojiVideo/dashscope/schemas';

const areas: FaceAreas = { face: [212, 194, 460, 441], expression: [63, 30, 609, 575] };
const entry: PaidTask = { taskId: 'task-1', acceptedAt: 1000, requestId: 'r', areas };

it('knows nothing at first', () => {
	const paidTasks = openPaidTasks({});
	expect(paidTasks.find('key')).toBeUndefined();
	expect(paidTasks.findAreas('https://example.com/a.png')).toBeUndefined();
});

it('remembers tasks and areas for the next try, which opens the same context', () => {
	const context: IDataObject = {};
	const first = openPaidTasks(context);
	first.write('key', entry);
	first.writeAreas('https://example.com/a.png', areas);
	const second = openPaidTasks(context);
	expect(second.find('key')).toEqual(entry);
	expect(second.findAreas('https://example.com/a.png')).toEqual(areas);
	expect(second.find('other')).toBeUndefined();
});

it('survives being stored as JSON with the execution', () => {
	const context: IDataObject = {};
	openPaidTasks(context).write('key', { ...entry, requestId: undefined });
	const stored = JSON.parse(JSON.stringify(context)) as IDataObject;
	expect(openPaidTasks(stored).find('key')).toEqual({ taskId: 'task-1', acceptedAt: 1000, areas });
});

it('has the task in the context as soon as it is written', () => {
	const context: IDataObject = {};
	openPaidTasks(context).write('key', entry);
	expect(JSON.stringify(context)).toContain('task-1');
});

it('forgets a task that is struck, and no other', () => {
	const paidTasks = openPaidTasks({});
	paidTasks.write('one', entry);
	paidTasks.write('two', { ...entry, taskId: 'task-2' });
	paidTasks.remove('one');
	paidTasks.remove('never written');
	expect(paidTasks.find('one')).toBeUndefined();
	expect(paidTasks.find('two')?.taskId).toBe('task-2');
});

it('leaves what others keep in the context alone', () => {
	const context: IDataObject = { somebodyElse: { here: true } };
	openPaidTasks(context).write('key', entry);
	expect(context.somebodyElse).toEqual({ here: true });
});

it.each([
	['no task ID', { ...entry, taskId: undefined }],
	['an empty task ID', { ...entry, taskId: '' }],
	['areas of three numbers', { ...entry, areas: { face: [1, 2, 3], expression: [1, 2, 3, 4] } }],
	['text', 'task-1'],
	['null', null],
])('neither believes an entry with %s, nor pays for a second task on top of it', (_, broken) => {
	const tasks = { key: broken };
	const context = { emojiVideo: { version: 1, tasks, areas: {} } } as unknown as IDataObject;
	const paidTasks = openPaidTasks(context);
	expect(paidTasks.find('key')).toBeUndefined();
	expect(paidTasks.isInFlight('key')).toBe(true);
	expect(paidTasks.isInFlight('another')).toBe(false);
});

it.each([
	['of another version', { version: 2, tasks: { key: entry }, areas: {} }],
	['that is nonsense', 'nonsense'],
	['that is null', null],
])('pays for nothing on top of a record %s', (_, record) => {
	const context = { emojiVideo: record } as unknown as IDataObject;
	const paidTasks = openPaidTasks(context);
	expect(paidTasks.find('key')).toBeUndefined();
	expect(paidTasks.isInFlight('key')).toBe(true);
	expect(context.emojiVideo).toBe(record);
});
