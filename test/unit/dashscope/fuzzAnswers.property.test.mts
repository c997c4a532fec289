/**
 * What the service might answer: the documents' own examples with anything in any place, and any JSON at
 * all. No reader throws, and what a reader gives back keeps its promises. `npm run fuzz` tries far more.
 */
import fc from 'fast-check';
import {
	cancelCall,
	createCall,
	detectCall,
	listCall,
	policyCall,
	taskCall,
} from '../../../nodes/EmojiVideo/dashscope/calls';
import { readResponse } from '../../../nodes/EmojiVideo/dashscope/readResponse';
import * as schemas from '../../../nodes/EmojiVideo/dashscope/schemas';
import * as tolerant from '../../../nodes/EmojiVideo/dashscope/tolerant';
import { expectProperty, PROPERTY_TIMEOUT_MS } from '../../properties.mts';
import { example, exampleFiles } from '../../contract/examples.mts';

const RUNS = 200;

/** What stands where something else should. */
const odd = fc.oneof(
	fc.constantFrom<unknown>(
		...[
			null,
			true,
			false,
			0,
			-0,
			-1,
			1.5,
			1e308,
			2 ** 53,
			'',
			' ',
			'0',
			'null',
			[],
			{},
			[[]],
			[{}],
		],
		...['PENDING', 'succeeded ', 'SUSPENDED', 'SUCCEEDED\u0000', '2025-10-14 11:28:04.000', 'NaN'],
		...['9999-99-99 99:99:99', '0000-00-00 00:00:00', 1_760_412_484_000, '1760412484', -1e15],
		...['javascript:alert(1)', 'http://', 'https://a b', 'file:///x', 'HTTPS://A/b?c#d', '//a/b'],
		...[
			'[1,2,3,4]',
			'1,2,3',
			'1e999,0,0,0',
			[1, 2, 3, '4'],
			[-1.5, 0, 1e300, null],
			['', '', '', ''],
		],
		...['\ud83d', '\u202egpj', '\u0000\u0001', '\ufeff', '/'.repeat(300), 'x'.repeat(5000)],
		...['InvalidFile.', 'Success', '200', 'constructor', '__proto__', 'toString'],
	),
	fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
);

type Json = Record<string, unknown> | unknown[];
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** Every place in an answer, the deepest too. */
const placesOf = (value: unknown, path: string[] = []): string[][] =>
	isJson(value)
		? Object.entries(value).flatMap(([key, inner]) => [
				[...path, key],
				...placesOf(inner, [...path, key]),
			])
		: [];

function put(value: Json, [key = '', ...rest]: string[], replacement: unknown): void {
	const places = value as Record<string, unknown>;
	if (rest.length === 0) {
		if (replacement === undefined) delete places[key];
		else places[key] = replacement;
	} else if (isJson(places[key])) {
		put(places[key], rest, replacement);
	}
}

const EXAMPLES = exampleFiles().map((file) => example(file.replace(/\.json$/, '')));

/** An example of the documents with up to four places changed or gone. */
const mutated = fc.constantFrom(...EXAMPLES).chain((original) => {
	const places = placesOf(original);
	const change = fc.tuple(fc.constantFrom(...places), fc.option(odd, { nil: undefined, freq: 4 }));
	return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
		const answer = structuredClone(original);
		for (const [place, replacement] of changes) put(answer, place, replacement);
		return answer;
	});
});

const answers = fc.oneof({ weight: 4, arbitrary: mutated }, { weight: 1, arbitrary: odd });

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;

function expectText(text: string | undefined, most: number): void {
	if (text === undefined) return;
	expect(text.trim()).not.toBe('');
	expect(text.length).toBeLessThanOrEqual(most + '...'.length);
	expect(text).not.toMatch(HIDDEN);
}

function expectId(id: string): void {
	expect(id).not.toBe('');
	expect(id).toBe(id.trim());
}

const expectTime = (ms: number | undefined) =>
	expect(ms === undefined || (ms >= Date.UTC(2020, 0, 1) && ms < Date.UTC(2100, 0, 1))).toBe(true);

const expectLink = (link: string | undefined) =>
	expect(link === undefined || /^https?:$/.test(new URL(link).protocol)).toBe(true);

/** What is promised of each kind of answer that could be read. */
const PROMISES: Record<
	string,
	{ schema: { safeParse: (value: unknown) => unknown }; check: unknown }
> = {};
function promise<T>(
	name: string,
	schema: { safeParse: (value: unknown) => { success: boolean; data?: T } },
	check: (value: T) => void,
): void {
	PROMISES[name] = { schema, check };
}

const expectTask = (task: schemas.Task) => {
	expect(schemas.TASK_STATUSES).toContain(task.status);
	expectText(task.code, 100);
	expectText(task.message, 1000);
	expectText(task.requestId, 100);
	[task.submittedAt, task.startedAt, task.finishedAt].forEach(expectTime);
	expectLink(task.videoUrl);
	expect(task.billedSeconds ?? 0).toBeGreaterThanOrEqual(0);
};
promise('errorSchema', schemas.errorSchema, ({ code, message, requestId }) => {
	expectText(code, 100);
	expectText(message, 1000);
	expectText(requestId, 100);
});
promise('detectionSchema', schemas.detectionSchema, (detection) => {
	expectText(detection.requestId, 100);
	if (!detection.passed) {
		expect(detection.code).not.toBe('');
		expectText(detection.code, 100);
		return;
	}
	for (const side of [...detection.areas.face, ...detection.areas.expression]) {
		expect(Number.isInteger(side) && side >= 0).toBe(true);
	}
});
promise('createdSchema', schemas.createdSchema, ({ taskId, status }) => {
	expectId(taskId);
	expectText(status, 100);
});
promise('taskSchema', schemas.taskSchema, expectTask);
promise('taskListSchema', schemas.taskListSchema, ({ tasks }) => {
	for (const task of tasks) {
		expectId(task.taskId);
		expect(schemas.TASK_STATUSES).toContain(task.status);
		[task.submittedAt, task.startedAt, task.finishedAt].forEach(expectTime);
		expect(isJson(task.raw)).toBe(true);
	}
});
promise('canceledSchema', schemas.canceledSchema, ({ requestId }) => expectText(requestId, 100));
promise('uploadPolicySchema', schemas.uploadPolicySchema, (policy) => {
	for (const id of [policy.policy, policy.signature, policy.accessKeyId, policy.host]) expectId(id);
	expect(policy.directory).not.toMatch(/\/$/);
	expect(policy.validMs).toBeGreaterThan(0);
	expect(policy.maxBytes).toBeGreaterThan(0);
});
promise('areaSchema', schemas.areaSchema, (area) => expect(area).toHaveLength(4));

