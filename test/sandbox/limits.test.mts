import { call, closeDoubles, create, detect, startDouble, type Reply } from './helpers.mts';
import { maxInOneSecond } from '../../sandbox/dashscope/ledger.mts';
import type { DashScopeDouble } from '../../sandbox/dashscope/index.mts';

afterEach(closeDoubles);

const tooMany = {
	status: 429,
	body: {
		code: 'Throttling.RateQuota',
		message: 'Requests rate limit exceeded, please try again later.',
	},
};

const enforced = { rateLimits: { enforce: true } };

it.each<[string, (double: DashScopeDouble) => Promise<Reply>]>([
	['detection', (double) => detect(double, double.portraitUrl('ada.png'))],
	['creation', (double) => create(double)],
])('lets one %s through each second', async (_name, ask) => {
	const double = await startDouble(enforced);
	expect((await ask(double)).status).toBe(200);
	double.advanceClock(999);
	expect(await ask(double)).toMatchObject(tooMany);
	double.advanceClock(1);
	expect((await ask(double)).status).toBe(200);
	const { throttled, createsAccepted, detectsBilled } = double.counts();
	expect({ throttled, accepted: createsAccepted + detectsBilled }).toEqual({
		throttled: 1,
		accepted: 2,
	});
});

it('limits detection and creation apart from each other', async () => {
	const double = await startDouble(enforced);
	expect((await detect(double, double.portraitUrl('ada.png'))).status).toBe(200);
	expect((await create(double)).status).toBe(200);
});

it('counts queries, lists and cancels together: 20 each second', async () => {
	const double = await startDouble(enforced);
	const asks = [
		() => call(double, '/api/v1/tasks/x'),
		() => call(double, '/api/v1/tasks/'),
		() => call(double, '/api/v1/tasks/x/cancel', { method: 'POST' }),
	];
	const statuses: number[] = [];
	for (let index = 0; index < 21; index += 1) {
		const ask = asks[index % 3] ?? asks[0];
		statuses.push((await ask?.())?.status ?? 0);
		double.advanceClock(10);
	}
	expect(statuses.slice(0, 20)).not.toContain(429);
	expect(statuses[20]).toBe(429);
	double.advanceClock(790);
	expect((await call(double, '/api/v1/tasks/x')).status).toBe(200);
	expect((await call(double, '/api/v1/tasks/x')).status).toBe(429);
	expect(double.counts()).toMatchObject({ queries: 23, throttled: 2 });
	expect(double.counts().maxInOneSecond.queries).toBe(22);
});

it('adds the keys of one account together, and keeps accounts apart', async () => {
	const accounts = [
		{ id: 'one', keys: ['sk-one', 'sk-one-too'] },
		{ id: 'two', keys: ['sk-two'] },
	];
	const double = await startDouble({ ...enforced, accounts });
	expect((await create({ ...double, apiKey: 'sk-one' })).status).toBe(200);
	expect((await create({ ...double, apiKey: 'sk-one-too' })).status).toBe(429);
	expect((await create({ ...double, apiKey: 'sk-two' })).status).toBe(200);
});

it('takes other limits', async () => {
	const double = await startDouble({ rateLimits: { createPerSecond: 2 } });
	expect((await create(double)).status).toBe(200);
	expect((await create(double)).status).toBe(200);
	expect((await create(double)).status).toBe(429);
});

it('limits upload policies by account and model', async () => {
	const double = await startDouble({ rateLimits: { policiesPerSecond: 1 } });
	const ask = (model: string) => call(double, `/api/v1/uploads?action=getPolicy&model=${model}`);
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
])('finds the busiest second of %j', (timesMs, most) => {
	expect(maxInOneSecond(timesMs)).toBe(most);
});
