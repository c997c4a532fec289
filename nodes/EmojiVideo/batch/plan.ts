/**
 * Items x templates -> jobs. Pure. One job is one video: a portrait, a template, an input item.
 */
import { createHash } from 'node:crypto';
import type { FaceAreas } from '../dashscope/schemas';

/** What one input item asks for. */
export interface VideoOrder {
	itemIndex: number;
	imageUrl: string;
	/** Both areas as the user gave them; `undefined` lets face detection find them. */
	areas: FaceAreas | undefined;
	/** `driven_id`s, at least one. */
	templateIds: string[];
}

/** Which video of which item; all that those who wait for it need to know. */
export interface VideoLabel {
	itemIndex: number;
	/** Unknown for tasks that were made elsewhere. */
	imageUrl?: string;
	templateId?: string;
	/** Names this very video in this execution: the key under which the ledger remembers its task. */
	key: string;
}

/** A video to be made. */
export interface Job extends VideoLabel {
	imageUrl: string;
	templateId: string;
	areas: FaceAreas | undefined;
}

/**
 * A short hash of everything that shapes a video, so that a changed item is another video.
 * @param runIndex how often the node has run in this execution (inside Loop Over Items it runs often)
 */
function keyOf(runIndex: number, order: VideoOrder, templateId: string): string {
	const fingerprint = createHash('sha256')
		.update(JSON.stringify([order.imageUrl, order.areas ?? 'detect', templateId]))
		.digest('base64url')
		.slice(0, 16);
	return `${runIndex}:${order.itemIndex}:${templateId}:${fingerprint}`;
}

/**
 * One job per portrait and template, in the order of the items and of their templates.
 * A template that an item names twice counts once.
 */
export function planJobs(orders: VideoOrder[], runIndex: number): Job[] {
	return orders.flatMap((order) =>
		[...new Set(order.templateIds)].map((templateId) => ({
			itemIndex: order.itemIndex,
			imageUrl: order.imageUrl,
			areas: order.areas,
			templateId,
			key: keyOf(runIndex, order, templateId),
		})),
	);
}
