/**
 * Items x templates -> jobs. Pure. One job is one video: a portrait, a template, an input item.
 */
import { createHash } from 'node:crypto';
import type { Model } from '../dashscope/client';
import { succeed } from '../result';
import type { Result } from '../result';
import type { FaceAreas } from '../dashscope/schemas';

/** A picture, wherever it is. */
export interface Portrait {
	/** Its address, or a hash of its bytes: the same in every try of an execution. */
	id: string;
	/** What items call it: the user's address, or the file's name. */
	about: { imageUrl?: string; imageFile?: string };
	/** What may explain that the service does not like it. */
	hint?: string;
	/** Where the service can read it for a model; a file is put there first. Never rejects. */
	addressFor(model: Model): Promise<Result<string>>;
}

/** A portrait on the internet: every model reads it where it is. */
export const portraitAt = (imageUrl: string, hint?: string): Portrait => ({
	id: imageUrl,
	about: { imageUrl },
	hint,
	addressFor: async () => await Promise.resolve(succeed(imageUrl)),
});

/** What one input item asks for. */
export interface JobSpec {
	itemIndex: number;
	portrait: Portrait;
	/** Both areas as the user gave them; `undefined` lets face detection find them. */
	areas: FaceAreas | undefined;
	/** `driven_id`s, at least one. */
	templateIds: string[];
}

/** Which video of which item; all that those who wait for it need to know. */
export interface VideoLabel {
	itemIndex: number;
	/** The portrait's address or file name. Unknown for tasks that were made elsewhere. */
	imageUrl?: string;
	imageFile?: string;
	templateId?: string;
	/** Names this very video in this execution: the key under which the paidTasks remembers its task. */
	key: string;
}

/** A video to be made. */
export interface Job extends VideoLabel {
	portrait: Portrait;
	templateId: string;
	areas: FaceAreas | undefined;
}

/** What an item says about its video, beside what the service says. */
export const aboutOf = ({ templateId, imageUrl, imageFile }: Omit<VideoLabel, 'key'>) => ({
	templateId,
	imageUrl,
	imageFile,
});

/**
 * A short hash of everything that shapes a video, so that a changed item is another video.
 * @param runIndex how often the node has run in this execution (inside Loop Over Items it runs often)
 */
function keyOf(runIndex: number, order: JobSpec, templateId: string): string {
	const fingerprint = createHash('sha256')
		.update(JSON.stringify([order.portrait.id, order.areas ?? 'detect', templateId]))
		.digest('base64url')
		.slice(0, 16);
	return `${runIndex}:${order.itemIndex}:${templateId}:${fingerprint}`;
}

/**
 * One job per portrait and template, in the order of the items and of their templates.
 * A template that an item names twice counts once.
 */
export function planJobs(orders: JobSpec[], runIndex: number): Job[] {
	return orders.flatMap((order) =>
		[...new Set(order.templateIds)].map((templateId) => ({
			itemIndex: order.itemIndex,
			...order.portrait.about,
			portrait: order.portrait,
			areas: order.areas,
			templateId,
			key: keyOf(runIndex, order, templateId),
		})),
	);
}
