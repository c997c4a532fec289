/** Finds the fault of a binary field that a Code node built by hand. Pure. */
import type { IBinaryData } from 'n8n-workflow';
import { cut } from '../base/text';

/** The fault as the end of "the field ...", and what to do about it. */
export interface BinaryFault {
	found: string;
	nextStep: string;
}

const BUILD_IT =
	"In the Code node, set the field to await this.helpers.prepareBinaryData(buffer, fileName), or set its data to buffer.toString('base64').";

/** A Buffer turns into this once n8n stores the item as JSON. */
const isBuffer = (value: unknown): boolean =>
	value instanceof Uint8Array ||
	(typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer');

/** Names of n8n's storages, which stand in `data` beside an `id` (n8n-core, binary-data). */
const STORAGE = /^(?:filesystem|filesystem-v2|s3|database|azure)$/;

/** Enough to tell base64 text from other text. */
const TESTED_LENGTH = 1000;
const isBase64 = (text: string) => /^[\w+/=\s-]*$/.test(cut(text, TESTED_LENGTH));

function findDataFault(data: unknown): BinaryFault | undefined {
	if (data === undefined || data === null) {
		return { found: 'has no data', nextStep: BUILD_IT };
	}
	if (isBuffer(data)) return { found: 'has a Buffer as its data', nextStep: BUILD_IT };
	if (typeof data !== 'string') return { found: 'has data that is not text', nextStep: BUILD_IT };
	if (/^data:/i.test(data)) {
		const nextStep = 'Keep only the base64 text after the comma in data.';
		return { found: 'has a data: URI as its data', nextStep };
	}
	if (STORAGE.test(data)) {
		const nextStep = 'In the Code node, copy the whole binary field of the earlier item.';
		return { found: 'has lost its id', nextStep };
	}
	return isBase64(data)
		? undefined
		: { found: 'has data that is not base64 text', nextStep: BUILD_IT };
}

/** @returns `undefined` if n8n can read the field */
export function findBinaryFault(binary: IBinaryData): BinaryFault | undefined {
	const field: unknown = binary;
	if (isBuffer(field)) return { found: 'is a Buffer', nextStep: BUILD_IT };
	if (typeof field !== 'object' || field === null) {
		return { found: 'is not a file', nextStep: BUILD_IT };
	}
	return binary.id ? undefined : findDataFault(binary.data);
}
