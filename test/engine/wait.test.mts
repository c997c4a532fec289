import { FAST_RATES, useSandbox } from './sandbox.mts';

const sandbox = useSandbox();
const wait = { resource: 'video', operation: 'wait', options: { pollInterval: 1 } };

const create = async (templates: string[]) => {
	const { outputs } = await sandbox.run({
		parameters: {
			resource: 'video',
			operation: 'create',
			imageUrl: sandbox.double.portraitUrl('ada.png'),
			templates,
			limitOptions: FAST_RATES,
		},
	});
	return outputs[0]?.map(({ json }) => json) ?? [];
};

test('items of Create fit as they are: each becomes its video, with template and portrait', async () => {
	const created = await create(['mengwa_kaixin', 'jingdian_lei', 'dagong_wunai']);
	const { outputs } = await sandbox.run({
		items: created,
		parameters: { ...wait, taskId: '={{ $json.taskId }}' },
	});
	expect(
		outputs[0]?.map(({ json }) => [json['taskId'], json['templateId'], json['imageUrl']]),
	).toEqual(created.map((json) => [json['taskId'], json['templateId'], json['imageUrl']]));
	expect(outputs[0]?.map(({ binary }) => binary?.['data']?.fileName)).toEqual(
		created.map(({ templateId, taskId }) => `ada-${templateId as string}-${taskId as string}.mp4`),
	);
	expect(outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual([
		{ item: 0 },
		{ item: 1 },
		{ item: 2 },
	]);
	expect(sandbox.double.counts().createsAccepted).toBe(3);
});

test('one item may name several tasks; all are asked at once, each distinct one once', async () => {
	const created = await create(['mengwa_kaixin', 'jingdian_lei', 'dagong_wunai']);
	sandbox.double.advanceClock(60_000);
	const ids = created.map(({ taskId }) => taskId as string);
	const startedAt = Date.now();
	const { outputs } = await sandbox.run({
		items: [{ ids: `${ids.join('\n')}\n\n` }, { ids: ids[0] }],
		parameters: { ...wait, taskId: '={{ $json.ids }}', downloadVideo: false },
	});
	expect(Date.now() - startedAt).toBeLessThan(1000);
	expect(
		outputs[0]?.map(({ json, pairedItem }) => [json['taskId'], json['status'], pairedItem]),
	).toEqual([
		...ids.map((id) => [id, 'SUCCEEDED', { item: 0 }]),
		[ids[0], 'SUCCEEDED', { item: 1 }],
	]);
	expect(sandbox.operations().filter((operation) => operation === 'query')).toHaveLength(3);
});

test('Return the Task: what is not finished in time is an item with its task ID and status', async () => {
	sandbox.double.setTaskSeconds(30);
	const created = await create(['mengwa_kaixin', 'jingdian_lei']);
	const { outputs, error } = await sandbox.run({
		items: created,
		parameters: {
			...wait,
			taskId: '={{ $json.taskId }}',
			options: { pollInterval: 1, timeout: 1, queueTimeout: 2, onTimeLimit: 'returnTask' },
		},
	});
	sandbox.double.setTaskSeconds(0.05);
	expect(error).toBeUndefined();
	expect(outputs[0]?.map(({ json }) => [json['taskId'], json['status']])).toEqual([
		[created[0]?.['taskId'], 'RUNNING'],
		[created[1]?.['taskId'], 'PENDING'],
	]);
});

test('an unknown task among good ones fails alone', async () => {
	const [created] = await create(['mengwa_kaixin']);
	const { outputs } = await sandbox.run({
		items: [{ taskId: 'no-such-task' }, { ...created }],
		parameters: { ...wait, taskId: '={{ $json.taskId }}' },
		settings: { onError: 'continueErrorOutput' },
	});
	expect(outputs[0]?.map(({ json }) => json['status'])).toEqual(['SUCCEEDED']);
	expect(outputs[1]?.[0]?.json['error']).toMatchObject({
		taskId: 'no-such-task',
		status: 'UNKNOWN',
	});
});
