/**
 * Compares a response with the documents, or with another service's response. Rule: a difference is a
 * short phrase in one direction, "this value for that one".
 */
import type { Answer, Expected } from './check.mts';
import { isHolder, placesOf } from '../dashscope/json-paths.mts';

const said = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

const anyOf = <T,>(wanted: T | readonly T[]): readonly T[] =>
	Array.isArray(wanted) ? (wanted as readonly T[]) : [wanted as T];

/** The values at `path`, one for each place that it leads to. */
export function valuesAt(body: unknown, path: string): unknown[] {
	if (!isHolder(body)) return [];
	return placesOf(body, path)
		.map(({ holder, name }) => holder[name])
		.filter((value) => value !== undefined);
}

function one<T>(name: string, got: unknown, wanted: T | readonly T[] | undefined): string[] {
	if (wanted === undefined) return [];
	const allowed = anyOf(wanted);
	return allowed.some((value) => value === got)
		? []
		: [`${name} ${said(got)} for ${allowed.map(said).join(' or ')}`];
}

/** How `answer` differs from the documents. */
export function differences(answer: Answer, expected: Expected): string[] {
	const [code] = valuesAt(answer.body, 'code');
	const [message] = valuesAt(answer.body, 'message');
	return [
		...one('status', answer.status, expected.status),
		...one('code', code, expected.code),
		...one('message', message, expected.message),
		...(expected.has ?? [])
			.filter((path) => valuesAt(answer.body, path).length === 0)
			.map((path) => `no ${path}`),
		...Object.entries(expected.says ?? {}).flatMap(([path, wanted]) =>
			one(path, valuesAt(answer.body, path)[0], wanted),
		),
		...Object.entries(expected.headers ?? {}).flatMap(([name, wanted]) =>
			one(name, answer.headers[name], wanted),
		),
	];
}

/** The fields of a response with their types, e.g. `output.task_id: string`; of a list its first row. */
export function fieldsOf(value: unknown, path = ''): string[] {
	if (Array.isArray(value)) return value.length === 0 ? [] : fieldsOf(value[0], `${path}[]`);
	if (!isHolder(value)) return [`${path}: ${value === null ? 'null' : typeof value}`];
	return Object.entries(value).flatMap(([name, part]) =>
		fieldsOf(part, path === '' ? name : `${path}.${name}`),
	);
}

/** How the mock's response differs from the service's. */
export function unlike(service: Answer, mock: Answer): string[] {
	const [theirs, ours] = [fieldsOf(service.body), fieldsOf(mock.body)];
	const only = (these: string[], those: string[]) =>
		these.filter((field) => !those.includes(field));
	const list = (who: string, fields: string[]) =>
		fields.length === 0 ? [] : [`only ${who}: ${fields.join(', ')}`];
	const words = ['code', 'message'].flatMap((name) =>
		one(name, valuesAt(mock.body, name)[0], valuesAt(service.body, name)[0]),
	);
	return [
		...one('status', mock.status, service.status),
		...words,
		...list('the service', only(theirs, ours)),
		...list('the mock', only(ours, theirs)),
	];
}
