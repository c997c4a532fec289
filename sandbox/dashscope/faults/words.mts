/**
 * The words of an ordered status that brings no body. Rule: the service's own words, if it has some;
 * a gateway in front of it says every other status.
 */
import { refusals, type Refusal } from '../refusals.mts';

const serviceWords: Readonly<Record<number, Refusal>> = {
	400: refusals.wrongParameter,
	401: refusals.wrongKey,
	403: refusals.accessDenied,
	404: refusals.notFound,
	429: refusals.throttled,
	500: refusals.internal,
	503: refusals.overloaded,
};

/** The refusal that the service gives with this status; undefined if a gateway says it. */
export function wordsOf(status: number): Refusal | undefined {
	return serviceWords[status];
}
