/**
 * Responses of firewalls, proxies and gateways in place of DashScope. Rule: they say nothing about the key, its
 * rights, the endpoint or a task. So they never end a paid task or a batch.
 */
import type { Failure } from '../base/result';
import { INTERMEDIARY } from './errorStatuses';
import { shownText } from './tolerant';

/** More of a page is never read. */
const MOST_READ = 4_000;
const MOST_SHOWN = 100;

/** The first words of a page, for people to recognize it. */
export function firstWordsOf(text: string): string {
	const words = text
		.slice(0, MOST_READ)
		.replace(/<(?:style|script)[^<]*<[^>]*>/gi, ' ')
		.replace(/<[^<>]*>/g, ' ');
	return shownText(words, MOST_SHOWN);
}

/** A client error of a box usually stays, e.g. a rule of a firewall. A server error usually passes. */
const seemsToLast = (status: number) => status < 500;

/**
 * @param text the raw body
 * @param retryAfterMs from the `Retry-After` header
 */
export function intermediaryFailure(status: number, text: string, retryAfterMs?: number): Failure {
	const words = firstWordsOf(text);
	return {
		kind: 'intermediary',
		message: `${INTERMEDIARY.title} (HTTP ${status}${words && `: "${words}"`})`,
		nextStep: INTERMEDIARY.nextStep,
		httpStatus: status,
		retryAfterMs,
		...(seemsToLast(status) && { lasts: true }),
	};
}
