/**
 * Warns of presigned URLs that may end before DashScope reads them. Pure. DashScope runs one task of an account
 * at a time (docs/service.md, "Limits"), so a late video of a long batch starts hours later.
 */
import { showMoment } from '../net/linkExpiry';
import { shown } from '../base/text';
import { lastSegment } from './fileNames';
import type { Portrait } from './portrait';

/**
 * @param portraits one for each video, in the order of their submission
 * @param runMs how long one video takes at most
 * @returns `undefined` if all URLs last long enough
 */
export function warnOfEarlyEnds(
	portraits: ReadonlyArray<Pick<Portrait, 'about' | 'expiresAt'>>,
	runMs: number,
	now: number,
): string | undefined {
	const early = portraits.flatMap(({ about, expiresAt = Infinity }, position) => {
		const startsBy = now + (position + 1) * runMs;
		return expiresAt < startsBy ? [{ name: lastSegment(about.imageUrl), expiresAt, startsBy }] : [];
	});
	const [first] = early;
	if (!first) return undefined;
	const others = early.length === 1 ? '' : ` The same holds for ${early.length - 1} more videos.`;
	return `The image URL of ${shown(first.name)} is valid until ${showMoment(first.expiresAt)}, but its video may start as late as ${showMoment(first.startsBy)}.${others} Use URLs that are valid longer, or set Image Source to Binary File.`;
}
