/**
 * An option that does not exist yet: its field is added to the schema and nowhere else. It reaches the checks of a
 * durable wait through both stored forms.
 */
import type { INodeExecutionData } from 'n8n-workflow';
import { z } from 'zod';
import { pollSettingsSchema } from '../../../../nodes/EmojiVideo/batch/pollSchedule';
import { openPaidTasks } from '../../../../nodes/EmojiVideo/batch/paidTasks';
import { startDurableWait } from '../../../../nodes/EmojiVideo/durable/layers/start';
import { WAIT_STATE_KEY } from '../../../../nodes/EmojiVideo/durable/n8n/workflows';
import { checkRequestSchema } from '../../../../nodes/EmojiVideo/durable/plan/checkMessages';
import { commonSchema } from '../../../../nodes/EmojiVideo/durable/plan/packing';
import { planRound } from '../../../../nodes/EmojiVideo/durable/plan/rounds';
import { entrySchema, waitStateSchema } from '../../../../nodes/EmojiVideo/durable/plan/state';
import type { ExecutionContext } from '../../../../nodes/EmojiVideo/execution/context';
import { deliverySchema } from '../../../../nodes/EmojiVideo/wait/deliver';
import { defaults, START_MS } from '../../support/simulatedAccount.mts';
import { createVirtualClock } from '../../support/virtualClock.mts';
import { AREAS, layerWith } from '../parts.mts';
import { createStop } from '../../../../nodes/EmojiVideo/base/stop';

/** As n8n's database returns it. */
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The state that a wait with these options stores for its guard. */
async function startWith(delivery: object, settings: object) {
	const n8n = layerWith({
		more: { getInputData: () => [{ json: {} }], addExecutionHints: () => undefined },
	});
	const context = {
		functions: n8n.functions,
		clock: createVirtualClock(START_MS),
		paidTasks: openPaidTasks({}),
		...createStop(),
		rates: {},
		stopsAtFirstFailure: false,
	} as unknown as ExecutionContext;
	const job = { itemIndex: 0, key: 'key', templateId: 'mengwa_kaixin' };
	const waiting = startDurableWait({
		context,
		options: {
			...defaults,
			...settings,
			returnsUnfinished: false,
			cancelsOnStop: false,
			survivesRestarts: true,
		},
		videos: [job],
		deliveries: new Map([[0, { simplify: true, ...delivery }]]),
		refused: [],
	});
	waiting.handOver({ job, address: 'oss://0.png', areas: AREAS });
	await waiting.finish();
	const [item] = n8n.started[0]?.sent as INodeExecutionData[];
	return stored(item?.json[WAIT_STATE_KEY]);
}

it('a new field of the delivery or of the poll settings reaches the check, with no other change', async () => {
	Object.assign(deliverySchema.shape, { newOption: z.string().optional() });
	Object.assign(pollSettingsSchema.shape, { newSettingMs: z.number().optional() });
	const raw = await startWith({ newOption: 'kept' }, { newSettingMs: 7, noSetting: 8 });
	expect(raw).toMatchObject({ schedule: { settings: { newSettingMs: 7 } } });
	expect(JSON.stringify(raw)).not.toMatch(/noSetting|survivesRestarts/);
	const state = waitStateSchema.parse(raw);
	const plan = planRound(state, START_MS);
	expect(plan.kind).toBe('check');
	const request = checkRequestSchema.parse(stored('request' in plan ? plan.request : {}));
	expect(request.entries[0]).toMatchObject({ newOption: 'kept', simplify: true });
	expect(request.schedule.settings).toEqual({ ...defaults, newSettingMs: 7 });
});

it('an entry and its shared part have every field of a delivery', () => {
	const names = Object.keys(deliverySchema.shape);
	expect(Object.keys(commonSchema.shape)).toEqual(expect.arrayContaining(names));
	expect(Object.keys(entrySchema.shape)).toEqual(expect.arrayContaining(names));
});
