/**
 * Items x templates -> jobs. Pure. One job is one video: a portrait, a template, an input item.
 */
import { createHash } from 'node:crypto';
import type { Failure } from '../base/result';
import type { FaceAreas } from '../dashscope/schemas';
import type { Portrait } from '../media/portrait';

/** What one input item asks for. */
export interface ItemRequest {
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
	/** Names this very video in this execution: the key under which `paidTasks` has its task. */
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
function keyOf(runIndex: number, spec: ItemRequest, templateId: string): string {
	const fingerprint = createHash('sha256')
		.update(JSON.stringify([spec.portrait.id, spec.areas ?? 'detect', templateId]))
		.digest('base64url')
		.slice(0, 16);
	return `${runIndex}:${spec.itemIndex}:${templateId}:${fingerprint}`;
}

/**
 * One job per portrait and template, in the spec of the items and of their templates.
 * A template that an item names twice counts once.
 */
export function planJobs(specs: ItemRequest[], runIndex: number): Job[] {
	return specs.flatMap((spec) =>
		[...new Set(spec.templateIds)].map((templateId) => ({
			itemIndex: spec.itemIndex,
			...spec.portrait.about,
			portrait: spec.portrait,
			areas: spec.areas,
			templateId,
			key: keyOf(runIndex, spec, templateId),
		})),
	);
}

/**
 * Why a batch may not be paid for.
 * @param wanted videos that the batch would pay for
 * @param earlierKeys videos of this node in the same execution, e.g. in a loop
 */
export function aboveMaximum(
	wanted: Array<Pick<VideoLabel, 'key'>>,
	earlierKeys: string[],
	maximum: number,
): Failure | undefined {
	const keys = new Set(wanted.map(({ key }) => key));
	const earlier = earlierKeys.filter((key) => !keys.has(key)).length;
	const total = keys.size + earlier;
	if (total <= maximum) return undefined;
	const beside = earlier === 0 ? '' : `, beside the ${earlier} that it created before`;
	return {
		kind: 'invalid',
		message: `This execution wants ${keys.size} videos${beside}, and 'Maximum Videos' is ${maximum}`,
		nextStep: `Nothing was paid for${earlier === 0 ? '' : ' in this run'}. To create them all, set 'Maximum Videos' in 'Limits and Cost' to ${total}.`,
	};
}
