/** What a person reads above the output after a run: how many videos, what they cost, when they are gone. */
import { DateTime } from 'luxon';
import { z } from 'zod';
import type { Outcome } from './outcome';

const videoSchema = z.object({
	videoUrlExpiresAt: z.string().optional(),
	billedSeconds: z.number(),
	cost: z.number().optional(),
});
type Video = z.infer<typeof videoSchema>;

/** Of an item, or of all videos of a pack. */
function videosOf(json: unknown): Video[] {
	const pack = z.object({ videos: z.array(z.unknown()) }).safeParse(json);
	if (pack.success) return pack.data.videos.flatMap(videosOf);
	const video = videoSchema.safeParse(json);
	return video.success ? [video.data] : [];
}

const sum = (values: number[]): number =>
	Number(values.reduce((total, value) => total + value, 0).toFixed(6));

/**
 * @param timezone of the workflow, in which the end of the links is told
 * @returns `undefined` where nothing was billed
 */
export function summaryOf(outcomes: readonly Outcome[], timezone: string): string | undefined {
	const videos = outcomes.flatMap(({ result }) => (result.ok ? videosOf(result.value.json) : []));
	if (videos.length === 0) return undefined;
	const costs = videos.flatMap(({ cost }) => cost ?? []);
	const ends = videos.flatMap(({ videoUrlExpiresAt }) => videoUrlExpiresAt ?? []);
	const firstEnd = ends
		.map((end) => DateTime.fromISO(end, { zone: timezone }))
		.sort((a, b) => a.toMillis() - b.toMillis())[0];
	const seconds = sum(videos.map(({ billedSeconds }) => billedSeconds));
	const parts = [
		`${videos.length} ${videos.length === 1 ? 'video' : 'videos'}, ${seconds} billed seconds`,
		costs.length > 0 && `, cost ${sum(costs)}`,
		'.',
		firstEnd &&
			` The ${videos.length === 1 ? 'link works' : 'links work'} until ${firstEnd.toFormat('yyyy-MM-dd HH:mm')}; files in the output stay.`,
	];
	return parts.filter(Boolean).join('');
}
