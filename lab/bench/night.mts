/** A night's batch: what is made, and what was seen of it with Survive Restarts. */
import { createRandom } from '../stage/random.mts';
import type { TaskTiming } from '../../sandbox/dashscope/index.mts';

/** 50 portraits with all templates. */
export const NIGHT = { portraits: 50, templates: 20 };

/** 40 to 120 s, whatever the template: nothing to be learned from the tasks before. */
export const runSeconds = ({ index }: Pick<TaskTiming, 'index'>) =>
	40 + 80 * createRandom(index + 1)();

/** The least that an account needs for the first `videos` tasks. @returns ms */
export const idealMs = (videos: number, width: number) =>
	Array.from({ length: videos }, (_, index) => 1000 * runSeconds({ index })).reduce(
		(sum, ms) => sum + ms,
		0,
	) / width;

/** One batch with Survive Restarts. */
export interface DurableSeen {
	/** Tasks that the account runs at once. */
	width: number;
	videos: number;
	/** From the start of the execution to its end. */
	makespanMs: number;
	/** From a task's end until its video was asked for, median. */
	toFetchMs: number;
	/** From the end of the last task to the end of the execution. */
	toEndMs: number;
	/** Checks. */
	turns: number;
	/** All executions' data, as JSON. */
	bytes: number;
}
