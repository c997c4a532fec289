/**
 * Time range of the task list: "YYYYMMDDhhmmss" in UTC+8, at most 24 hours (docs/service.md, "Task list").
 * Rule: a range is rounded outwards, so that it covers every wanted task. If it would exceed 24 hours, its older
 * end is cut.
 */
import { DateTime } from 'luxon';

/** The longest range that the task list accepts. */
export const LIST_RANGE_MS = 24 * 3_600_000;

const SECOND_MS = 1000;

/** "YYYYMMDDhhmmss" in UTC+8. */
const stamp = (ms: number): string =>
	DateTime.fromMillis(ms, { zone: 'utc+8' }).toFormat('yyyyMMddHHmmss');

/**
 * The query parameters of a time range.
 * @param from ms since the epoch, rounded down to the second, at most 24 hours before the end
 * @param to ms since the epoch, rounded up to the second
 */
export function listStamps({ from, to }: { from: number; to: number }) {
	const end = Math.ceil(to / SECOND_MS) * SECOND_MS;
	const start = Math.max(Math.floor(from / SECOND_MS) * SECOND_MS, end - LIST_RANGE_MS);
	return { start_time: stamp(start), end_time: stamp(end) };
}
