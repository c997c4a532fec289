/**
 * A portrait that is a file in n8n: in memory, on disk, in S3 or in the database. We read it once, in
 * chunks, to check it and to compute its hash. Rule: we never hold a stored file in memory as a whole.
 */
import { createHash } from 'node:crypto';
import { BINARY_ENCODING } from 'n8n-workflow';
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import { fail, invalidFailure, succeed } from '../base/result';
import type { Result } from '../base/result';
import { shown } from '../base/text';
import { findBinaryFault } from './binaryFaults';
import { createBodyReader } from './imageBody';
import type { BodyReader } from './imageBody';
import { checkBody, checkPortrait, checkSize, HEAD_BYTES } from './portraitCheck';
import type { CheckedPortrait, FileFacts } from './portraitCheck';

type Helpers = IExecuteFunctions['helpers'];
export type FileStream = Awaited<ReturnType<Helpers['getBinaryStream']>>;

/** The bytes themselves, or a function that opens a new stream of them. */
export type Source =
	| { kind: 'bytes'; bytes: Buffer }
	| { kind: 'stored'; open: () => Promise<FileStream> };

/** A file that passed the check. */
export interface PortraitFile extends CheckedPortrait {
	name: string;
	/** In bytes. */
	size: number;
	/** SHA-256 of the bytes, in hex. It recognises the file in a later try of the execution. */
	hash: string;
	source: Source;
}

/** Checks the head of a file first, and reads the rest only if the head is good. */
async function inspectFile(
	chunks: AsyncIterable<Buffer> | Buffer[],
	facts: FileFacts,
): Promise<Result<CheckedPortrait & { hash: string }>> {
	const hash = createHash('sha256');
	const head: Buffer[] = [];
	let headBytes = 0;
	let opened: { portrait: CheckedPortrait; body: BodyReader } | undefined;
	const openHead = (bytes: Buffer): Result<NonNullable<typeof opened>> => {
		const portrait = checkPortrait(bytes, facts);
		if (!portrait.ok) return portrait;
		const body = createBodyReader(portrait.value);
		body.read(bytes);
		return succeed({ portrait: portrait.value, body });
	};
	for await (const chunk of chunks) {
		hash.update(chunk);
		if (opened) {
			opened.body.read(chunk);
			continue;
		}
		head.push(chunk);
		headBytes += chunk.length;
		if (headBytes < HEAD_BYTES) continue;
		const found = openHead(Buffer.concat(head.splice(0)));
		if (!found.ok) return found;
		opened = found.value;
	}
	const last = opened ? succeed(opened) : openHead(Buffer.concat(head));
	if (!last.ok) return last;
	const whole = checkBody(last.value.portrait, last.value.body, { ...facts, isWhole: true });
	return whole.ok ? succeed({ ...whole.value, hash: hash.digest('hex') }) : whole;
}

async function readSize(binary: IBinaryData, helpers: Helpers): Promise<number> {
	if (!binary.id) return Buffer.byteLength(binary.data, BINARY_ENCODING);
	return binary.bytes ?? (await helpers.getBinaryMetadata(binary.id)).fileSize;
}

function openSource({ id, data }: IBinaryData, helpers: Helpers): Source {
	return id
		? { kind: 'stored', open: async () => await helpers.getBinaryStream(id, HEAD_BYTES) }
		: { kind: 'bytes', bytes: Buffer.from(data, BINARY_ENCODING) };
}

/**
 * Reads a file once and checks that it can be a portrait.
 * @param fallbackName what messages call a file without a name
 */
export async function readPortraitFile(
	binary: IBinaryData,
	fallbackName: string,
	helpers: Helpers,
): Promise<Result<PortraitFile>> {
	const name = typeof binary.fileName === 'string' ? binary.fileName : fallbackName;
	const fault = findBinaryFault(binary);
	if (fault) {
		return invalidFailure(
			`${shown(name)} cannot be read: the field ${fault.found}`,
			fault.nextStep,
		);
	}
	try {
		const size = await readSize(binary, helpers);
		const fits = checkSize({ name, size });
		if (!fits.ok) return fits;
		const source = openSource(binary, helpers);
		const chunks = source.kind === 'bytes' ? [source.bytes] : await source.open();
		const found = await inspectFile(chunks, { name, size });
		return found.ok ? succeed({ ...found.value, name, size, source }) : found;
	} catch (error) {
		return fail({
			kind: 'invalid',
			message: `"${name}" cannot be read from n8n's storage: ${error instanceof Error ? error.message : 'unknown reason'}`,
			nextStep: 'Run the node that made the file again: n8n may have deleted it since.',
		});
	}
}
