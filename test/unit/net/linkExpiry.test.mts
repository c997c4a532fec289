/** The end of a presigned URL, as each storage service writes it. */
import { readLinkExpiry, showMoment } from '../../../nodes/EmojiVideo/net/linkExpiry';

const read = (query: string) => {
	const ms = readLinkExpiry(new URL(`https://a.example/x?${query}`));
	return ms === undefined ? undefined : new Date(ms).toISOString();
};

it.each([
	['OSS V1', 'Expires=1764594000&OSSAccessKeyId=i&Signature=s', '2025-12-01T13:00:00.000Z'],
	['S3 V4', 'X-Amz-Date=20251201T120000Z&X-Amz-Expires=3600', '2025-12-01T13:00:00.000Z'],
	['Google V4', 'X-Goog-Expires=60&X-Goog-Date=20251201T120000Z', '2025-12-01T12:01:00.000Z'],
	['OSS V4', 'x-oss-date=20251201T120000Z&x-oss-expires=3600', '2025-12-01T13:00:00.000Z'],
	['Azure', 'sv=2024-11-04&se=2025-12-01T13%3A00%3A00Z&sig=x', '2025-12-01T13:00:00.000Z'],
	['COS', 'q-sign-time=1764590400;1764594000', '2025-12-01T13:00:00.000Z'],
])('the end of a presigned URL of %s is read', (_, query, end) => {
	expect(read(query)).toBe(end);
});

it.each([
	'',
	'Expires=never',
	'Expires=3600',
	'Expires=99999999999999',
	'X-Amz-Expires=3600',
	'X-Amz-Date=20251201T120000Z',
	'X-Amz-Date=today&X-Amz-Expires=3600',
	'se=2025-12-01',
	'q-sign-time=1764594000',
])('a URL with the query %j has no end', (query) => {
	expect(read(query)).toBeUndefined();
});

it('a moment is shown in DashScope’s zone', () => {
	expect(showMoment(Date.UTC(2025, 11, 1, 13, 5))).toBe('2025-12-01 21:05 (UTC+8)');
});
