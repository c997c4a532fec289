import { call, closeMocks, create, detect, startMock, type Reply } from './helpers.mts';
import { maxInOneSecond } from '../../sandbox/dashscope/ledger.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';

afterEach(closeMocks);

const tooMany = {
	status: 429,
	body: {
		code: 'Throttling.RateQuota',
		message: 'Requests rate limit exceeded, please try again later.',
	},
};

const enforced = { rateLimits: { enforce: true } };

it.each<[string, (mock: DashScopeMock) => Promise<Reply>]>([
	['detection', (mock) => detect(mock, mock.portraitUrl('ada.png'))],
	['creation', (mock) => create(mock)],
])('the limit lets one %s through each second', async (_name, ask) => {
	const mock = await startMock(enforced);
	expect((await ask(mock)).status).toBe(200);
	mock.advanceClock(999);
	expect(await ask(mock)).toMatchObject(tooMany);
	mock.advanceClock(1);
	expect((await ask(mock)).status).toBe(200);
	const { throttled, createsAccepted, detectsBilled } = mock.counts();
	expect({ throttled, accepted: createsAccepted + detectsBilled }).toEqual({
		throttled: 1,
		accepted: 2,
	});
});

it('detection and creation have separate limits', async () => {
	const mock = await startMock(enforced);
	expect((await detect(mock, mock.portraitUrl('ada.png'))).status).toBe(200);
	expect((await create(mock)).status).toBe(200);
});

it('queries, lists and cancels share 20 requests per second', async () => {
	const mock = await startMock(enforced);
	const asks = [
		() => call(mock, '/api/v1/tasks/x'),
		() => call(mock, '/api/v1/tasks/'),
		() => call(mock, '/api/v1/tasks/x/cancel', { method: 'POST' }),
	];
	const statuses: number[] = [];
	for (let index = 0; index < 21; index += 1) {
		const ask = asks[index % 3] ?? asks[0];
		statuses.push((await ask?.())?.status ?? 0);
		mock.advanceClock(10);
	}
	expect(statuses.slice(0, 20)).not.toContain(429);
	expect(statuses[20]).toBe(429);
	mock.advanceClock(790);
	expect((await call(mock, '/api/v1/tasks/x')).status).toBe(200);
	expect((await call(mock, '/api/v1/tasks/x')).status).toBe(429);
	expect(mock.counts()).toMatchObject({ queries: 23, throttled: 2 });
	expect(mock.counts().maxInOneSecond.queries).toBe(22);
});

it('keys of one account share a limit, and accounts do not', async () => {
	const accounts = [
		{ id: 'one', keys: ['sk-one', 'sk-one-too'] },
		{ id: 'two', keys: ['sk-two'] },
	];
	const mock = await startMock({ ...enforced, accounts });
	expect((await create({ ...mock, apiKey: 'sk-one' })).status).toBe(200);
	expect((await create({ ...mock, apiKey: 'sk-one-too' })).status).toBe(429);
	expect((await create({ ...mock, apiKey: 'sk-two' })).status).toBe(200);
});

it('options set other limits', async () => {
	const mock = await startMock({ rateLimits: { createPerSecond: 2 } });
	expect((await create(mock)).status).toBe(200);
	expect((await create(mock)).status).toBe(200);
	expect((await create(mock)).status).toBe(429);
});

it('upload policies are limited by account and model', async () => {
	const mock = await startMock({ rateLimits: { policiesPerSecond: 1 } });
	const ask = (model: string) => call(mock, `/api/v1/uploads?action=getPolicy&model=${model}`);
	expect((await ask('emoji-v1')).status).toBe(200);
	expect(await ask('emoji-v1')).toMatchObject(tooMany);
	expect((await ask('emoji-detect-v1')).status).toBe(200);
});

it.each([
	[[], 0],
	[[5], 1],
	[[0, 999, 1000, 1999], 2],
	[[0, 0, 0, 1000, 1000], 3],
	[[0, 500, 900, 1400, 1450, 1499], 5],
])('maxInOneSecond finds the busiest second of %j', (timesMs, most) => {
	expect(maxInOneSecond(timesMs)).toBe(most);
});
