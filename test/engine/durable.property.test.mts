/**
 * A batch with Survive Restarts under any crashes, any responses to its submits, and other users of the account. Rules:
 * no video is submitted again after DashScope accepted it. Every accepted task comes out: in an item, in an error, among
 * an error's candidates, or in the log that the items name if n8n has lost every layer. The batch ends.
 */
import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { makeTasks } from './account.mts';
import { isCreate, PORTRAITS, survive } from './durableWait.mts';
import { readLog } from './harness.mts';
import { sampleOf } from '../properties.mts';
import { useN8n } from './server/n8nServer.mts';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox({ taskSeconds: 60, rateLimits: { enforce: true } });
const n8n = useN8n(sandbox);

const OTHERS = 'mengwa_kaixin';
/** None is the one that others use. */
const TEMPLATES = ['jingdian_lei', 'dagong_wunai', 'mengwa_kun_1'];

interface Scenario {
	videos: number;
	queueAhead: number;
	/** n8n dies at its nth effect after each start. */
	deaths: number[];
	/** How long n8n stays down, in minutes. */
	awayMinutes: number;
	/** The fault of the nth submit. */
	creates: Array<'lostAnswer' | 'reset' | 'refused' | 'throttled' | undefined>;
	/** Another user creates a task while n8n is down. */
	hasOthers: boolean;
	continues: boolean;
}

const FAULTS = {
	lostAnswer: { kind: 'lostAnswer' },
	reset: { kind: 'reset' },
	refused: {
		kind: 'status',
		status: 400,
		body: { code: 'InvalidParameter', message: 'no', request_id: 'r' },
	},
	throttled: { kind: 'status', status: 429 },
} as const;

const scenarios: fc.Arbitrary<Scenario> = fc.record({
	videos: fc.integer({ min: 1, max: 4 }),
	queueAhead: fc.constantFrom(0, 1, 2),
	deaths: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }),
	awayMinutes: fc.constantFrom(0, 1, 10, 120),
	creates: fc.array(
		fc.option(fc.constantFrom<keyof typeof FAULTS>('lostAnswer', 'reset', 'refused', 'throttled'), {
			nil: undefined,
			freq: 2,
		}),
		{ maxLength: 4 },
	),
	hasOthers: fc.boolean(),
	continues: fc.boolean(),
});

const statusOf = (id: string) => n8n.executions().find((row) => row.id === id)?.status ?? 'unknown';
const hasEnded = (id: string) => !['running', 'waiting', 'new'].includes(statusOf(id));

function addFaults(creates: Scenario['creates']) {
	creates.forEach((kind, after) => {
		if (!kind) return;
		sandbox.double.faults.add({
			match: { method: 'POST', path: '/video-synthesis', after },
			times: 1,
			fault: FAULTS[kind],
		});
	});
}

/** The video of an accepted submit. */
function acceptedVideos() {
	return sandbox.double
		.ledger()
		.filter(({ operation, createdTaskId }) => operation === 'create' && createdTaskId)
		.map(({ body }) => {
			const { input } = body as { input: { image_url: string; driven_id: string } };
			return `${input.image_url} ${input.driven_id}`;
		})
		.filter((video) => !video.endsWith(` ${OTHERS}`));
}

async function play(scenario: Scenario): Promise<void> {
	const log = readLog();
	/** Tasks whose response n8n did not get. */
	const unheard = new Set<string | undefined>();
	addFaults(scenario.creates);
	const items: IDataObject[] = Array.from({ length: scenario.videos }, (_, number) => ({
		number,
		url: sandbox.double.portraitUrl(PORTRAITS[number % PORTRAITS.length] ?? ''),
		template: TEMPLATES[Math.floor(number / PORTRAITS.length)],
	}));
	const { queueAhead, continues } = scenario;
	const parameters = survive({
		templates: '={{ [$json.template] }}',
		limitOptions: { queueAhead },
	});
	const id = await n8n.run({
		items,
		parameters,
		settings: continues ? { onError: 'continueErrorOutput' } : {},
	});
	for (const death of scenario.deaths) {
		let count = 0;
		let isDead = false;
		n8n.dieAt((moment) => {
			isDead ||= ++count === death;
			if (isDead && isCreate(moment)) unheard.add(sandbox.double.tasks().at(-1)?.id);
			return isDead;
		});
		await sandbox.time.until(() => isDead || hasEnded(id), 30 * 24 * 3_600_000);
		if (!isDead) break;
		// The account's own limit of one a second.
		await sandbox.time.advance(2_000);
		// The other user's request may get a fault that was meant for ours.
		if (scenario.hasOthers) await makeTasks(sandbox.double, 1).catch(() => undefined);
		await sandbox.time.advance(scenario.awayMinutes * 60_000);
		n8n.start();
	}
	n8n.dieAt(() => false);
	await sandbox.time.until(() => hasEnded(id), 30 * 24 * 3_600_000);
	await sandbox.time.settle();

	const videos = acceptedVideos();
	expect(videos).toEqual([...new Set(videos)]);
	const found = n8n.execution(id);
	const told =
		JSON.stringify([found.items, found.errorItems, found.error]) + (found.error?.description ?? '');
	const isInLog = found.items.some(({ json }) => json['status'] === 'UNKNOWN');
	const ours = sandbox.double.tasks().filter(({ drivenId }) => drivenId !== OTHERS);
	const unanswered = sandbox.double.ledger().filter(({ status }) => status === null);
	for (const { id: task } of ours) {
		// n8n did not get this task's ID, so the error says where to look.
		const isUnheard =
			unheard.has(task) || unanswered.some(({ createdTaskId }) => createdTaskId === task);
		if (isUnheard && (isInLog || told.includes('its answer was lost'))) continue;
		expect(isInLog ? told + log() : told).toContain(task);
	}
}

/** The scenarios, each with an n8n of its own. */
const SCENARIOS = sampleOf(scenarios, 40);

describe('no video is paid for twice, and no task is lost', () => {
	it.each(SCENARIOS.map((scenario) => [JSON.stringify(scenario), scenario] as const))(
		'%s',
		async (_, scenario) => {
			await play(scenario);
		},
	);
});
