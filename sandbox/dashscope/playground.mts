/**
 * Lines of text for a person who tries a running mock. Rule: nothing is printed that
 * does not work as it stands: every address can be opened, every key is the mock's own.
 */
import type { DashScopeMock } from './index.mts';
import { portraitNames, portraitVerdicts } from './verdicts.mts';

/** What each sample portrait is good for; those that do not pass say how they fail. */
const uses: Readonly<Record<string, string>> = {
	'ada.png': 'passes: the one to begin with',
	'ben.jpg': 'passes: a JPEG, for batches of several portraits',
	'kim.png': 'passes: the smallest, 512 x 512',
	'no-human.png': 'no person in it',
	'two-people.png': 'two people',
	'tilted.png': 'a tilted head',
	'covered.png': 'a covered face',
	'too-dark.png': 'too dark',
	'far-away.png': 'a face too small in the picture',
	'too-small.png': '399 x 399 pixels, the least is 400',
};

/** What to expect of the sample portrait `name`, in a few words. */
export function useOf(name: string): string {
	const code = name === 'too-small.png' ? 'InvalidFile.Resolution' : portraitVerdicts[name];
	const use = uses[name] ?? 'a sample';
	return code === undefined ? use : `refused: ${use} (${code})`;
}

/** The names, those that pass first. */
const inOrder = Object.keys(uses).filter((name) => portraitNames.includes(name));

/** The addresses of the sample portraits, good and bad, each with its use. */
export function portraitLines(mock: DashScopeMock): string[] {
	const rows = [
		...inOrder.map((name) => [mock.portraitUrl(name), useOf(name)]),
		[
			`${mock.storageUrl}/portraits/gone.png`,
			'refused: a dead link (InvalidParameter.DataInspection)',
		],
	];
	const width = Math.max(...rows.map(([url = '']) => url.length));
	return rows.map(([url = '', use = '']) => `${url.padEnd(width)}  ${use}`);
}
