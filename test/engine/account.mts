/** Tasks made by hand on a double, so that no node paces them. */
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';

const body = (double: DashScopeMock) =>
	JSON.stringify({
		model: 'emoji-v1',
		input: {
			image_url: double.portraitUrl('ada.png'),
			driven_id: 'mengwa_kaixin',
			face_bbox: [192, 192, 448, 448],
			ext_bbox: [64, 64, 576, 576],
		},
	});

/**
 * Submits tasks one after the other.
 * @param everyMs moves the double's clock between two of them
 * @returns their IDs, oldest first
 */
export async function makeTasks(
	double: DashScopeMock,
	count: number,
	everyMs = 0,
): Promise<string[]> {
	const ids: string[] = [];
	for (let index = 0; index < count; index++) {
		if (index > 0 && everyMs > 0) double.advanceClock(everyMs);
		const response = await fetch(`${double.url}/api/v1/services/aigc/image2video/video-synthesis`, {
			method: 'POST',
			headers: {
				Authorization: `Bearer ${double.apiKey}`,
				'Content-Type': 'application/json',
				'X-DashScope-Async': 'enable',
			},
			body: body(double),
		});
		if (!response.ok) throw new Error(`The double refused a task: ${await response.text()}`);
		const { output } = (await response.json()) as { output: { task_id: string } };
		ids.push(output.task_id);
	}
	return ids;
}

/** Cancels a waiting task by hand. */
export async function cancelByHand(double: DashScopeMock, id: string): Promise<void> {
	const response = await fetch(`${double.url}/api/v1/tasks/${id}/cancel`, {
		method: 'POST',
		headers: { Authorization: `Bearer ${double.apiKey}` },
	});
	if (!response.ok) throw new Error(`The double did not cancel: ${await response.text()}`);
}
