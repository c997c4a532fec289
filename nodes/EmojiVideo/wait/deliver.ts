/**
 * How finished videos reach the user: as items of their own or as one pack per portrait, with their
 * files or without. Rule: a video that is made and paid for comes out with its task ID and its link,
 * whatever became of its download.
 */
import type { IBinaryKeyData, IDataObject } from 'n8n-workflow';
import { z } from 'zod';
import { aboutOf } from '../batch/plan';
import type { AcceptedTask } from '../batch/submit';
import type { ApiResponse } from '../dashscope/client';
import { fail, succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import type { Task } from '../dashscope/schemas';
import { ownFileName, videoFileName } from '../media/fileNames';
import { downloadVideo } from '../media/downloadVideo';
import { billedOf, linkOf, sentencesOf, taskToJson, WITHOUT_LINK } from '../output';
import type { OutputField } from '../output';
import type { Outcome, OutputItem } from '../execution/outcome';
import type { ExecutionContext } from '../execution/context';

/** Videos downloaded at once. */
export const DOWNLOADS_AT_ONCE = 3;

/**
 * How an item's finished videos are delivered. A durable wait derives its stored form from this schema, so a new
 * field here is kept there too.
 */
export const deliverySchema = z.object({
	simplify: z.boolean(),
	/** The output field for the video; absent: the video is not downloaded. */
	field: z.string().optional(),
	/** The user's own name for the file. */
	fileName: z.string().optional(),
	/** A video that cannot be downloaded is a failure. */
	failsOnDownloadError: z.boolean().optional(),
	/** All videos of the item become one item. */
	isPack: z.boolean().optional(),
	/** The item makes more than one video. */
	isOneOfSeveral: z.boolean().optional(),
	/** Simplified items have all that is known. */
	withDetails: z.boolean().optional(),
	/** Per billed second, in the user's currency. */
	pricePerSecond: z.number().optional(),
});
export type Delivery = z.infer<typeof deliverySchema>;

/** A task as the json its item wants. */
export const toJson = (
	{ job, entry }: AcceptedTask,
	answer: ApiResponse<Task>,
	{ simplify, withDetails, pricePerSecond }: Delivery,
): IDataObject =>
	simplify
		? taskToJson(
				answer.value,
				{ ...aboutOf(job), areas: entry.areas },
				{ withDetails, pricePerSecond },
			)
		: { ...answer.raw };

/** An item of ten fields: there is room for a hint, or for the reason why there is no file. */
const isBrief = ({ simplify, withDetails = false }: Delivery): boolean => simplify && !withDetails;

const split = (json: IDataObject, isWanted: (name: string) => boolean): IDataObject =>
	Object.fromEntries(Object.entries(json).filter(([name]) => isWanted(name)));

/** The link to a video that could not be downloaded. */
export type LinkOfVideo = ReturnType<typeof linkOf>;

/** The name of the output field, which in a pack says which video is in it. */
const fieldOf = ({ field = 'data', isPack }: Delivery, name: string) =>
	isPack ? `${field}_${name.replace(/\W/g, '_')}` : field;

/** A finished task as an item, with its video if wanted. A failed download costs no paid video. */
export async function deliver(
	accepted: AcceptedTask,
	answer: ApiResponse<Task>,
	delivery: Delivery,
	context: ExecutionContext,
): Promise<{ result: Result<OutputItem>; link?: LinkOfVideo }> {
	const { job } = accepted;
	const task = answer.value;
	const json = toJson(accepted, answer, delivery);
	const billed = billedOf(task, delivery.pricePerSecond);
	if (delivery.field === undefined) return { result: succeed({ json, billed }) };
	const withoutFile = (failure: Pick<Failure, 'message' | 'nextStep'>): OutputItem => ({
		json: {
			...split(json, (name) => name !== 'hint' || !isBrief(delivery)),
			downloadError: sentencesOf(failure),
		},
		billed,
	});
	if (task.videoUrl === undefined) {
		const { taskId, status } = task;
		return delivery.failsOnDownloadError
			? { result: fail({ kind: 'unreadable', ...WITHOUT_LINK, taskId, status }) }
			: { result: succeed(withoutFile(WITHOUT_LINK)) };
	}

	const distinction = job.templateId ?? task.taskId;
	const fileName =
		delivery.fileName === undefined
			? videoFileName(job, job.templateId, task.taskId)
			: ownFileName(delivery.fileName, delivery.isOneOfSeveral ? distinction : '');
	const video = await downloadVideo(task.videoUrl, fileName, {
		...context,
		allowLoopback: context.account.isLoopback,
	});
	if (video.ok) {
		const field = fieldOf(delivery, distinction);
		return { result: succeed({ json, binary: { [field]: video.value }, billed }) };
	}
	if (delivery.failsOnDownloadError) {
		const failure = { ...video.failure, taskId: task.taskId, status: task.status };
		return { result: fail(failure), link: linkOf(task) };
	}
	return { result: succeed(withoutFile(video.failure)) };
}

/** What all videos of a portrait have in common. */
const OF_THE_PORTRAIT: readonly OutputField[] = [
	'imageUrl',
	'imageFile',
	'faceArea',
	'expressionArea',
];

const isCommon = (items: OutputItem[]) => (name: string) =>
	OF_THE_PORTRAIT.some((field) => field === name) &&
	new Set(items.map(({ json }) => JSON.stringify(json[name]))).size === 1;

function toPack(items: OutputItem[]): OutputItem {
	const common = isCommon(items);
	const hints = new Set(items.flatMap(({ json }) => json.hint ?? []));
	const videos = items.map(({ json, binary = {} }) => ({
		...split(json, (name) => !common(name) && name !== 'hint'),
		...split({ outputField: Object.keys(binary)[0] }, () => Object.keys(binary).length > 0),
	}));
	const binary = Object.assign({}, ...items.map((item) => item.binary)) as IBinaryKeyData;
	return {
		json: {
			...split(items[0]?.json ?? {}, common),
			...(hints.size > 0 && { hint: [...hints].join(' ') }),
			videos,
		},
		...(Object.keys(binary).length > 0 && { binary }),
		billed: items.flatMap(({ billed = [] }) => billed),
	};
}

/**
 * Puts the finished videos of each item that wants a pack into one outcome, where its first one was.
 * What failed stays an outcome of its own, and so goes to the error output.
 */
export function packUp(outcomes: Outcome[], deliveries: ReadonlyMap<number, Delivery>): Outcome[] {
	const packs = new Map<number, OutputItem[]>();
	const kept = outcomes.filter(({ itemIndex, result }) => {
		if (!result.ok || !deliveries.get(itemIndex)?.isPack) return true;
		const pack = packs.get(itemIndex);
		if (pack) pack.push(result.value);
		else packs.set(itemIndex, [result.value]);
		return pack === undefined;
	});
	return kept.map((outcome) => {
		const items = packs.get(outcome.itemIndex);
		if (!outcome.result.ok || !items) return outcome;
		return { ...outcome, result: succeed(toPack(items)) };
	});
}
