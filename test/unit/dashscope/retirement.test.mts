/** The notice that a model goes offline: free, once a day, and without effect on the run. */
import { offlineTimeOf, watchRetirement } from '../../../nodes/EmojiVideo/dashscope/retirement';
import { fail } from '../../../nodes/EmojiVideo/base/result';
import type { ApiRequest } from '../../../nodes/EmojiVideo/dashscope/transport';
import { answerOf } from '../../contract/quickClient.mts';
import { createVirtualClock } from '../support/virtualClock.mts';

const models = (info: unknown, model = 'emoji-v1') => ({
	code: null,
	success: true,
	output: { total: 1, models: [{ model, name: 'Emoji', inference_offline_info: info }] },
});

/** What the process knows of accounts outlives a test: each test has accounts of its own. */
let tests = 0;
beforeEach(() => void tests++);

/** Watches with one answer for every question. */
function watching(name: string, body: unknown, httpStatus = 200) {
	const account = `${name} of test ${tests}`;
	const clock = createVirtualClock();
	const sent: ApiRequest[] = [];
	const watch = () =>
		watchRetirement(
			async (request) => {
				sent.push(request);
				return Promise.resolve(
					body === undefined
						? fail({ kind: 'noResponse', message: 'broke', nextStep: 'x' })
						: answerOf(body, httpStatus),
				);
			},
			account,
			'emoji-v1',
			clock,
		);
	return { clock, sent, watch };
}

it('the notice names the day, and each account is asked once a day', async () => {
	const { clock, sent, watch } = watching('a', models({ offline_time: '2027-03-31 00:00:00' }));
	const notice = watch();
	expect(notice()).toBeUndefined();
	await clock.advance(0);
	expect(notice()).toMatch(/takes the model emoji-v1 offline on 2027-03-31 \(UTC\+8\)/);
	expect(watch()()).toBe(notice());
	await clock.advance(24 * 3_600_000 - 1);
	watch();
	expect(sent).toHaveLength(1);
	await clock.advance(1);
	watch();
	expect(sent).toHaveLength(2);
	expect(sent[0]).toMatchObject({
		method: 'GET',
		path: '/api/v1/models',
		query: { model: 'emoji-v1', page_no: 1, page_size: 1 },
	});
});

it.each([
	['no retirement', models(null), 200],
	['another model', models({ offline_time: '2027-03-31 00:00:00' }, 'qwen'), 200],
	['a refusal with a day in it', models({ offline_time: '2027-03-31 00:00:00' }), 500],
	['a refusal', { code: 'InvalidApiKey', message: 'm' }, 401],
	['something else', { output: { models: 'none' } }, 200],
	['a time that is none', models({ offline_time: 'soon' }), 200],
	['no JSON', '<html>', 200],
	['no answer', undefined, 200],
])('there is no notice and no second request after %s', async (name, body, status) => {
	const { clock, sent, watch } = watching(name, body, status);
	const notice = watch();
	await clock.advance(0);
	expect([notice(), watch()()]).toEqual([undefined, undefined]);
	expect(sent).toHaveLength(1);
});

it('the offline time is that of the requested model', () => {
	const text = JSON.stringify(models({ offline_time: '2027-03-31 00:00:00' }));
	expect(offlineTimeOf(text, 'emoji-v1')).toBe(Date.UTC(2027, 2, 30, 16));
	expect(offlineTimeOf(text, 'emoji-detect-v1')).toBeUndefined();
});

it('the process remembers a thousand accounts and forgets the oldest', () => {
	const { sent, watch } = watching('account 0', models(null));
	const accounts = Array.from({ length: 1000 }, (_, nth) =>
		nth === 0 ? watch : watching(`account ${nth}`, models(null)).watch,
	);
	for (const watchAgain of accounts) watchAgain();
	watch();
	expect(sent).toHaveLength(1);
	watching('account 1000', models(null)).watch();
	watch();
	expect(sent).toHaveLength(2);
});
