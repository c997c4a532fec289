/**
 * All checks against one service. Rule: a check that cannot be made is a result like any other, and the
 * task that is to be canceled is canceled whatever happens.
 */
import type { Answer, Check, Found, Visit } from './check.mts';
import { differences } from './compare.mts';
import { visit, type Target } from './visit.mts';

export interface Outcome {
	check: Check;
	/** Nothing where the check was skipped or the request failed. */
	answer?: Answer;
	/** Why it was not made, or what went wrong with the request. */
	failed?: string;
	/** How the response differs from the documents; empty if it does not. */
	differs: string[];
}

const missing = ({ needs = [] }: Check, found: Found) =>
	needs.filter((name) => found[name] === undefined);

async function make(check: Check, visiting: Visit): Promise<Outcome> {
	const lacks = missing(check, visiting.found);
	if (lacks.length > 0) {
		return { check, failed: `skipped: ${lacks.join(', ')} not found before`, differs: [] };
	}
	try {
		const answer = await check.ask(visiting);
		return { check, answer, differs: differences(answer, check.expected) };
	} catch (error) {
		return { check, failed: error instanceof Error ? error.message : String(error), differs: [] };
	}
}

/** The checks that are made: all but the optional ones that were not asked for. */
export function chosen(checks: readonly Check[], also: readonly string[] | 'all'): Check[] {
	return checks.filter(({ id, optional }) => !optional || also === 'all' || also.includes(id));
}

/** Runs the checks in their order, and calls `tell` with each outcome. */
export async function runChecks(
	target: Target,
	checks: readonly Check[],
	tell: (outcome: Outcome) => void = () => undefined,
): Promise<Outcome[]> {
	const visiting = visit(target);
	const outcomes: Outcome[] = [];
	try {
		for (const check of checks) {
			const outcome = await make(check, visiting);
			outcomes.push(outcome);
			tell(outcome);
		}
		return outcomes;
	} finally {
		const { queuedId } = visiting.found;
		const isCanceled = outcomes.some(({ check }) => check.id === 'cancel-queued');
		if (queuedId !== undefined && !isCanceled) {
			await visiting.ask({ method: 'POST', path: `/api/v1/tasks/${queuedId}/cancel` });
		}
	}
}
