/**
 * The price of a run, shown before it starts. Rule: this list names everything that is billed;
 * unit prices are resellers' copies (docs/service.md, "Prices"), and say so.
 */
import type { Check } from './check.mts';

const detectionPrice = 'CNY 0.004';
const videoPrice = 'CNY 0.08 per second; this template makes about 2 s';

/** The billed items, line by line. */
export function priceOf(checks: readonly Check[]): string[] {
	const count = (bills: Check['bills']) => checks.filter((check) => check.bills === bills).length;
	const cancels = checks.some(({ id }) => id === 'create-queued');
	return [
		`${count('detection')} detection${count('detection') === 1 ? '' : 's'} (${detectionPrice} each)`,
		`${count('video')} video${count('video') === 1 ? '' : 's'} (${videoPrice})`,
		...(cancels
			? [
					'1 more video that is canceled while it waits, which is free; if it starts first, it is billed',
				]
			: []),
		`${count(undefined)} other requests, which are free`,
		'Prices are as two resellers copied them; the price page of Model Studio is what counts.',
	];
}
