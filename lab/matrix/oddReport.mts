/** The second matrix as a page: one table for each mode, what is wrong, and the tests of each case. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KINDS, MODES, ODD_RESPONSES, PORTRAITS, REQUESTS, wrongWith } from './oddResponses.mts';
import type { Mode, OddName, OddResponse, OddResult } from './oddResponses.mts';

const ROOT = path.resolve(import.meta.dirname, '../..');

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
	[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');

/** `3/3, 25, 181 s`: bold if it is wrong, italic if one response cost a portrait its video before paying. */
function cellOf(result: OddResult | undefined): string {
	if (!result) return '';
	const { delivered, paid, requests, seconds } = result;
	const text = `${delivered}/${paid}, ${requests}, ${seconds} s`;
	if (wrongWith(result) !== '') return `**${text}**`;
	return result.times === 1 && delivered < PORTRAITS ? `_${text}_` : text;
}

function modeTable(mode: Mode, results: readonly OddResult[]): string {
	const find = (name: string, times: OddResult['times'], kind: string) =>
		results.find(
			(one) => one.mode === mode && one.name === name && one.times === times && one.kind === kind,
		);
	const rows = (Object.keys(ODD_RESPONSES) as OddName[]).flatMap((name) =>
		([1, 'always'] as const).map((times) => [
			name,
			times === 1 ? 'once' : 'always',
			...KINDS[mode].map((kind) => cellOf(find(name, times, kind))),
		]),
	);
	const played = rows.filter(([, , ...cells]) => cells.some((cell) => cell !== ''));
	return `## ${mode}\n\n${table(['response', 'how often', ...KINDS[mode]], played)}`;
}

const escaped = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function wrongTable(results: readonly OddResult[]): string {
	const rows = results
		.filter((result) => wrongWith(result) !== '')
		.map((result) => {
			const { mode, kind, name, delivered, paid, message } = result;
			return [mode, kind, name, `${delivered}/${paid}`, wrongWith(result), escaped(message)];
		});
	if (rows.length === 0) return 'Nothing.';
	return table(['mode', 'request', 'response', 'videos', 'what is wrong', 'message'], rows);
}

/** What users read for a response that stays: one message of each kind of request. */
function messageTable(results: readonly OddResult[]): string {
	const rows = results
		.filter(({ mode, times, message }) => mode === 'memory' && times === 'always' && message !== '')
		.map(({ name, kind, message, seconds }) => [name, kind, `${seconds} s`, escaped(message)]);
	return table(['response', 'request', 'after', 'message'], rows);
}

/** The word by which a test orders a response. */
const WORDS: Readonly<Record<string, string>> = {
	certificate: 'startHttpsFront',
	plain: 'plainBehindHttps',
	proxy: 'startProxy',
	dns: 'EAI_AGAIN',
};

function wordOf(odd: OddResponse): string {
	if ('network' in odd) return WORDS[odd.network] ?? odd.network;
	return 'name' in odd.fault ? `'${odd.fault.name}'` : `'${odd.fault.kind}'`;
}

/** Test files by the words in them, so that the table cannot go stale. */
function testTable(): string {
	const files = readdirSync(path.join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
		.filter((name) => name.endsWith('.test.mts'))
		.map((name) => ({ name, text: readFileSync(path.join(ROOT, 'test', name), 'utf8') }));
	const rows = Object.entries<OddResponse>(ODD_RESPONSES).map(([name, odd]) => {
		const word = wordOf(odd);
		const found = files.filter(({ text }) => text.includes(word));
		return [name, `\`${word}\``, found.map((file) => `\`test/${file.name}\``).join(', ') || 'none'];
	});
	return table(['case', 'word', 'tests'], rows);
}

/** The whole page. */
export function oddReport(results: readonly OddResult[], tookSeconds: number): string {
	const day = new Date().toISOString().slice(0, 10);
	const wrong = results.filter((result) => wrongWith(result) !== '').length;
	const requests = Object.keys(REQUESTS).join(', ');
	return `# The matrix of odd responses

A batch of three portraits meets one odd response, once or always, in each mode, for each kind of request:
${requests}. The built node runs in n8n's engine against
the mock, over real sockets, on a clock that is moved. A cell says videos delivered / paid, requests on the wire, and
seconds until the end. Of a list it counts rows, and of a cancellation canceled tasks. The trigger polls each minute,
at most 40 times. **Bold** is wrong: one response lost a paid video, or a video was paid twice. _Italic_ is safe but
unkind: one response cost a portrait its video before anything was paid.

\`npm run matrix\` (this page alone: \`npx gulp build && npx tsx lab/matrix/odd.mts\`), ${day}: ${results.length} cells in ${tookSeconds} s, ${wrong} wrong.

${MODES.map((mode) => modeTable(mode, results)).join('\n\n')}

## What is wrong

${wrongTable(results)}

## What users read if the response stays

${messageTable(results)}

## Tests of each case

${testTable()}
`;
}
