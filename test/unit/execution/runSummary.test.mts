/** The hint after a run. */
import { summaryOf } from '../../../nodes/EmojiVideo/execution/runSummary';
import { failed } from '../../../nodes/EmojiVideo/execution/outcome';
import type { Outcome } from '../../../nodes/EmojiVideo/execution/outcome';
import { STOPPED, succeed } from '../../../nodes/EmojiVideo/base/result';

const item = (json: Record<string, string | number | object[]>): Outcome => ({
	itemIndex: 0,
	result: succeed({ json: json as never }),
});

const ada = { billedSeconds: 2, videoUrlExpiresAt: '2026-11-26T15:20:30+08:00' };
const ben = { billedSeconds: 3, videoUrlExpiresAt: '2026-11-26T15:10:30+08:00' };

it('says how many videos, what is billed, and what expires first', () => {
	expect(summaryOf([item(ada), item(ben), failed(2, STOPPED)], 'Asia/Shanghai')).toBe(
		'2 videos, 5 billed seconds. The links work until 2026-11-26 15:10; files in the output stay.',
	);
});

it('counts the videos of a pack, and adds up their cost', () => {
	const pack = item({
		videos: [
			{ ...ada, cost: 0.1 },
			{ ...ben, cost: 0.2 },
		],
	});
	expect(summaryOf([pack], 'UTC')).toBe(
		'2 videos, 5 billed seconds, cost 0.3. The links work until 2026-11-26 07:10; files in the output stay.',
	);
});

it('is silent where nothing was made', () => {
	expect(summaryOf([item({ taskId: 't', status: 'PENDING' }), failed(1, STOPPED)], 'UTC')).toBe(
		undefined,
	);
});
