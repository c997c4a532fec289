// The floors of nodes/EmojiVideo, top to bottom: an import may only go down (docs/architecture.md).
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, 'nodes', 'EmojiVideo');

const FLOORS = [
	['EmojiVideo.node.ts', 'EmojiVideoTrigger.node.ts'],
	['actions', 'trigger'],
	['parameters'],
	['durable/layers'],
	['durable/n8n'],
	['durable/plan'],
	['wait'],
	['execution'],
	['output.ts'],
	['batch'],
	['account'],
	['media'],
	['dashscope'],
	['net'],
	['base'],
];

const below = (floor) => FLOORS.slice(floor + 1).flat();
const beside = (floor, room) => FLOORS[floor].filter((other) => other !== room);

/** For each room, what it may not import: everything that is not below it. */
export const zones = FLOORS.flatMap((rooms, floor) =>
	rooms.map((room) => ({
		target: path.join(ROOT, room),
		from: [...FLOORS.slice(0, floor).flat(), ...beside(floor, room)].map((other) =>
			path.join(ROOT, other),
		),
		message: `${room} may import ${below(floor).join(', ') || 'nothing of ours'} only.`,
	})),
).filter(({ from }) => from.length > 0);
