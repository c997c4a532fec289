import type { IDataObject } from 'n8n-workflow';
import { openPaidTasks } from '../../../nodes/EmojiVideo/batch/paidTasks';
import type { PaidTask } from '../../../nodes/EmojiVideo/batch/paidTasks';
import type { FaceAreas } from '../../../nodes/EmojiVideo/dashscope/schemas';

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

it('names the tasks that it knows of, and not what is in doubt or cannot be read', () => {
	const tasks = {
		one: entry,
		sent: 'sent',
		broken: { taskId: 'x' },
		two: { ...entry, taskId: 'task-2' },
	};
	const context = { emojiVideo: { version: 1, tasks, areas: {} } } as unknown as IDataObject;
	expect(openPaidTasks(context).taskIds()).toEqual(['task-1', 'task-2']);
	expect(openPaidTasks({}).taskIds()).toEqual([]);
});

describe('a create that is on its way', () => {
	it('is in doubt, in the next try too, and is no task', () => {
		const context: IDataObject = {};
		openPaidTasks(context).markInFlight('key');
		const stored = JSON.parse(JSON.stringify(context)) as IDataObject;
		for (const paidTasks of [openPaidTasks(context), openPaidTasks(stored)]) {
			expect([paidTasks.isInFlight('key'), paidTasks.isInFlight('other')]).toEqual([true, false]);
			expect(paidTasks.find('key')).toBeUndefined();
		}
		expect(stored.emojiVideo).toEqual({ version: 1, tasks: { key: 'sent' }, areas: {} });
	});

	it('is not in doubt any more with its task, or its refusal', () => {
		const paidTasks = openPaidTasks({});
		for (const key of ['made', 'rejected']) paidTasks.markInFlight(key);
		paidTasks.write('made', entry);
		paidTasks.remove('rejected');
		expect(['made', 'rejected'].map((key) => paidTasks.isInFlight(key))).toEqual([false, false]);
		expect(paidTasks.find('made')).toEqual(entry);
	});
});

it.each([
	['three numbers', { face: [1, 2, 3], expression: [1, 2, 3, 4] }],
	['the face alone', { face: [1, 2, 3, 4] }],
	['nothing', null],
])('areas of %s are detected again', (_, broken) => {
	const stored = { version: 1, tasks: {}, areas: { portrait: broken } };
	const context = { emojiVideo: stored } as unknown as IDataObject;
	expect(openPaidTasks(context).findAreas('portrait')).toBeUndefined();
});

it('changes to what was written down do not change what is stored', () => {
	const paidTasks = openPaidTasks({});
	const task = { ...entry };
	const found = { ...areas };
	paidTasks.write('key', task);
	paidTasks.writeAreas('portrait', found);
	task.taskId = 'another';
	found.face = [0, 0, 1, 1];
	expect(paidTasks.find('key')).toEqual(entry);
	expect(paidTasks.findAreas('portrait')).toEqual(areas);
});

it.each([
	['no tasks', { version: 1, areas: {} }],
	['no areas', { version: 1, tasks: {} }],
	['no version', { tasks: {}, areas: {} }],
])('keeps its hands off a record with %s, and goes on without it', (_, record) => {
	const context = { emojiVideo: record } as unknown as IDataObject;
	const before = JSON.stringify(context);
	const paidTasks = openPaidTasks(context);
	paidTasks.write('key', entry);
	expect(paidTasks.find('key')).toEqual(entry);
	expect(paidTasks.isInFlight('key')).toBe(true);
	expect(JSON.stringify(context)).toBe(before);
});
