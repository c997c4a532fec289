import { setTimeout as sleep } from 'node:timers/promises';
import { call, closeMocks, create, detect, startMock } from './helpers.mts';

afterEach(closeMocks);

describe('a delayed response', () => {
	it('comes after the service has done its work', async () => {
		const mock = await startMock({ answerDelayMs: { create: 60_000 } });
		expect((await detect(mock, mock.portraitUrl('ada.png'))).status).toBe(200);
		const answer = create(mock).catch((error: unknown) => String(error));
		while (mock.tasks().length === 0) await sleep(5);
		const entry = mock.ledger().find(({ operation }) => operation === 'create');
		expect(entry).toMatchObject({ status: null, createdTaskId: mock.tasks()[0]?.id });
		await mock.close();
		expect(await answer).toMatch(/fetch failed/);
	});

	it('is ordered over HTTP, for all operations or for some', async () => {
		const mock = await startMock();
		const order = (value: unknown) =>
			fetch(`${mock.url}/__control/answer-delay`, {
				method: 'POST',
				body: JSON.stringify({ value }),
			});
		expect((await order({ query: 40 })).status).toBe(200);
		const before = performance.now();
		await call(mock, '/api/v1/tasks/some');
		expect(performance.now() - before).toBeGreaterThan(30);
		expect((await order(0)).status).toBe(200);
		expect((await order({ nothing: 1 })).status).toBe(400);
		expect((await order(-1)).status).toBe(400);
	});
});
