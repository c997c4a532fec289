/** Reads from a presigned URL until when it works. Pure. Rule: an unreadable date counts as no date. */
import { DateTime } from 'luxon';

/** Seconds since the epoch between 2001 and 5138. Other numbers in these fields are no dates. */
const isEpoch = (seconds: number) => seconds > 1e9 && seconds < 1e11;

/** Query names of a start date and a duration: Amazon S3, Google, Alibaba OSS (V4), Volcengine, Huawei. */
const DATED = ['x-amz', 'x-goog', 'x-oss', 'x-tos', 'x-obs'];

/** `20261201T130000Z`, the basic form of ISO 8601. */
const parseDate = (text: string | undefined): number =>
	DateTime.fromISO(text ?? '', { zone: 'utc' }).toMillis();

type Query = ReadonlyMap<string, string>;

const READERS: Array<(query: Query) => number> = [
	// OSS (V1), CloudFront, Google (V2), S3 (V2): seconds since the epoch.
	(query) => Number(query.get('expires')) * 1000,
	...DATED.map((prefix) => (query: Query) => {
		const seconds = Number(query.get(`${prefix}-expires`) ?? Number.NaN);
		return parseDate(query.get(`${prefix}-date`)) + seconds * 1000;
	}),
	// Azure: the end as a date, beside a signature.
	(query) => (query.has('sig') ? parseDate(query.get('se')) : Number.NaN),
	// Tencent COS: start and end in seconds since the epoch.
	(query) => Number(query.get('q-sign-time')?.split(';')[1]) * 1000,
];

/** @returns milliseconds since the epoch; `undefined` if the URL names no end */
export function readLinkExpiry({ searchParams }: URL): number | undefined {
	const query = new Map([...searchParams].map(([name, value]) => [name.toLowerCase(), value]));
	return READERS.map((read) => read(query)).find((ms) => isEpoch(ms / 1000));
}

/** A moment as messages show it, in DashScope's own zone: `2026-12-01 21:00 (UTC+8)`. */
export const showMoment = (ms: number): string =>
	DateTime.fromMillis(ms, { zone: 'utc+8' }).toFormat("yyyy-MM-dd HH:mm '(UTC+8)'");
