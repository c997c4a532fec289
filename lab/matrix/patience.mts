/**
 * How long a cell may take, in minutes: what docs/reliability.md promises for its request and its fault, and
 * nothing more. Rule: these figures are the documents', not the code's; a cell that takes longer is wrong.
 */
import type { Operation } from '../../sandbox/dashscope/index.mts';
import type { OrderedFault } from './faults.mts';

/**
 * - `harmless`: the response is as usual.
 * - `final`: the same request would get the same response, so the node does not send it again.
 * - `throttled`: too many requests.
 * - `passing`: the node sends it again, if that costs nothing.
 * - `endless`: never answered to its end: the request's own limit ends it, then it is `passing`.
 */
type Trouble = 'harmless' | 'final' | 'throttled' | 'passing' | 'endless';

const PASSING_STATUSES = [204, 408, 421, 425, 499];

function troubleOf(fault: OrderedFault): Trouble {
	switch (fault.kind) {
		case 'pieces':
		case 'unsized':
		case 'bom':
			return 'harmless';
		case 'silence':
		case 'stall':
		case 'switching':
		case 'bomb':
			return 'endless';
		case 'redirect':
			return 'final';
		case 'status':
			if (fault.status === 429) return 'throttled';
			return fault.status >= 500 || PASSING_STATUSES.includes(fault.status) ? 'passing' : 'final';
		default:
			return 'passing';
	}
}

/** The limit of one request that is never answered, or not to its end. */
const LIMITS: Partial<Record<Operation, number>> = {
	detect: 1,
	create: 1,
	query: 1 / 3,
	list: 1 / 3,
	cancel: 1 / 3,
	policy: 1 / 3,
	portrait: 1,
	upload: 2,
	// Without a byte; its whole body has ten.
	result: 1,
};

/** "Too many requests" is ridden out for half an hour by the account's API; a storage host is not the account. */
const THROTTLED: Partial<Record<Operation, number>> = {
	portrait: 2,
	upload: 2,
	result: 2,
	query: 15,
};
const THROTTLED_BY_ACCOUNT = 30;

/** Other trouble: of a query, for each task; of a create and a cancel, which are not sent again, nothing. */
const PATIENCE: Partial<Record<Operation, number>> = { query: 15, create: 0, cancel: 0 };
const USUAL_PATIENCE = 2;

/** How many requests may take their whole limit, where patience does not end it before. */
const REQUESTS: Partial<Record<Operation, number>> = {
	// The service bills each response, so the node sends three at most.
	detect: 3,
	create: 1,
	// Until the task is no longer PENDING.
	cancel: 3,
	query: 1,
};
/** The one that patience is counted from, and the one that it ends with. */
const USUAL_REQUESTS = 2;

/** A video of 60 s with its polls and the account's pace; a list and a cancellation are one question. */
const WORK: Partial<Record<Operation, number>> = { list: 0.25, cancel: 0.25 };
const USUAL_WORK = 2;
/** A pause of a second, Retry-After of 7. */
const PAUSE = 0.25;
/** Between the last failure and the end there may be a pause of its longest. */
const LONGEST_PAUSE = 1;

/** @param times how often the fault happens */
export function patienceOf(flow: Operation, fault: OrderedFault, times: 1 | 'always'): number {
	const trouble = troubleOf(fault);
	const limit = LIMITS[flow] ?? 0;
	const work = WORK[flow] ?? USUAL_WORK;
	if (trouble === 'harmless' || trouble === 'final') return work;
	const own = trouble === 'endless' ? limit : 0;
	if (times === 1) return work + own + PAUSE;
	if (trouble === 'throttled')
		return work + (THROTTLED[flow] ?? THROTTLED_BY_ACCOUNT) + LONGEST_PAUSE;
	const requests = (REQUESTS[flow] ?? USUAL_REQUESTS) * own;
	// Three detections end before patience does.
	const patience = flow === 'detect' && own > 0 ? 0 : (PATIENCE[flow] ?? USUAL_PATIENCE);
	return work + requests + patience + (patience > 0 ? LONGEST_PAUSE : PAUSE);
}
