/**
 * A service on the wire that does what real ones do on their worst day: it throttles, fails, loses
 * answers after having acted, answers garbage and is cut off by Stop. It writes down what happened,
 * so that a test can say what must never have happened.
 */
import type { Clock } from '../../../nodes/EmojiVideo/base/clock';
import { fail, STOPPED, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { Result } from '../../../nodes/EmojiVideo/base/result';
import type { HttpResponse, ApiRequest, Send } from '../../../nodes/EmojiVideo/dashscope/transport';

/**
 * - `good`: acts and answers.
 * - `late`: acts and answers, even when the execution is stopped meanwhile.
 * - `throttled`, `rejected`, `unauthorized`: does not act, and says so.
 * - `down`: does not act, HTTP 503. `dropped`: does not act, no answer.
 * - `lost`: acts, no answer. `garbage`: acts, an answer that cannot be read. `broken`: acts, HTTP 500.
 */
export type Fate =
	| 'good'
	| 'late'
	| 'throttled'
	| 'rejected'
	| 'unauthorized'
	| 'down'
	| 'dropped'
	| 'lost'
	| 'garbage'
	| 'broken';

const REFUSES: readonly Call['fate'][] = ['throttled', 'rejected', 'unauthorized'];

const ACTS: readonly Fate[] = ['good', 'late', 'lost', 'garbage', 'broken'];

export type TaskEnd = 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'UNKNOWN';

/** What the service does, call by call; a script that has ended goes on with the ordinary. */
export interface Script {
	detect: Array<Fate | 'notPassed'>;
	create: Fate[];
	query: Fate[];
	ends: TaskEnd[];
	/** Run times in seconds. */
	runSeconds: number[];
	latencyMs: number[];
	width: number;
}

export interface Call {
	bucket: 'detect' | 'create' | 'query';
	at: number;
	fate: Fate | 'notPassed';
	/** Which video: `driven_id` of a create. */
	templateId?: string;
	/** The portrait of a detection. */
	imageUrl?: string;
	/** The task that a create made or a query is about. */
	taskId?: string;
	/** The client has the answer of a service that acted. */
	isHeard: boolean;
	/** The client has the answer of a service that says that it did not act. */
	isRefused: boolean;
}

interface SubmittedJob {
	taskId: string;
	acceptedAt: number;
	startedAt: number;
	finishedAt: number;
	end: TaskEnd;
}

const wireTime = (ms: number) =>
	new Date(ms + 8 * 3_600_000).toISOString().replace('T', ' ').replace('Z', '');

const json = (httpStatus: number, body: object): Result<HttpResponse> =>
	succeed({ httpStatus, headers: {}, text: JSON.stringify(body) });

const error = (httpStatus: number, code: string) =>
	json(httpStatus, { code, message: code, request_id: 'r' });

const noResponse = fail({
	kind: 'noResponse',
	message: 'The connection broke',
	nextStep: 'Try again.',
});

/** What Stop makes of a request that is under way (dashscope/transport.ts). */
const interrupted = fail({ ...STOPPED, kind: 'interrupted' });

/** The service, and everything it was asked. */
export function createAdversary(script: Script, clock: Clock) {
	const calls: Call[] = [];
	const tasks = new Map<string, SubmittedJob>();
	const freeAt = Array.from({ length: script.width }, () => 0);
	const counts = { detect: 0, create: 0, query: 0 };

	const laneOf = ({ path }: ApiRequest): Call['bucket'] =>
		path.endsWith('face-detect') ? 'detect' : path.includes('/tasks/') ? 'query' : 'create';

	const makeTask = (): SubmittedJob => {
		const index = tasks.size;
		freeAt.sort((a, b) => a - b);
		const acceptedAt = clock.now();
		const startedAt = Math.max(acceptedAt, freeAt[0] ?? 0);
		const finishedAt = startedAt + (script.runSeconds[index] ?? 30) * 1000;
		freeAt[0] = finishedAt;
		const end = script.ends[index] ?? 'SUCCEEDED';
		const task = { taskId: `task-${index}`, acceptedAt, startedAt, finishedAt, end };
		tasks.set(task.taskId, task);
		return task;
	};

	const tell = (taskId: string): object => {
		const task = tasks.get(taskId);
		const now = clock.now();
		if (!task) return { request_id: 'r', output: { task_id: taskId, task_status: 'UNKNOWN' } };
		const { startedAt, finishedAt, acceptedAt, end } = task;
		const status = now < startedAt ? 'PENDING' : now < finishedAt ? 'RUNNING' : end;
		return {
			request_id: 'r',
			output: {
				task_id: taskId,
				task_status: status,
				submit_time: wireTime(acceptedAt),
				...(now >= startedAt && { scheduled_time: wireTime(startedAt) }),
				...(now >= finishedAt && { end_time: wireTime(finishedAt) }),
				...(status === 'SUCCEEDED' && { video_url: `https://example.com/${taskId}.mp4` }),
			},
		};
	};

	/** Acts as the call asks and gives the answer's body. */
	const act = (call: Call, request: ApiRequest): object => {
		if (call.bucket === 'detect') {
			return call.fate === 'notPassed'
				? { request_id: 'r', output: { code: 'InvalidFile.NoHuman', message: 'No.' } }
				: { request_id: 'r', output: { bbox_face: [2, 2, 8, 8], ext_bbox_face: [0, 0, 9, 9] } };
		}
		if (call.bucket === 'query') {
			call.taskId = request.path.split('/').pop() ?? '';
			return tell(call.taskId);
		}
		call.taskId = makeTask().taskId;
		return { request_id: 'r', output: { task_id: call.taskId, task_status: 'PENDING' } };
	};

	const answer = (call: Call, body: object | undefined): Result<HttpResponse> => {
		const answers: Partial<Record<Call['fate'], Result<HttpResponse>>> = {
			throttled: error(429, 'Throttling.RateQuota'),
			rejected: error(400, 'InvalidParameter'),
			unauthorized: error(401, 'InvalidApiKey'),
			down: error(503, 'ModelUnavailable'),
			dropped: noResponse,
			lost: noResponse,
			broken: error(500, 'InternalError'),
			garbage: succeed({ httpStatus: 200, headers: {}, text: '<html>' }),
		};
		const spoilt = answers[call.fate];
		call.isHeard = spoilt === undefined;
		call.isRefused = REFUSES.includes(call.fate);
		return spoilt ?? json(200, body ?? {});
	};

	/** The transport of one execution, which Stop cuts. */
	const connect =
		(signal: AbortSignal): Send =>
		async (request) => {
			if (signal.aborted) return fail(STOPPED);
			const bucket = laneOf(request);
			const nth = counts[bucket]++;
			const latency = script.latencyMs[calls.length % Math.max(1, script.latencyMs.length)] ?? 50;
			const { input } = (request.body ?? {}) as {
				input?: { driven_id?: string; image_url?: string };
			};
			const call: Call = {
				bucket,
				at: clock.now(),
				fate: script[bucket][nth] ?? 'good',
				templateId: input?.driven_id,
				imageUrl: bucket === 'detect' ? input?.image_url : undefined,
				isHeard: false,
				isRefused: false,
			};
			calls.push(call);
			const acts = call.fate === 'notPassed' || ACTS.includes(call.fate);
			const body = acts ? act(call, request) : undefined;
			if (call.fate === 'late') await clock.sleep(latency);
			else await clock.sleep(latency, signal);
			if (signal.aborted && call.fate !== 'late') return interrupted;
			return answer(call, body);
		};

	return { calls, tasks, connect };
}
