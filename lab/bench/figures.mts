/** The shape of a benchmark's figures, and the table of all figures. */

/** Which parts of a figure are real. */
export type Basis =
	/** Real HTTP to the mock, time moved by a virtual clock whenever no request is under way. */
	| 'virtual time'
	/** Real HTTP to the mock on the wall clock. */
	| 'real time'
	/** Measured on this machine in a process of its own. Another machine gives another number. */
	| 'this machine';

/** One row of the table. */
export interface Figure {
	what: string;
	unit: string;
	/** The target, where there is one: the node's figure is to be at most this. */
	atMost?: number;
	node: number;
	/** The best that any client could do. */
	ideal: number;
	/** The same work, done by n8n's own nodes. */
	pattern?: number;
	basis: Basis;
}

export interface BenchOptions {
	/** Also runs the measurements that take minutes of real time. */
	real: boolean;
}

/** One file of benchmarks; `run.mts` has the list. */
export interface Bench {
	title: string;
	/** The basis of the figures, in a few sentences for the reader of the table. */
	about: string;
	measure: (options: BenchOptions) => Promise<Figure[]>;
}

export type PollResult = 'met' | 'MISSED' | '';

/** Whether the target is met; empty where there is none. */
export function verdictOf({ node, atMost }: Figure): PollResult {
	if (atMost === undefined) return '';
	return node <= atMost ? 'met' : 'MISSED';
}

const HEADINGS = ['figure', 'unit', 'target', 'this node', 'ideal', "n8n's pattern", '', 'basis'];

/** Columns of numbers, which stand on the right. */
const isNumeric = (column: number) => column >= 2 && column <= 5;

const show = (value: number | undefined): string =>
	value === undefined
		? '-'
		: value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 3 : 1 });

const rowOf = (figure: Figure): string[] => [
	figure.what,
	figure.unit,
	figure.atMost === undefined ? '' : `<= ${show(figure.atMost)}`,
	show(figure.node),
	show(figure.ideal),
	show(figure.pattern),
	verdictOf(figure),
	figure.basis,
];

/** The figures of all benchmarks as one table of plain text. */
export function tableOf(sections: Array<{ title: string; figures: Figure[] }>): string {
	const rows = sections.flatMap(({ figures }) => figures.map(rowOf));
	const widths = HEADINGS.map((heading, column) =>
		Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
	);
	const line = (cells: string[]) =>
		cells
			.map((cell, column) => {
				const width = widths[column] ?? 0;
				return isNumeric(column) ? cell.padStart(width) : cell.padEnd(width);
			})
			.join('  ')
			.trimEnd();
	return [
		line(HEADINGS),
		line(widths.map((width) => '-'.repeat(width))),
		...sections.flatMap(({ title, figures }) => [
			`${title}:`,
			...figures.map((figure) => line(rowOf(figure))),
		]),
	].join('\n');
}