it('the fuzz tests cover every schema of responses', () => {
	const all = Object.entries(schemas)
		.filter(([, value]) => typeof value === 'function' || 'safeParse' in value)
		.map(([name]) => name);
	expect(Object.keys(PROMISES).sort()).toEqual(all.sort());
});

it.each(Object.entries(PROMISES))(
	'the schema %s accepts or rejects every random body and keeps its promises',
	(_, { schema, check }) => {
		expectProperty(
			fc.property(answers, (answer) => {
				const parsed = schema.safeParse(answer) as { success: boolean; data?: unknown };
				if (parsed.success) (check as (value: unknown) => void)(parsed.data);
			}),
			RUNS,
		);
	},
	PROPERTY_TIMEOUT_MS,
);

/** The readers of single values. */
const READERS: Record<string, (value: unknown) => void> = {
	shownText: (value) => {
		const text = typeof value === 'string' ? value : JSON.stringify(value);
		expectText(tolerant.shownText(text, 50) || undefined, 50);
	},
	shownTextOf: (value) => expectText(tolerant.shownTextOf(value, 50), 50),
	idOf: (value) => expectId(tolerant.idOf(value) ?? 'none'),
	amountOf: (value) => expect(tolerant.amountOf(value) ?? 0).toBeGreaterThanOrEqual(0),
	timeOf: (value) => expectTime(tolerant.timeOf(value)),
	objectOf: (value) => expect(typeof tolerant.objectOf(value)).toBe('object'),
	looseText: (value) => expectText(tolerant.looseText(50).parse(value), 50),
	looseId: (value) => {
		const id = tolerant.looseId.parse(value);
		if (id !== undefined) expectId(id);
	},
	numberOf: (value) => expect(Number.isFinite(tolerant.numberOf(value) ?? 0)).toBe(true),
	looseAmount: (value) => expect(tolerant.looseAmount.parse(value) ?? 0).toBeGreaterThanOrEqual(0),
	looseTime: (value) => expectTime(tolerant.looseTime.parse(value)),
	linkOf: (value) => expectLink(tolerant.linkOf(value)),
	looseObject: (value) =>
		expectId(tolerant.looseObject({ id: tolerant.looseId }).parse(value).id ?? 'none'),
};

it('the fuzz tests cover every tolerant reader', () => {
	expect(Object.keys(READERS).sort()).toEqual(Object.keys(tolerant).sort());
});

it.each(Object.entries(READERS))(
	'the reader %s accepts every random value',
	(_, read) => {
		expectProperty(fc.property(odd, read), RUNS);
	},
	PROPERTY_TIMEOUT_MS,
);

const areas: schemas.FaceAreas = { face: [1, 1, 5, 5], expression: [0, 0, 9, 9] };
const video = { imageUrl: 'https://a.example/b.png', templateId: 'mengwa_kaixin', areas };
const CALLS = {
	detect: detectCall(video.imageUrl),
	create: createCall(video),
	task: taskCall('asked', 'once'),
	list: listCall({ page: 1, pageSize: 100 }),
	cancel: cancelCall('asked'),
	policy: policyCall('emoji-v1'),
};

it.each(Object.entries(CALLS))(
	'every random response to %s becomes a value or a failure with a next step',
	(_, { reading }) => {
		const texts = fc.oneof(
			{ weight: 5, arbitrary: answers.map((answer) => JSON.stringify(answer)) },
			{ weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
			{ weight: 1, arbitrary: answers.map((answer) => JSON.stringify(answer).slice(0, 40)) },
		);
		const status = fc.oneof(fc.constant(200), fc.integer({ min: 100, max: 599 }));
		const headers = fc.oneof(
			fc.constant({}),
			odd.map((value) => ({ 'retry-after': value })),
		);
		expectProperty(
			fc.property(texts, status, headers, (text, httpStatus, head) => {
				const answer = { httpStatus, headers: head, text };
				const result = readResponse(answer, reading as never, 0);
				if (result.ok) {
					expect(isJson(result.value.raw)).toBe(true);
					expect(httpStatus === 400 || (httpStatus >= 200 && httpStatus < 300)).toBe(true);
					return;
				}
				const { message, nextStep, code, requestId, retryAfterMs = 0 } = result.failure;
				expect(message).toMatch(/\S/);
				expect(nextStep).toMatch(/\S/);
				expect(message.length).toBeLessThan(2000);
				expectText(code, 100);
				expectText(requestId, 100);
				expect(retryAfterMs >= 0 && Number.isFinite(retryAfterMs)).toBe(true);
			}),
			RUNS,
		);
	},
	PROPERTY_TIMEOUT_MS,
);
