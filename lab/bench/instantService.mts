/**
 * An account in the same process, so light that what is measured is the engine: tasks run first in,
 * first out, one at a time, and every question is answered at once. JSON texts as on the wire, so that
 * the client parses and checks them as ever.
 */
import type { Clock } from '../../nodes/EmojiVideo/base/clock';
import { succeed } from '../../nodes/EmojiVideo/base/result';
import type { ApiRequest, Send } from '../../nodes/EmojiVideo/dashscope/transport';
import { beijingTime } from '../../sandbox/dashscope/clock.mts';

interface Times {
	submitted: number;
	started: number;
	ended: number;
}

const DETECTED = {
	output: { bbox_face: [200, 200, 400, 400], ext_bbox_face: [100, 100, 500, 500] },
	usage: { image_count: 1 },
	request_id: 'request',
};

/** @param taskMs how long each task runs; 0 for tasks that have finished when they are asked about */
export function createInstantAccount(taskMs: number, clock: Clock): Send {
	const tasks = new Map<string, Times>();
	let freeAt = 0;

	const create = () => {
		const submitted = clock.now();
		const started = Math.max(submitted, freeAt);
		freeAt = started + taskMs;
		const id = `00000000-0000-4000-8000-${String(tasks.size).padStart(12, '0')}`;
		tasks.set(id, { submitted, started, ended: freeAt });
		return { output: { task_id: id, task_status: 'PENDING' }, request_id: 'request' };
	};

	const tell = (id: string) => {
		const task = tasks.get(id);
		if (!task) throw new Error(`Nobody made ${id}.`);
		const now = clock.now();
		const hasStarted = now >= task.started;
		const hasEnded = now >= task.ended;
		return {
			request_id: 'request',
			output: {
				task_id: id,
				task_status: hasEnded ? 'SUCCEEDED' : hasStarted ? 'RUNNING' : 'PENDING',
				submit_time: beijingTime(task.submitted),
				...(hasStarted && { scheduled_time: beijingTime(task.started) }),
				...(hasEnded && {
					end_time: beijingTime(task.ended),
					video_url: `https://results.example.com/${id}.mp4`,
				}),
			},
			...(hasEnded && { usage: { video_duration: 3, video_ratio: 'standard' } }),
		};
	};

	const answer = ({ path }: ApiRequest): object => {
		if (path.endsWith('face-detect')) return DETECTED;
		return path.endsWith('video-synthesis') ? create() : tell(path.split('/').pop() ?? '');
	};

	return async (request) => {
		const text = JSON.stringify(answer(request));
		return Promise.resolve(succeed({ httpStatus: 200, headers: {}, text }));
	};
}
