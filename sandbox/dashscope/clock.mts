/**
 * Time for the mock. Rule: everything the service decides by time reads this clock, so that moving
 * it moves tasks, links, policies and rate limits together; nothing here ever sleeps.
 */

/** Where "now" comes from, in milliseconds since the epoch. */
export interface Clock {
	now(): number;
}

export interface ShiftedClock extends Clock {
	/** Adds `ms` to every later reading. */
	advance(ms: number): void;
}

const beijingOffsetMs = 8 * 60 * 60 * 1000;

/** A clock that reads `base` plus everything it was advanced by. */
export function shiftedClock(base: Clock): ShiftedClock {
	let offsetMs = 0;
	return {
		now: () => base.now() + offsetMs,
		advance(ms) {
			offsetMs += ms;
		},
	};
}

/** "YYYY-MM-DD HH:mm:ss.SSS" in UTC+8, as task queries write times (emoji-v1 reference, step 2). */
export function beijingTime(epochMs: number): string {
	return new Date(epochMs + beijingOffsetMs).toISOString().slice(0, 23).replace('T', ' ');
}

/**
 * Reads "YYYYMMDDhhmmss" in UTC+8, as the task list takes times (docs/service.md, "Task list").
 * Returns milliseconds since the epoch, or undefined when the text is not such a time.
 */
export function parseBeijingStamp(text: string): number | undefined {
	const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text);
	if (!match) return undefined;
	const [year, month, day, hour, minute, second] = match.slice(1);
	const epochMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`);
	return Number.isNaN(epochMs) ? undefined : epochMs;
}
