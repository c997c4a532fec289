/**
 * Odd, but seen or expected: responses that mean the same and differ in form from the pages
 * (docs/service.md, "Shape of real answers"). Rule: the fields that decide stay (a task's ID and
 * status, the link, the areas, a code), so a lenient client gets the same task and video.
 */
import { change, placesOf, put, remove, type Holder } from './json-paths.mts';
import type { Operation } from './ledger.mts';

/** The kinds of response that an oddity can change. */
export type AnswerKind = Operation | 'refusal';

type Edit = (root: Holder) => void;

interface Oddity {
	/** Where it was seen, or why it can be expected. */
	source: string;
	edits: Partial<Record<AnswerKind, readonly Edit[]>>;
}

const each =
	(paths: readonly string[], edit: (root: Holder, path: string) => void): Edit =>
	(root) =>
		paths.forEach((path) => edit(root, path));

const nulled = (...paths: string[]) => each(paths, (root, path) => put(root, path, null));
const changed =
	(to: (value: unknown) => unknown) =>
	(...paths: string[]) =>
		each(paths, (root, path) => change(root, path, to));
const asText = changed(String);
const withoutMs = changed((value) => String(value).replace(/\.\d+$/, ''));
const withFraction = (fraction: number) => changed((value) => Number(value) + fraction);
const added =
	(values: Readonly<Record<string, unknown>>): Edit =>
	(root) =>
		Object.entries(values).forEach(([path, value]) => put(root, path, value));
const moved =
	(from: string, to: string): Edit =>
	(root) => {
		for (const { holder, name } of placesOf(root, from)) {
			if (holder[name] === undefined) continue;
			put(root, to, holder[name]);
			remove(root, from);
		}
	};

/** Leaves only these names in the value at each path; '' is the response itself. */
const only =
	(names: Readonly<Record<string, readonly string[]>>): Edit =>
	(root) => {
		for (const [path, kept] of Object.entries(names)) {
			const holders = path === '' ? [root] : placesOf(root, `${path}.*`).map((at) => at.holder);
			for (const holder of holders) {
				for (const name of Object.keys(holder)) if (!kept.includes(name)) delete holder[name];
			}
		}
	};

const areas = ['output.bbox_face.*', 'output.ext_bbox_face.*'];

export const oddities = {
	nulls: {
		source: 'the model list says "code": null, "message": null (seen)',
		edits: {
			detect: [nulled('request_id', 'usage')],
			create: [nulled('request_id', 'output.task_status', 'code', 'message')],
			query: [
				nulled('request_id', 'output.submit_time', 'output.scheduled_time', 'output.end_time'),
				nulled('usage.video_duration', 'usage.video_ratio'),
			],
			list: [nulled('request_id', 'total', 'total_page', 'page_no', 'page_size')],
			cancel: [nulled('request_id', 'code', 'message')],
			policy: [nulled('request_id', 'data.capacity_limit_mb', 'data.max_file_size_mb')],
			refusal: [nulled('request_id')],
		},
	},
	rowNulls: {
		source: 'rows of several models share one table (expected)',
		edits: {
			list: [nulled(...['gmt_create', 'start_time', 'end_time'].map((name) => `data.*.${name}`))],
		},
	},
	texts: {
		source: 'the upload page declares its numbers as String; a gateway sends "5" (seen)',
		edits: {
			detect: [asText(...areas, 'usage.image_count')],
			query: [asText('usage.video_duration')],
			list: [
				asText('total', 'total_page', 'page_no', 'page_size'),
				asText('data.*.gmt_create', 'data.*.start_time', 'data.*.end_time'),
			],
			policy: [asText('data.expire_in_seconds', 'data.max_file_size_mb', 'data.capacity_limit_mb')],
			models: [asText('output.total', 'output.page_no', 'output.page_size')],
		},
	},
	fractions: {
		source: 'sister models document the duration as Float, 7.16 (seen)',
		edits: {
			detect: [withFraction(0.4)(...areas)],
			query: [withFraction(0.16)('usage.video_duration')],
		},
	},
	bare: {
		source: 'fields that no decision needs (expected)',
		edits: {
			detect: [only({ '': ['output'] })],
			create: [only({ '': ['output'], output: ['task_id'] })],
			query: [only({ '': ['output'], output: ['task_status', 'video_url', 'code', 'message'] })],
			list: [only({ '': ['data'], 'data.*': ['task_id', 'status'] })],
			cancel: [only({ '': [] })],
			policy: [
				only({
					'': ['data'],
					data: [
						'policy',
						'signature',
						'upload_dir',
						'upload_host',
						'oss_access_key_id',
						'x_oss_object_acl',
						'x_oss_forbid_overwrite',
					],
				}),
			],
			models: [only({ '': ['output'], output: ['models'] })],
			refusal: [only({ '': ['code', 'message'] })],
		},
	},
	extras: {
		source: 'a task of a sister model echoes error_code, error_message, task_metrics (seen)',
		edits: {
			detect: [added({ 'output.check_pass': true, 'output.humanoid': true })],
			create: [added({ 'output.task_metrics': { TOTAL: 1, SUCCEEDED: 0, FAILED: 0 } })],
			query: [
				added({
					'output.error_code': 0,
					'output.error_message': 'Success',
					'output.style_index': 3,
					'output.task_metrics': { TOTAL: 1, SUCCEEDED: 1, FAILED: 0 },
					'usage.SR': 512,
				}),
			],
			list: [added({ 'data.*.workspace_id': 'llm-sandbox', 'data.*.usage': null })],
			refusal: [added({ status_code: 400, output: null, usage: null })],
		},
	},
	shortTimes: {
		source: 'end_time "2024-03-02 22:22:21" (seen)',
		edits: {
			query: [withoutMs('output.submit_time', 'output.scheduled_time', 'output.end_time')],
		},
	},
	results: {
		source: 'sister models put the link into output.results.video_url (seen)',
		edits: { query: [moved('output.video_url', 'output.results.video_url')] },
	},
} as const satisfies Record<string, Oddity>;

export type OddityName = keyof typeof oddities;

/** All names, in the order of their turns. */
export const oddityNames = Object.keys(oddities) as OddityName[];

const table: Readonly<Record<OddityName, Oddity>> = oddities;

/** The names out of `names` that change this kind of response. */
export function odditiesOf(kind: AnswerKind, names: readonly OddityName[]): OddityName[] {
	return names.filter((name) => table[name].edits[kind] !== undefined);
}

/** A copy of `body` with the oddity `name`. */
export function makeOdd(kind: AnswerKind, name: OddityName, body: object): object {
	const copy = JSON.parse(JSON.stringify(body)) as Holder;
	for (const edit of table[name].edits[kind] ?? []) edit(copy);
	return copy;
}
