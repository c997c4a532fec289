/**
 * A 429 is about the account, not about one request. All jobs share what one of them learned, so an account
 * that stays throttled ends a batch after ten minutes in all.
 */
import {
	accountIdOf,
	DOCUMENTED_RATES,
	rateLimiterOf,
} from '../../../nodes/EmojiVideo/account/rateLimiter';
import { succeed } from '../../../nodes/EmojiVideo/base/result';
import { createClient } from '../../../nodes/EmojiVideo/dashscope/client';
import type { Send } from '../../../nodes/EmojiVideo/dashscope/transport';
import { createRandom } from '../../../lab/stage/random.mts';
import { createVirtualClock } from '../support/virtualClock.mts';

const MINUTE_MS = 60_000;

let accounts = 0;

beforeEach(() => void jest.spyOn(Math, 'random').mockImplementation(createRandom(1)));
afterEach(() => jest.restoreAllMocks());

/** An account that throttles requests while `isThrottled` says so, and counts all requests. */
function accountWith(isThrottled: (elapsedMs: number) => boolean) {
	const clock = createVirtualClock();
	const startAt = clock.now();
	const elapsedMs = () => clock.now() - startAt;
	let requests = 0;
	const send: Send = async () => {
		requests++;
		const throttled = isThrottled(elapsedMs());
		const body = throttled
			? { code: 'NewLimit', message: 'A limit without a known code.' }
			: { output: { task_id: `t${requests}`, task_status: 'PENDING' }, request_id: 'r' };
		return await Promise.resolve(
			succeed({ httpStatus: throttled ? 429 : 200, headers: {}, text: JSON.stringify(body) }),
		);
	};
	const id = accountIdOf(`sk-throttled-${accounts++}`, 'https://dashscope.aliyuncs.com');
	const newClient = () => createClient(send, rateLimiterOf(id, DOCUMENTED_RATES, clock), clock);
	const submit = async (client = newClient()) =>
		await clock.until(
			client.submitTask({
				imageUrl: 'https://example.com/a.png',
				templateId: 'mengwa_kaixin',
				areas: { face: [1, 1, 9, 9], expression: [0, 0, 10, 10] },
			}),
		);
	return { clock, elapsedMs, requests: () => requests, submit };
}

describe('an account that stays throttled', () => {
	it('fails a single request after ten minutes', async () => {
		const { elapsedMs, submit } = accountWith(() => true);
		expect(await submit()).toMatchObject({ ok: false, failure: { kind: 'throttled' } });
		expect(elapsedMs()).toBeGreaterThan(8 * MINUTE_MS);
		expect(elapsedMs()).toBeLessThan(10.5 * MINUTE_MS);
	});

	it('fails 36 jobs within 14 minutes, each later one after one or two requests', async () => {
		const { elapsedMs, requests, submit } = accountWith(() => true);
		await submit();
		const before = requests();
		for (let job = 1; job < 36; job++) {
			expect(await submit()).toMatchObject({ ok: false, failure: { kind: 'throttled' } });
		}
		expect(requests() - before).toBeLessThan(35 + 10);
		expect(elapsedMs()).toBeLessThan(14 * MINUTE_MS);
	});

	it('is retried for ten minutes again after an accepted request', async () => {
		const { elapsedMs, submit } = accountWith((ms) => ms < 5 * MINUTE_MS || ms > 7 * MINUTE_MS);
		expect(await submit()).toMatchObject({ ok: true });
		const acceptedAt = elapsedMs();
		while ((await submit()).ok);
		expect(elapsedMs() - acceptedAt).toBeGreaterThan(8 * MINUTE_MS);
	});

	it('is retried for ten minutes again after a quarter of an hour without requests', async () => {
		const { clock, elapsedMs, submit } = accountWith(() => true);
		await submit();
		await clock.until(clock.sleep(15 * MINUTE_MS));
		const startedAt = elapsedMs();
		await submit();
		expect(elapsedMs() - startedAt).toBeGreaterThan(8 * MINUTE_MS);
	});
});

it('an account that is throttled for five minutes loses no job', async () => {
	const { submit } = accountWith((ms) => ms < 5 * MINUTE_MS);
	for (let job = 0; job < 3; job++) expect(await submit()).toMatchObject({ ok: true });
});
