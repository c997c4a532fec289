/** The matrix's columns: every way in which one response can go wrong, as orders for the mock. */
import type { FaultOrder } from '../../sandbox/dashscope/index.mts';

/** As an order names it. */
export type OrderedFault = FaultOrder['fault'];

const status = (code: number, body?: unknown): OrderedFault => ({
	kind: 'status',
	status: code,
	...(body !== undefined && { body }),
});

const serviceError = (code: string, message: string) => ({ code, message, request_id: 'r-1' });

/** Ordered by what they are: silence, statuses, bodies, connections. */
export const FAULTS: Record<string, OrderedFault> = {
	silence: { kind: 'silence' },
	reset: { kind: 'reset' },
	'lost answer': { kind: 'lostAnswer' },
	'101': { kind: 'switching', upgrade: false },
	'101 with upgrade': { kind: 'switching', upgrade: true },
	'204 without body': status(204, ''),
	'301 elsewhere': { kind: 'redirect', status: 301 },
	'302 to itself': { kind: 'redirect', status: 302, to: '/' },
	'307 into a private network': { kind: 'redirect', status: 307, to: 'http://10.0.0.1/x' },
	'308 to metadata': { kind: 'redirect', status: 308, to: 'http://169.254.169.254/latest' },
	'400': status(400),
	'400 of a gateway': status(400, '<html>400</html>'),
	'401': status(401),
	'402': status(402),
	'403': status(403),
	'403 policy expired': status(
		403,
		serviceError('AccessDenied', 'Invalid according to Policy: Policy expired.'),
	),
	'404': status(404),
	'405': status(405),
	'408': status(408),
	'409': status(409),
	'413': status(413),
	'421': status(421),
	'425': status(425),
	'429': status(429),
	'429 with Retry-After': {
		kind: 'status',
		status: 429,
		headers: { 'retry-after': '7' },
		body: serviceError('Throttling.RateQuota', 'Requests rate limit exceeded.'),
	},
	'499': status(499),
	'500': status(500),
	'500 in other words': status(
		500,
		serviceError('InternalError.Algo', 'inference internal error.'),
	),
	'502': status(502),
	'503': status(503),
	'504': status(504),
	'520': status(520),
	'error in 200': { kind: 'error200' },
	'verdict in 200': {
		kind: 'error200',
		code: 'InvalidFile.FacePose',
		message: 'The pose of the detected face is invalid.',
	},
	'HTML in 200': { kind: 'garbage' },
	'empty 200': { kind: 'garbage', body: '' },
	'null in 200': { kind: 'garbage', body: 'null' },
	'list in 200': { kind: 'garbage', body: [] },
	'output null': { kind: 'patch', set: { output: null, data: null } },
	'nested brackets': { kind: 'garbage', body: `${'['.repeat(20_000)}${']'.repeat(20_000)}` },
	'task ID missing': { kind: 'patch', remove: ['output.task_id', 'data.0.task_id'] },
	'stall after the head': { kind: 'stall', bytes: 0 },
	'stall after first bytes': { kind: 'stall', bytes: 8 },
	'cut, noticed': { kind: 'cut', announced: true },
	'cut, unnoticed': { kind: 'cut', announced: false },
	'first piece of 3 bytes': { kind: 'pieces', bytes: 3, pauseMs: 5 },
	chunked: { kind: 'unsized', framing: 'chunked' },
	'ends with the connection': { kind: 'unsized', framing: 'close' },
	'byte order mark': { kind: 'bom' },
	'bomb (br)': { kind: 'bomb', encoding: 'br' },
	'bomb (gzip)': { kind: 'bomb', encoding: 'gzip' },
};
