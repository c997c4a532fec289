/**
 * The second matrix: every odd response of public reports x every kind of request x every way to wait.
 * Rule: rows, columns and modes are data; one cell is one batch of three portraits.
 */
import type { Operation } from '../../sandbox/dashscope/index.mts';
import type { OrderedFault } from './faults.mts';
import type { NetworkTrouble } from './network.mts';

export const MODES = ['memory', 'Survive Restarts', 'trigger'] as const;
export type Mode = (typeof MODES)[number];

/** Kinds of request, by the name of the ledger. */
export const REQUESTS = {
	detection: 'detect',
	policy: 'policy',
	upload: 'upload',
	create: 'create',
	poll: 'query',
	list: 'list',
	cancel: 'cancel',
	download: 'result',
} as const satisfies Record<string, Operation>;
export type RequestKind = keyof typeof REQUESTS;

/** What each mode asks for. Survive Restarts lists only after a crash, which a cell does not play. */
export const KINDS: Readonly<Record<Mode, readonly RequestKind[]>> = {
	memory: ['detection', 'policy', 'upload', 'create', 'poll', 'list', 'cancel', 'download'],
	'Survive Restarts': ['detection', 'policy', 'upload', 'create', 'poll', 'cancel', 'download'],
	trigger: ['list', 'poll', 'download'],
};

/** A fault of the mock, or trouble before a request reaches the mock. */
export type OddResponse = { fault: OrderedFault } | { network: NetworkTrouble };

const page = (name: Extract<OrderedFault, { kind: 'page' }>['name']): OddResponse => ({
	fault: { kind: 'page', name },
});
const refusal = (name: Extract<OrderedFault, { kind: 'refusal' }>['name']): OddResponse => ({
	fault: { kind: 'refusal', name },
});

export const ODD_RESPONSES = {
	'HTML 400': page('gateway400'),
	'HTML 403': page('cloudflare403'),
	'HTML 404': page('gateway404'),
	'HTML 405': page('waf405'),
	'HTML 407': page('proxy407'),
	'HTML 502': page('gateway502'),
	'JSON 404': refusal('notFound'),
	'quota 429': refusal('quota'),
	'budget 429': refusal('budget'),
	UNKNOWN: { fault: { kind: 'unknownTask' } },
	unknown: { fault: { kind: 'unknownTask', word: 'unknown' } },
	'storage 404': { fault: { kind: 'denial', name: 'missing' } },
	'storage 403': { fault: { kind: 'denial', name: 'unsigned' } },
	'header dropped': { fault: { kind: 'dropHeaders', names: ['x-dashscope-async'] } },
	certificate: { network: 'certificate' },
	'plain HTTP': { network: 'plain' },
	'proxy 407': { network: 'proxy' },
	DNS: { network: 'dns' },
} as const satisfies Record<string, OddResponse>;
export type OddName = keyof typeof ODD_RESPONSES;

/** Odd responses that only some kinds of request can get. */
const ONLY: Partial<Record<OddName, readonly RequestKind[]>> = {
	UNKNOWN: ['poll', 'list'],
	unknown: ['poll', 'list'],
	'storage 404': ['download'],
	'storage 403': ['download'],
	'header dropped': ['create'],
};

export interface OddCell {
	mode: Mode;
	kind: RequestKind;
	name: OddName;
	times: 1 | 'always';
}

/** All cells, mode by mode. */
export const oddCells: readonly OddCell[] = MODES.flatMap((mode) =>
	(Object.keys(ODD_RESPONSES) as OddName[]).flatMap((name) =>
		KINDS[mode]
			.filter((kind) => ONLY[name]?.includes(kind) ?? true)
			.flatMap((kind) =>
				([1, 'always'] as const).map((times): OddCell => ({ mode, kind, name, times })),
			),
	),
);

/** What became of a cell. */
export interface OddResult extends OddCell {
	/** Videos that came out; of a list its rows, of a cancellation the tasks that were canceled. */
	delivered: number;
	/** Tasks that the service made and billed; of a list and a cancellation those that stood there. */
	paid: number;
	/** Requests on the wire, those that the mock never saw included. */
	requests: number;
	/** By the clock that is moved. */
	seconds: number;
	/** The first words of what went wrong; empty if nothing did. */
	message: string;
}

/** What is wrong with a cell; empty if nothing is. One odd response may cost no paid video. */
export function wrongWith({ times, delivered, paid }: OddResult): string {
	if (paid > PORTRAITS) return `paid ${paid} times for ${PORTRAITS}`;
	return times === 1 && delivered < paid ? 'a paid video is lost to one response' : '';
}

/** Portraits of a batch. */
export const PORTRAITS = 3;
