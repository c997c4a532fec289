/**
 * The orders a mock takes, as methods. Rule: whatever a test can do in-process it can do over HTTP,
 * so `control-http.mts` only calls what is here.
 */
import { beijingTime } from './clock.mts';
import type { Faults } from './faults/orders.mts';
import { countLedger, type LedgerCounts, type LedgerEntry } from './ledger.mts';
import type { AnswerDelay, DashScopeMockOptions, TaskSeconds } from './options.mts';
import type { OddityName } from './oddities.mts';
import { resultUrl } from './results.mts';
import { oddityList } from './settings.mts';
import {
	endOf,
	failureOf,
	statusOf,
	videoSecondsOf,
	type TaskFailure,
	type TaskStatus,
} from './tasks.mts';
import { verdict, type VerdictCode, type VerdictStyle } from './verdicts.mts';
import { resetWorld, type World } from './world.mts';

/** A task as the mock sees it; times in epoch ms on the mock's clock. */
export interface TaskView {
	id: string;
	index: number;
	account: string;
	drivenId: string;
	status: TaskStatus;
	submittedMs: number;
	/** Once it runs or has run. */
	startedMs?: number;
	/** Once it ended or was canceled. */
	endedMs?: number;
	submitTime: string;
	failure?: TaskFailure;
	/** Of a task that succeeded. */
	videoUrl?: string;
	/** Seconds of video billed: 0 until the task succeeded. */
	billedSeconds: number;
}

export interface Control {
	/** The mock's clock, epoch ms. */
	now: () => number;
	/** All requests so far, in order of arrival. */
	ledger: () => LedgerEntry[];
	counts: () => LedgerCounts;
	/** All tasks so far, in order of submission, whatever their age and account. */
	tasks: () => TaskView[];
	faults: Faults;
	/**
	 * Makes the task with this id end FAILED, or, given a number, that many of the next new tasks. False:
	 * no such task, or it has ended already.
	 */
	failTask: (target: string | number, failure?: TaskFailure) => boolean;
	/** The next `count` readable portraits do not pass detection. */
	failDetection: (count: number, code?: VerdictCode) => void;
	/** Tasks running at once per account from now on; 0 holds waiting tasks back. */
	setConcurrency: (count: number) => void;
	/** Running time of every task that has not started yet. */
	setTaskSeconds: (seconds: TaskSeconds) => void;
	setVerdictStyle: (style: VerdictStyle) => void;
	/** Odd responses from now on: all kinds of oddity, some, or none. */
	setOddities: (wanted: boolean | readonly OddityName[]) => void;
	/** Delays responses from now on, after the service has done its work. */
	setAnswerDelay: (delay: AnswerDelay) => void;
	/** Moves the mock's clock forward. */
	advanceClock: (ms: number) => void;
	/** Forgets everything that happened and every order; the clock is not set back. */
	reset: () => void;
}

const documentedFailure: TaskFailure = {
	code: 'InvalidParameter',
	message: 'The size is not match xxxxxx',
};

function viewTasks(world: World): TaskView[] {
	const nowMs = world.now();
	return world.tasks.all().map((task) => {
		const status = statusOf(task, nowMs);
		const { id, index, account, drivenId, submittedMs, startedMs } = task;
		const failure = failureOf(task);
		const endedMs = endOf(task, nowMs);
		const isDone = status === 'SUCCEEDED';
		return {
			id,
			index,
			account,
			drivenId,
			status,
			submittedMs,
			...(startedMs !== undefined && startedMs <= nowMs && { startedMs }),
			...(endedMs !== undefined && { endedMs }),
			submitTime: beijingTime(submittedMs),
			...(failure && { failure }),
			...(isDone && { videoUrl: resultUrl(world, task) }),
			billedSeconds: isDone ? videoSecondsOf(task) : 0,
		};
	});
}

/** The control of `world`; `options` are what `reset` goes back to. */
export function createControl(world: World, options: DashScopeMockOptions): Control {
	return {
		now: () => world.now(),
		ledger: () => [...world.ledger],
		counts: () => countLedger(world.ledger),
		tasks: () => viewTasks(world),
		faults: {
			add: (order) => world.faults.add(order),
			clear: () => world.faults.clear(),
		},
		failTask: (target, failure = documentedFailure) => world.tasks.fail(target, failure),
		failDetection(count, code = 'InvalidFile.FacePose') {
			world.orderedVerdicts = Array.from({ length: count }, () => verdict(code));
		},
		setConcurrency(count) {
			world.tasks.setConcurrency(count);
			world.settings.concurrency = count;
		},
		setTaskSeconds(seconds) {
			world.tasks.advance();
			world.settings.taskSeconds = seconds;
		},
		setVerdictStyle(style) {
			world.settings.verdictStyle = style;
		},
		setOddities(wanted) {
			world.settings.oddities = oddityList(wanted);
		},
		setAnswerDelay(delay) {
			world.settings.answerDelayMs = delay;
		},
		advanceClock: (ms) => world.advanceClock(ms),
		reset: () => resetWorld(world, options),
	};
}
