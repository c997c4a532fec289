/**
 * Everything that can start a workflow, and everything that can happen while it waits. The rule: an act says
 * how it differs from the others; the test says what must come of it.
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
	begin,
	breakCredential,
	failSecond,
	inspectParked,
	loggedIn,
	startByWebhook,
	stopCreated,
	type Act,
} from './scenes.mts';

/** The node under test, in every workflow here. */
export const NODE = 'Emoji Video';

const SURVIVE = { options: { surviveRestarts: true } };
const TWO = ['ada.png', 'ben.jpg'];
const THREE = [...TWO, 'kim.png'];

/** No task ends before the test has done something to its execution. */
const LONG = { service: { taskSeconds: 600 } };

const portraits =
	(files: string[], parameters: Record<string, unknown>): Act['workflow'] =>
	(mock, credential) =>
		batch('Batch', portraitsOf(mock, ...files), emojiVideo(credential, parameters));

const failing = (parameters: Record<string, unknown>): Act => ({
	service: { concurrency: 0 },
	workflow: (mock, credential) =>
		batchWithErrorOutput(
			'Failing',
			portraitsOf(mock, ...THREE),
			emojiVideo(credential, parameters),
		),
});

async function calledWorkflow(mock: DashScopeMock, credential: Credential) {
	const api = await loggedIn;
	const called = await api.importWorkflow(
		workflow('Surviving: called', [
			FROM_WORKFLOW,
			emojiVideo(credential, SURVIVE),
			step('Done', 'noOp', 1),
		]),
	);
	await api.activate(called);
	return workflow('Caller', [
		MANUAL,
		...listOf(portraitsOf(mock, ...TWO)),
		step('Call', 'executeWorkflow', 1.2, {
			workflowId: { __rl: true, mode: 'id', value: called.id },
			workflowInputs: { mappingMode: 'defineBelow', value: {} },
			options: {},
		}),
		numbered('After'),
	]);
}

const loop = (mock: DashScopeMock, credential: Credential) =>
	workflow(
		'Loop',
		[
			MANUAL,
			...listOf(portraitsOf(mock, ...TWO)),
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

const waitForExisting = (mock: DashScopeMock, credential: Credential) =>
	workflow('Wait', [
		MANUAL,
		...listOf(portraitsOf(mock, ...THREE)),
		{ ...emojiVideo(credential, { operation: 'create' }), name: 'Create' },
		emojiVideo(credential, { operation: 'wait', taskId: '={{ $json.taskId }}', ...SURVIVE }),
		numbered('After'),
	]);

/** Starts everything at once. Each act waits for about 70 s of n8n's clock before it creates, and again afterwards. */
export async function beginAll() {
	const manual = await begin('manual', { workflow: portraits(THREE, SURVIVE) });
	const parked = await inspectParked(manual, NODE);
	const scenes = {
		manual,
		// The longest of the others begins first: it waits twice.
		loop: await begin('loop', { workflow: loop }),
		inMemory: await begin('in memory', { workflow: portraits(THREE, {}) }),
		stop: await begin('stop', { ...failing({}), workflow: portraits(THREE, SURVIVE) }),
		errorOutput: await begin('error output', failing(SURVIVE)),
		errorOutputInMemory: await begin('error output, in memory', failing({})),
		webhook: await begin('webhook', {
			workflow: (mock, credential) =>
				batch(
					'Webhook',
					portraitsOf(mock, ...TWO),
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
			workflow: (mock, credential) =>
				workflow('One portrait', [
					MANUAL,
					...listOf(portraitsOf(mock, 'ada.png')),
					emojiVideo(credential, {
						templates: ['mengwa_kaixin', 'jingdian_lei'],
						...SURVIVE,
					}),
				]),
		}),
	};
	const stopped = begin('stopped', {
		...LONG,
		workflow: portraits(THREE, SURVIVE),
	}).then(async (scene) => await stopCreated(scene, NODE, THREE.length));
	// The test that awaits it reports the failure.
	void stopped.catch(() => undefined);
	const broken = {
		stop: await begin('broken credential', { ...LONG, workflow: portraits(TWO, SURVIVE) }),
		errorOutput: await begin('broken credential, error output', {
			...failing(SURVIVE),
			...LONG,
		}),
	};
	const failed = {
		errorOutputInMemory: await failSecond(scenes.errorOutputInMemory),
		stop: await failSecond(scenes.stop),
		errorOutput: await failSecond(scenes.errorOutput),
	};
	await Promise.all([
		breakCredential(broken.stop, NODE, TWO.length),
		breakCredential(broken.errorOutput, NODE, THREE.length),
	]);
	return { ...scenes, ...parked, broken, failed, stopped };
}
