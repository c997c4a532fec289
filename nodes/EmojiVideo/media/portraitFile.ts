/**
 * A portrait that is a file in n8n: in memory, on disk, in S3 or in the database, as n8n is set up.
 * It goes by once, piece by piece, to be checked and to get its hash. Rule: a file in n8n's storage is
 * never whole in memory.
 */
import { createHash } from 'node:crypto';
import { BINARY_ENCODING } from 'n8n-workflow';
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import { fail, succeed } from '../base/result';
import type { Result } from '../base/result';
import { checkPortrait, checkSize, createEndFinder, HEAD_BYTES, truncated } from './portraitCheck';
import type { CheckedPortrait, FileFacts } from './portraitCheck';

type Helpers = IExecuteFunctions['helpers'];
export type FileStream = Awaited<ReturnType<Helpers['getBinaryStream']>>;

/** Bytes at hand, or a stream that can be had as often as needed. */
export type Source =
	| { kind: 'bytes'; bytes: Buffer }
	| { kind: 'stored'; open: () => Promise<FileStream> };

/** A file that can be a portrait. */
export interface PortraitFile extends CheckedPortrait {
	name: string;
	/** In bytes. */
	size: number;
	/** SHA-256 of the bytes, in hex: the same file in every try of an execution. */
	hash: string;
	source: Source;
}

/** Judges a file as it goes by: its head first, so that a wrong file is not read any further. */
async function inspect(
	entries: AsyncIterable<Buffer> | Buffer[],
	facts: FileFacts,
): Promise<Result<CheckedPortrait & { hash: string }>> {
	const hash = createHash('sha256');
	const head: Buffer[] = [];
	let headBytes = 0;
	let end: ReturnType<typeof createEndFinder> | undefined;
	let checked: Result<CheckedPortrait> | undefined;
	const judge = (bytes: Buffer) => {
		const portrait = checkPortrait(bytes, facts);
		if (portrait.ok) {
			end = createEndFinder(portrait.value);
			end.look(bytes);
		}
		return portrait;
	};
	for await (const piece of entries) {
		hash.update(piece);
		if (checked) {
			end?.look(piece);
			continue;
		}
		head.push(piece);
		headBytes += piece.length;
		if (headBytes >= HEAD_BYTES) checked = judge(Buffer.concat(head.splice(0)));
		if (checked && !checked.ok) return checked;
	}
	checked ??= judge(Buffer.concat(head));
	if (!checked.ok) return checked;
	if (!end?.isFound()) return truncated(facts.name, checked.value);
	return succeed({ ...checked.value, hash: hash.digest('hex') });
}

async function sizeOf(binary: IBinaryData, helpers: Helpers): Promise<number> {
	if (!binary.id) return Buffer.byteLength(binary.data, BINARY_ENCODING);
	return binary.bytes ?? (await helpers.getBinaryMetadata(binary.id)).fileSize;
}

function sourceOf({ id, data }: IBinaryData, helpers: Helpers): Source {
	return id
		? { kind: 'stored', open: async () => await helpers.getBinaryStream(id, HEAD_BYTES) }
		: { kind: 'bytes', bytes: Buffer.from(data, BINARY_ENCODING) };
}

/**
 * Reads a file once and checks that it can be a portrait.
 * @param fallbackName what a message calls the file when it has no name
 */
export async function readPortraitFile(
	binary: IBinaryData,
	fallbackName: string,
	helpers: Helpers,
): Promise<Result<PortraitFile>> {
	const name = typeof binary.fileName === 'string' ? binary.fileName : fallbackName;
	try {
		const size = await sizeOf(binary, helpers);
		const fits = checkSize({ name, size });
		if (!fits.ok) return fits;
		const source = sourceOf(binary, helpers);
		const entries = source.kind === 'bytes' ? [source.bytes] : await source.open();
		const found = await inspect(entries, { name, size });
		return found.ok ? succeed({ ...found.value, name, size, source }) : found;
	} catch (error) {
		return fail({
			kind: 'invalid',
			message: `"${name}" cannot be read from n8n's storage: ${error instanceof Error ? error.message : 'unknown reason'}`,
			nextStep: 'Run the node that made the file again: n8n may have deleted it since.',
		});
	}
}
