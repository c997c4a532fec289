/**
 * The ways a response can go wrong, as data. Rule: an early fault is met before the request is
 * processed, and all but `delay` and `dropHeaders` respond in place of the service, which then does
 * nothing. A late fault meets the service's own response, so a task stays created and billed.
 */
import { z } from 'zod';
import { refusals } from '../refusals.mts';
import { denials } from '../storage/denials.mts';
import { pages } from './pages.mts';

const bytes = z.number().int().min(0);
const fault = <K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
	z.object({ kind: z.literal(kind), ...shape }).strict();

/** The names of a table, as a choice. */
const oneOf = <T extends object>(table: T) => z.enum(Object.keys(table) as [keyof T & string]);

const early = z.discriminatedUnion('kind', [
	/** This status, in the service's words or, where a gateway would speak, as its page. */
	fault('status', {
		status: z.number().int().min(200).max(599),
		body: z.unknown().optional(),
		headers: z.record(z.string()).optional(),
	}),
	/** One of the service's own refusals, whatever the request. */
	fault('refusal', { name: oneOf(refusals) }),
	/** The HTML page of a box in between. */
	fault('page', { name: oneOf(pages) }),
	/** The storage's own error, in its XML. */
	fault('denial', { name: oneOf(denials) }),
	/** A box in between drops these headers; the service responds to the rest. */
	fault('dropHeaders', { names: z.array(z.string().toLowerCase()).min(1) }),
	/** Status 200 with no JSON (default) or `body`. */
	fault('garbage', { body: z.unknown().optional() }),
	/** Status 200 with an error's body: `code` and `message`, no `output`. */
	fault('error200', {
		code: z.string().default(refusals.internal.code),
		message: z.string().default(refusals.internal.message),
	}),
	/** A redirect, by default to the mock's other origin, so that the ledger shows clients that follow. */
	fault('redirect', {
		status: z.number().int().min(300).max(399).default(302),
		to: z.string().optional(),
	}),
	/** `101 Switching Protocols` and then nothing; with `upgrade`, the headers that belong to it. */
	fault('switching', { upgrade: z.boolean().default(false) }),
	/** No response, on a connection that stays open. */
	fault('silence', {}),
	/** The connection is destroyed. */
	fault('reset', {}),
	/** The usual response, but the request is processed only `ms` later. */
	fault('delay', { ms: z.number().min(0) }),
]);

const late = z.discriminatedUnion('kind', [
	/** The connection is destroyed without a response. */
	fault('lostAnswer', {}),
	/**
	 * Half of the body, then the connection is destroyed. Unannounced, there is no Content-Length and
	 * the half ends as if it were whole.
	 */
	fault('cut', { announced: z.boolean().default(true) }),
	/** The head and the first bytes of the body, then nothing on an open connection. */
	fault('stall', { bytes: bytes.default(8) }),
	/** The body at this speed. */
	fault('slow', { bytesPerSecond: z.number().positive() }),
	/** A first piece of `bytes` bytes and, a moment later, the rest. */
	fault('pieces', { bytes: bytes.min(1).default(3), pauseMs: z.number().min(0).default(50) }),
	/** No Content-Length: in chunks, or until the connection closes. */
	fault('unsized', { framing: z.enum(['chunked', 'close']).default('chunked') }),
	/** A UTF-8 byte order mark before the text. */
	fault('bom', {}),
	/** A small compressed body that is `bytes` long when it is decompressed. */
	fault('bomb', {
		encoding: z.enum(['br', 'gzip', 'deflate']).default('br'),
		bytes: bytes.default(300 * 1024 * 1024),
	}),
	/** Each task of the response has the status `word` and nothing but its ID. */
	fault('unknownTask', { word: z.enum(['UNKNOWN', 'unknown']).default('UNKNOWN') }),
	/**
	 * The JSON with some values set or removed, each by its path, e.g. `output.task_id` or
	 * `data.0.status`.
	 */
	fault('patch', {
		set: z.record(z.unknown()).default({}),
		remove: z.array(z.string()).default([]),
	}),
]);

export const faultSchema = z.discriminatedUnion('kind', [...early.options, ...late.options]);

export type EarlyFault = z.infer<typeof early>;
export type LateFault = z.infer<typeof late>;
export type Fault = z.infer<typeof faultSchema>;
export type FaultKind = Fault['kind'];

/** The names of all kinds, in the order of the README's table. */
export const faultKinds: readonly FaultKind[] = faultSchema.options.map(
	({ shape }) => shape.kind.value,
);

const lateKinds: readonly string[] = late.options.map(({ shape }) => shape.kind.value);

/** True for a fault that changes the service's response, not the request. */
export function isLate(fault: Fault): fault is LateFault {
	return lateKinds.includes(fault.kind);
}
