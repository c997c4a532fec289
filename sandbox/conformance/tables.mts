/** The tables of a run. Rule: they are Markdown, so that a document can take them as they are. */
import { unlike } from './compare.mts';
import { questions } from './questions.mts';
import type { Outcome } from './run-checks.mts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
	return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A response in a few words: its status and, of a refusal, its code. */
function brief({ answer, failed }: Outcome): string {
	if (!answer) return failed ?? 'no answer';
	const { body, status } = answer;
	const code: unknown =
		typeof body === 'object' && body !== null && 'code' in body ? body.code : '';
	return typeof code === 'string' && code !== '' ? `${status} ${code}` : String(status);
}

/** Whether a response is as documented. */
export function verdictOf({ answer, differs }: Outcome): string {
	if (!answer) return 'not made';
	return differs.length === 0 ? 'as documented' : differs.join('; ');
}

/** Every check of one service beside the document it comes from. */
export function documentTable(outcomes: readonly Outcome[]): string {
	return table(
		['check', 'what', 'document', 'answer', ''],
		outcomes.map((outcome) => {
			const { id, title, document, section } = outcome.check;
			return [id, title, `${document.name}, ${section}`, brief(outcome), verdictOf(outcome)];
		}),
	);
}

/** The service beside the mock, check by check. */
export function differenceTable(service: readonly Outcome[], mock: readonly Outcome[]): string {
	const ours = new Map(mock.map((outcome) => [outcome.check.id, outcome]));
	return table(
		['check', 'the service', 'the mock', 'how they differ'],
		service.map((theirs) => {
			const own = ours.get(theirs.check.id);
			const differs = theirs.answer && own?.answer ? unlike(theirs.answer, own.answer) : [];
			return [
				theirs.check.id,
				brief(theirs),
				own ? brief(own) : 'not made',
				differs.length === 0 ? '' : differs.join('; '),
			];
		}),
	);
}

/** The open questions, and the answers of this run. */
export function questionTable(outcomes: readonly Outcome[]): string {
	const byId = new Map(outcomes.map((outcome) => [outcome.check.id, outcome]));
	return table(
		['open', 'this run says', 'how to settle it'],
		questions.map(({ question, how, settled }) => [question, settled?.(byId) ?? '', how]),
	);
}

/** "40 checks: 39 as documented, 1 differs, 0 not made". */
export function summary(outcomes: readonly Outcome[]): string {
	const made = outcomes.filter(({ answer }) => answer !== undefined);
	const differ = made.filter(({ differs }) => differs.length > 0);
	return `${outcomes.length} checks: ${made.length - differ.length} as documented, ${differ.length} differ, ${outcomes.length - made.length} not made`;
}
