import { setTimeout as sleep } from 'node:timers/promises';
import { call, closeDoubles, create, detect, startDouble } from './helpers.mts';

afterEach(closeDoubles);

describe('an answer held back', () => {
	it('comes when the service has done its work', async () => {
		const double = await startDouble({ answerDelayMs: { create: 60_000 } });
		expect((await detect(double, double.portraitUrl('ada.png'))).status).toBe(200);
		const answer = create(double).catch((error: unknown) => String(error));
		while (double.tasks().length === 0) await sleep(5);
		const entry = double.ledger().find(({ operation }) => operation === 'create');
		expect(entry).toMatchObject({ status: null, createdTaskId: double.tasks()[0]?.id });
		await double.close();
		expect(await answer).toMatch(/fetch failed/);
	});

	it('is ordered over HTTP, for all or for some', async () => {
		const double = await startDouble();
		const order = (value: unknown) =>
			fetch(`${double.url}/__control/answer-delay`, {
				method: 'POST',
				body: JSON.stringify({ value }),
			});
		expect((await order({ query: 40 })).status).toBe(200);
		const before = performance.now();
		await call(double, '/api/v1/tasks/some');
		expect(performance.now() - before).toBeGreaterThan(30);
		expect((await order(0)).status).toBe(200);
		expect((await order({ nothing: 1 })).status).toBe(400);
		expect((await order(-1)).status).toBe(400);
	});
});
