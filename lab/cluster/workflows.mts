/**
 * The workflows of the rows. The rule: each portrait of each run has a URL of its own, so that the mock's ledger
 * says for which execution, item and template a task was created.
 */
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Credential, N8nApi, Workflow } from '../../sandbox/n8n/api.mts';
import { batch, emojiVideo, portraitsOf, step, webhook, workflow } from '../stage/workflows.mts';

const FILES = ['ada.png', 'ben.jpg', 'kim.png', 'ada.png'];

export const KINDS = ['memory', 'parked', 'single', 'progress', 'create'] as const;
export type Kind = (typeof KINDS)[number];

/** Videos that an execution of a kind is to make. */
export const videosOf = (kind: Kind) => (kind === 'single' ? 1 : FILES.length);

const OPTIONS = { timeout: 120, queueTimeout: 900 };

function workflowOf(kind: Kind, mock: DashScopeMock, credential: Credential) {
	const video = emojiVideo(credential, {
		operation: kind === 'create' ? 'create' : 'createAndWait',
		imageUrl:
			"={{ $json.imageUrl }}?run={{ $('Webhook').first().json.body.run }}&n={{ $json.number }}",
		...(kind !== 'create' && { options: { ...OPTIONS, surviveRestarts: kind === 'parked' } }),
	});
	const files = FILES.slice(0, videosOf(kind));
	const made = batch(`Cluster: ${kind}`, portraitsOf(mock, ...files), video, webhook(kind));
	return {
		...made,
		settings: { ...made.settings, ...(kind === 'progress' && { saveExecutionProgress: true }) },
	};
}

export type Workflows = Record<Kind, Workflow>;

export async function saveWorkflows(
	api: N8nApi,
	mock: DashScopeMock,
	credential: Credential,
): Promise<Workflows> {
	const saved: Partial<Workflows> = {};
	for (const kind of KINDS) {
		saved[kind] = await api.importWorkflow(workflowOf(kind, mock, credential));
		await api.activate(saved[kind]);
	}
	return saved as Workflows;
}

/** Emoji Video Trigger, looking once a minute. */
export const listens = (credential: Credential) =>
	workflow('Cluster: listens', [
		{
			name: 'Trigger',
			type: 'n8n-nodes-emoji-video.emojiVideoTrigger',
			typeVersion: 1,
			parameters: { pollTimes: { item: [{ mode: 'everyMinute' }] } },
			credentials: { [credential.type]: { id: credential.id, name: credential.name } },
		},
		step('Told', 'noOp', 1),
	]);
