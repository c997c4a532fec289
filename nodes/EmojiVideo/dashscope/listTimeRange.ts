/**
 * Times as the task list takes them: "YYYYMMDDhhmmss" in UTC+8, whole seconds, 24 hours apart at most
 * (docs/service.md, "Task list"). Rule: a range is rounded outwards, so that no wanted task is
 * left out, but never beyond 24 hours, where it gives way at its older end.
 */
import { DateTime } from 'luxon';

/** The longest period that the list answers for. */
export const LIST_RANGE_MS = 24 * 3_600_000;

const SECOND_MS = 1000;

/** "YYYYMMDDhhmmss" in UTC+8. */
const stamp = (ms: number): string =>
	DateTime.fromMillis(ms, { zone: 'utc+8' }).toFormat('yyyyMMddHHmmss');

/**
 * The query parameters of a period.
 * @param from ms since the epoch, rounded down to the second, but not beyond 24 hours before the end
 * @param to ms since the epoch, rounded up to the second
 */
export function listStamps({ from, to }: { from: number; to: number }) {
	const end = Math.ceil(to / SECOND_MS) * SECOND_MS;
	const start = Math.max(Math.floor(from / SECOND_MS) * SECOND_MS, end - LIST_RANGE_MS);
	return { start_time: stamp(start), end_time: stamp(end) };
}
