/** The hint above the output after a run: how many videos, their cost, and the end of their links. */
import { DateTime } from 'luxon';
import type { Outcome } from './outcome';

const sum = (values: number[]): number =>
	Number(values.reduce((total, value) => total + value, 0).toFixed(6));

/**
 * @param timezone of the workflow, in which the hint tells the end of the links
 * @returns `undefined` if DashScope billed nothing
 */
export function summaryOf(outcomes: readonly Outcome[], timezone: string): string | undefined {
	const videos = outcomes.flatMap(({ result }) => (result.ok ? (result.value.billed ?? []) : []));
	if (videos.length === 0) return undefined;
	const costs = videos.flatMap(({ cost }) => cost ?? []);
	const firstEnd = Math.min(...videos.flatMap(({ linkEndsAt }) => linkEndsAt ?? []));
	const seconds = sum(videos.map((video) => video.seconds));
	const parts = [
		`${videos.length} ${videos.length === 1 ? 'video' : 'videos'}, ${seconds} billed seconds`,
		costs.length > 0 && `, cost ${sum(costs)}`,
		'.',
		firstEnd < Infinity &&
			` The ${videos.length === 1 ? 'link works' : 'links work'} until ${DateTime.fromMillis(firstEnd, { zone: timezone }).toFormat('yyyy-MM-dd HH:mm')}; files in the output stay.`,
	];
	return parts.filter(Boolean).join('');
}
