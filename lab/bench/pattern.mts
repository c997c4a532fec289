/**
 * n8n's own pattern, as its "Qwen Cloud" node has it (n8n-nodes-langchain, AlibabaCloud/transport):
 * item after item, submit, ask at once and then every 15 s, 60 times at most. That node knows no face
 * detection; here each item is detected first, as emoji-v1 needs it.
 */
import type { Job } from '../../nodes/EmojiVideo/batch/plan';
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { createClient } from '../../nodes/EmojiVideo/dashscope/client';
import type { Send } from '../../nodes/EmojiVideo/dashscope/transport';

const POLL_INTERVAL_MS = 15_000;
const MOST_POLLS = 60;
const TERMINAL: readonly string[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'UNKNOWN'];

/** @param onKnown hears of each task whose end is known */
export async function runAsPattern(
	jobs: Job[],
	send: Send,
	clock: Clock,
	onKnown: (taskId: string) => void,
): Promise<void> {
	const client = createClient(send, async () => Promise.resolve(), clock);
	for (const { portrait, templateId } of jobs) {
		const imageUrl = portrait.id;
		const detected = await client.detectFace(imageUrl);
		if (!detected.ok || !detected.value.value.passed) throw new Error('The detection failed.');
		const { areas } = detected.value.value;
		const created = await client.submitTask({ imageUrl, templateId, areas });
		if (!created.ok) throw new Error(created.failure.message);
		const { taskId } = created.value.value;
		for (let poll = 0; poll < MOST_POLLS; poll++) {
			const task = await client.getTask(taskId, 'once');
			if (!task.ok) throw new Error(task.failure.message);
			if (TERMINAL.includes(task.value.value.status)) break;
			await clock.sleep(POLL_INTERVAL_MS);
		}
		onKnown(taskId);
	}
}
