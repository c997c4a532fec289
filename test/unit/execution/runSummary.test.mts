/** The hint after a run. */
import { summaryOf } from '../../../nodes/EmojiVideo/execution/runSummary';
import { failed } from '../../../nodes/EmojiVideo/execution/outcome';
import type { Outcome } from '../../../nodes/EmojiVideo/execution/outcome';
import { STOPPED, succeed } from '../../../nodes/EmojiVideo/base/result';
import type { BilledVideo } from '../../../nodes/EmojiVideo/output';

const itemWith = (...billed: BilledVideo[]): Outcome => ({
	itemIndex: 0,
	result: succeed({ json: {}, billed }),
});

const ada = { seconds: 2, linkEndsAt: Date.parse('2026-11-26T15:20:30+08:00') };
const ben = { seconds: 3, linkEndsAt: Date.parse('2026-11-26T15:10:30+08:00') };

describe('the hint after a run', () => {
	it('tells the number of videos, the billed seconds, and the first end of a link', () => {
		expect(summaryOf([itemWith(ada), itemWith(ben), failed(2, STOPPED)], 'Asia/Shanghai')).toBe(
			'2 videos, 5 billed seconds. The links work until 2026-11-26 15:10; files in the output stay.',
		);
	});

	it('counts each video of a pack and adds up their cost', () => {
		const pack = itemWith({ ...ada, cost: 0.1 }, { ...ben, cost: 0.2 });
		expect(summaryOf([pack], 'UTC')).toBe(
			'2 videos, 5 billed seconds, cost 0.3. The links work until 2026-11-26 07:10; files in the output stay.',
		);
	});

	it('tells no end for a video without a link', () => {
		expect(summaryOf([itemWith({ seconds: 2 })], 'UTC')).toBe('1 video, 2 billed seconds.');
	});

	it('is absent if DashScope billed nothing', () => {
		expect(summaryOf([itemWith(), failed(1, STOPPED)], 'UTC')).toBeUndefined();
	});
});
