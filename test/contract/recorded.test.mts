/** Every recorded response, read by its schema. */
import type { z } from 'zod';
import {
	canceledSchema,
	createdSchema,
	detectionSchema,
	errorSchema,
	taskListSchema,
	taskSchema,
	uploadPolicySchema,
} from '../../nodes/EmojiVideo/dashscope/schemas';
import { recordings, recording, type Recording } from './recordings.mts';

const readers: Partial<Record<Recording['kind'], z.ZodTypeAny>> = {
	refusal: errorSchema,
	detection: detectionSchema,
	created: createdSchema,
	task: taskSchema,
	list: taskListSchema,
	canceled: canceledSchema,
	policy: uploadPolicySchema,
};

const read = (name: string): unknown => {
	const { kind, answer } = recording(name);
	return readers[kind]?.parse(answer.body);
};

it.each(recordings().map(({ name }) => name))('the recording %s can be read', (name) => {
	expect(() => read(name)).not.toThrow();
});

it.each([
	['key-wrong', { code: 'InvalidApiKey', requestId: 'a1c0561c-1dfe-98a6-a62f-983577b8bc5e' }],
	['task-accepted', { taskId: 'b2e98d78-c79b-431c-b2d7-c7bcd54465da' }],
	['cancel-of-finished-task', { code: 'UnsupportedOperation' }],
	['task-running', { status: 'RUNNING', startedAt: Date.UTC(2024, 2, 1, 9, 38, 24, 831) }],
	['task-unknown', { taskId: '1111', status: 'UNKNOWN' }],
	// A time without milliseconds.
	['task-succeeded', { status: 'SUCCEEDED', finishedAt: Date.UTC(2024, 2, 2, 14, 22, 21) }],
	['upload-policy', { validMs: 300_000, maxBytes: 1024 ** 3 }],
	['task-list', { tasks: [{ status: 'SUCCEEDED', submittedAt: 1709260684485 }] }],
	['model-unknown', { code: 'InvalidParameter', message: 'Model not exist.' }],
	['image-missing', { code: 'InvalidParameter.DataInspection' }],
])('the recording public/%s has its recorded values', (name, expected) => {
	expect(read(`public/${name}`)).toMatchObject(expected);
});
