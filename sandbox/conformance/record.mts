/**
 * Answers as files that can be committed: the form of test/contract/recorded. Rule: no key, signature,
 * account number or address of a person's file is ever written.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Answer, Check } from './check.mts';

/** The request that a recording responds to; it decides which schema reads it. */
export const recordingKinds = [
	'refusal',
	'detection',
	'created',
	'task',
	'list',
	'canceled',
	'policy',
	'models',
	'other',
] as const;

export type RecordingKind = (typeof recordingKinds)[number];

const removed = '(removed)';

/** Fields whose values are a secret or a person's. */
const secretFields = [
	'policy',
	'signature',
	'oss_access_key_id',
	'api_key_id',
	'caller_uid',
	'caller_parent_id',
	'workspace_id',
];

/** Parts of an address's query that sign it. `Expires` stays: it is the life of a link. */
const signing =
	/^(signature|ossaccesskeyid|security-token|x-oss-(signature|credential|security).*)$/i;

/** Headers about the service that contain nothing about the account. */
const keptHeaders = [
	'content-encoding',
	'content-length',
	'content-type',
	'location',
	'retry-after',
	'server',
	'transfer-encoding',
	'vary',
	'x-request-id',
];

const ownedFolder = /dashscope-instant\/[0-9a-f]{32}/g;

function redactUrl(text: string): string {
	if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return text;
	const url = new URL(text);
	const secrets = [...url.searchParams.keys()].filter((name) => signing.test(name));
	for (const name of secrets) url.searchParams.set(name, 'removed');
	return secrets.length === 0 ? text : url.href;
}

function redactText(text: string, key: string): string {
	return redactUrl(text)
		.replaceAll(key, '(key)')
		.replaceAll(ownedFolder, `dashscope-instant/${'0'.repeat(32)}`);
}

/** `value` without secrets; `key` is the API key of the run. */
export function redact(value: unknown, key: string): unknown {
	if (typeof value === 'string') return redactText(value, key);
	if (Array.isArray(value)) return value.map((part) => redact(part, key));
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, part]) => [
			name,
			secretFields.includes(name) ? removed : redact(part, key),
		]),
	);
}

/** A response as the file contains it. */
export function recordingOf(
	check: Check,
	{ status, headers, body }: Answer,
	from: string,
	key: string,
) {
	const kept = Object.entries(headers).filter(([name]) => keptHeaders.includes(name));
	return {
		source: `${from}, check ${check.id}`,
		kind: status >= 400 && check.kind !== 'other' ? ('refusal' as const) : check.kind,
		answer: { status, headers: redact(Object.fromEntries(kept), key), body: redact(body, key) },
	};
}

/** Writes one response into `folder`. */
export async function writeRecording(folder: string, id: string, recording: object): Promise<void> {
	await mkdir(folder, { recursive: true });
	const text = `${JSON.stringify(recording, undefined, '\t')}\n`;
	await writeFile(path.join(folder, `${id}.json`), text);
}
