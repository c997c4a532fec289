/**
 * Everything that can start a workflow, and what can happen while it waits. The rule: what differs from
 * act to act is in its own lines here; what is expected of it stands in the test.
 */
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Credential } from '../../sandbox/n8n/api.mts';
import {
	batch,
	batchWithErrorOutput,
	emojiVideo,
	FROM_WORKFLOW,
	inARow,
	listOf,
	MANUAL,
	numbered,
	portraitsOf,
	step,
	webhook,
	workflow,
} from '../../lab/stage/workflows.mts';
import {
	api,
	begin,
	breakCredential,
	failSecond,
	lookAtParked,
	startByWebhook,
	stopCreated,
	type Act,
} from './stage.mts';

/** The node under test, in every workflow here. */
export const NODE = 'Emoji Video';

const SURVIVE = { options: { surviveRestarts: true } };
const TWO = ['ada.png', 'ben.jpg'];
const THREE = [...TWO, 'kim.png'];

const portraits =
	(files: string[], parameters: Record<string, unknown>): Act['workflow'] =>
	(double, credential) =>
		batch('Batch', portraitsOf(double, ...files), emojiVideo(credential, parameters));

const failing = (parameters: Record<string, unknown>): Act => ({
	service: { concurrency: 0 },
	workflow: (double, credential) =>
		batchWithErrorOutput(
			'Failing',
			portraitsOf(double, ...THREE),
			emojiVideo(credential, parameters),
		),
});

async function calledWorkflow(double: DashScopeMock, credential: Credential) {
	const n8n = await api;
	const called = await n8n.importWorkflow(
		workflow('Surviving: called', [
			FROM_WORKFLOW,
			emojiVideo(credential, SURVIVE),
			step('Done', 'noOp', 1),
		]),
	);
	await n8n.activate(called);
	return workflow('Caller', [
		MANUAL,
		...listOf(portraitsOf(double, ...TWO)),
		step('Call', 'executeWorkflow', 1.2, {
			workflowId: { __rl: true, mode: 'id', value: called.id },
			workflowInputs: { mappingMode: 'defineBelow', value: {} },
			options: {},
		}),
		numbered('After'),
	]);
}

const loop = (double: DashScopeMock, credential: Credential) =>
	workflow(
		'Loop',
		[
			MANUAL,
			...listOf(portraitsOf(double, ...TWO)),
			step('Loop', 'splitInBatches', 3, { options: {} }),
			emojiVideo(credential, SURVIVE),
			numbered('After'),
		],
		{
			...inARow([MANUAL.name, 'List', 'Portraits', 'Loop']),
			Loop: [['After'], [NODE]],
			[NODE]: [['Loop']],
		},
	);

const waitForExisting = (double: DashScopeMock, credential: Credential) =>
	workflow('Wait', [
		MANUAL,
		...listOf(portraitsOf(double, ...THREE)),
		{ ...emojiVideo(credential, { operation: 'create' }), name: 'Create' },
		emojiVideo(credential, { operation: 'wait', taskId: '={{ $json.taskId }}', ...SURVIVE }),
		numbered('After'),
	]);

/** Starts everything at once: each waits for 70 s at least before it creates, and once more. */
export async function beginAll() {
	const scenes = {
		// The longest first: it waits twice.
		loop: await begin('loop', { workflow: loop }),
		manual: await begin('manual', { workflow: portraits(THREE, SURVIVE) }),
		inMemory: await begin('in memory', { workflow: portraits(THREE, {}) }),
		stop: await begin('stop', { ...failing({}), workflow: portraits(THREE, SURVIVE) }),
		errorOutput: await begin('error output', failing(SURVIVE)),
		errorOutputInMemory: await begin('error output, in memory', failing({})),
		webhook: await begin('webhook', {
			workflow: (double, credential) =>
				batch(
					'Webhook',
					portraitsOf(double, ...TWO),
					emojiVideo(credential, SURVIVE),
					webhook('portraits'),
				),
			start: startByWebhook('portraits'),
		}),
		subWorkflow: await begin('sub-workflow', { workflow: calledWorkflow }),
		wait: await begin('wait', { workflow: waitForExisting }),
		refused: await begin('rejected', { workflow: portraits(['ada.png', 'tilted.png'], SURVIVE) }),
		outOfTime: await begin('out of time', {
			service: { taskSeconds: [2, 600] },
			workflow: portraits(TWO, {
				options: { surviveRestarts: true, timeout: 20, onTimeLimit: 'returnTask' },
			}),
		}),
		severalTemplates: await begin('several templates', {
			workflow: portraits(TWO, { templates: ['mengwa_kaixin', 'jingdian_lei'], ...SURVIVE }),
		}),
		onePortrait: await begin('one portrait', {
			workflow: (double, credential) =>
				workflow('One portrait', [
					MANUAL,
					...listOf(portraitsOf(double, 'ada.png')),
					emojiVideo(credential, {
						templates: ['mengwa_kaixin', 'jingdian_lei'],
						...SURVIVE,
					}),
				]),
		}),
	};
	const parked = await lookAtParked(scenes.manual, NODE);
	const stopped = begin('stopped', {
		service: { taskSeconds: 600 },
		workflow: portraits(THREE, SURVIVE),
	}).then(async (scene) => await stopCreated(scene, NODE, THREE.length));
	// The test that asks for it hears of it.
	void stopped.catch(() => undefined);
	const broken = {
		stop: await begin('broken credential', { workflow: portraits(TWO, SURVIVE) }),
		errorOutput: await begin('broken credential, error output', {
			...failing(SURVIVE),
			service: {},
		}),
	};
	const failed = {
		errorOutputInMemory: await failSecond(scenes.errorOutputInMemory),
		stop: await failSecond(scenes.stop),
		errorOutput: await failSecond(scenes.errorOutput),
	};
	await breakCredential(broken.stop, TWO.length);
	await breakCredential(broken.errorOutput, THREE.length);
	return { ...scenes, ...parked, broken, failed, stopped };
}
