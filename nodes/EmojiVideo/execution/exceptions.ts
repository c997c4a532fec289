/**
 * Exceptions that this package did not expect: each one is logged once, with its stack, and becomes a failure.
 * Rule: the log and the failure contain neither the API key nor the secrets of a URL. Messages of Node.js and
 * of n8n's helpers may quote both.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import { CAUSE, unexpectedFailure } from '../base/result';
import type { Failure } from '../base/result';
import { cut, reasonOf, withoutUrlSecrets } from '../base/text';

/** Logs an exception, and returns its failure. `taskIds` are the accepted tasks that it may concern. */
export type RecordException = (error: unknown, taskIds?: readonly string[]) => Failure;

/** A stack has ten frames; a message may be of any length. */
const LONGEST_STACK = 4_000;
/** n8n wraps an error of axios twice. */
const MOST_CAUSES = 5;

/** Reads something of what was thrown. A getter or a Proxy may itself throw. */
function readOr<T>(fallback: T, read: () => T): T {
	try {
		return read();
	} catch {
		return fallback;
	}
}

/** The stack of an exception, followed by those of its causes. */
function stackOf(error: unknown): string {
	const stacks: string[] = [];
	for (let each = error; each instanceof Error && stacks.length <= MOST_CAUSES; each = each.cause) {
		stacks.push(cut(String(each.stack ?? each.message), LONGEST_STACK));
	}
	return stacks.length > 0 ? stacks.join('\nCaused by: ') : reasonOf(error);
}

/** A copy without secrets, and without the properties of the exception: a request, its headers. */
function cleanCopy(error: unknown, clean: (text: string) => string): Error {
	const copy = new Error(clean(reasonOf(error)));
	copy.name = readOr(copy.name, () => (error instanceof Error ? String(error.name) : copy.name));
	copy.stack = clean(readOr(copy.message, () => stackOf(error)));
	return copy;
}

/**
 * @param cutKey removes the API key of the account from a text
 * @returns logs an exception unless it was logged before. Its failure has a clean copy as its cause
 */
export function createRecordException(
	{ logger }: Pick<IExecuteFunctions, 'logger'>,
	cutKey: (text: string) => string = (text) => text,
): RecordException {
	const logged = new Set<unknown>();
	return (error, taskIds) => {
		const cause = cleanCopy(error, (text) => withoutUrlSecrets(cutKey(text)));
		if (!logged.has(error)) {
			logger.error(`Emoji Video: unexpected exception. ${cause.stack ?? cause.message}`);
		}
		logged.add(error);
		return { ...unexpectedFailure(cause, taskIds), [CAUSE]: cause };
	};
}
