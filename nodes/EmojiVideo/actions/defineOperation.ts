/**
 * What all operations have in common: every item is read before anything is sent, into one typed object
 * or a failure. Rule: an item that fails its own check sends nothing; and where the node stops at the
 * first failure, nothing is sent for the others either.
 */
import { updateDisplayOptions } from 'n8n-workflow';
import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { createLimiter } from '../base/limiter';
import { isToolCall } from '../execution/context';
import type { ExecutionContext } from '../execution/context';
import { failAll, failed, inInputOrder } from '../execution/outcome';
import type { Operation, Outcome } from '../execution/outcome';
import { toolDescriptionField } from '../parameters/agentTool';
import type { Form, FormSource } from '../parameters/read';
import { invalidFailure } from '../base/result';
import type { Result } from '../base/result';
import { reasonOf } from '../base/text';

/** What an item asks for. */
export type Wanted<T> = T & { itemIndex: number };

/** All that the items ask for. */
export interface Batch<Item, Settings> {
	items: Array<Wanted<Item>>;
	/** What holds for the whole batch. */
	settings: Settings;
	/** The items that ask for nothing possible. */
	invalid: Outcome[];
}

interface Definition<Item extends object, Settings> {
	resource: string;
	operation: string;
	/** What a model reads about the operation where the node is an agent's tool. */
	toolDescription: string;
	fields: INodeProperties[];
	/** One item: its form, and perhaps a look at its files. */
	item: (source: FormSource, context: ExecutionContext) => Result<Item> | Promise<Result<Item>>;
	/** What holds for the whole batch; by expression, the values of the first item count. */
	settings: Form<Settings>;
	/** @returns the outcomes of the items that were read, and perhaps those that were refused */
	run(context: ExecutionContext, batch: Batch<Item, Settings>): Promise<Outcome[]>;
}

/** Items read at once: their files may lie in a storage that takes its time. */
const READ_AT_ONCE = 4;

/**
 * The form of an input item.
 * @param now in ms since the epoch, one for all items, so that equal items ask for equal things
 */
export function formOf(
	functions: IExecuteFunctions,
	itemIndex: number,
	{ now, allowLoopback }: Pick<FormSource, 'now' | 'allowLoopback'>,
): FormSource {
	return {
		get: (path) => functions.getNodeParameter(path, itemIndex, null),
		// n8n also takes the file itself, by expression.
		file: (field) => functions.helpers.assertBinaryData(itemIndex, field as string),
		fileFields: Object.keys(functions.getInputData()[itemIndex]?.binary ?? {}),
		timezone: functions.getTimezone(),
		allowLoopback,
		isTool: isToolCall(functions),
		now,
	};
}

/** Reads an item; what its values throw is that item's failure. Nothing has been sent for it. */
async function safely<T>(read: () => Promise<Result<T>>): Promise<Result<T>> {
	try {
		return await read();
	} catch (error) {
		return invalidFailure(
			`This item cannot be read: ${reasonOf(error)}`,
			'Correct the values that its expressions give: plain text, numbers and lists.',
		);
	}
}

/** Makes an operation of its definition. */
export function defineOperation<Item extends object, Settings>({
	resource,
	operation,
	toolDescription,
	fields,
	item,
	settings,
	run,
}: Definition<Item, Settings>): Operation {
	return {
		fields: updateDisplayOptions({ show: { resource: [resource], operation: [operation] } }, [
			toolDescriptionField(toolDescription),
			...fields,
		]),
		async run(context) {
			const { functions, account, clock, stopsAtFirstFailure } = context;
			const inputs = functions.getInputData();
			const facts = { now: clock.now(), allowLoopback: account.isLoopback };
			const common = settings(formOf(functions, 0, facts));
			if (!common.ok) return failAll(inputs, common.failure);
			const limit = createLimiter(READ_AT_ONCE);
			const read = await Promise.all(
				inputs.map((_, itemIndex) =>
					limit(
						async () =>
							await safely(async () => await item(formOf(functions, itemIndex, facts), context)),
					),
				),
			);
			const batch: Batch<Item, Settings> = { items: [], settings: common.value, invalid: [] };
			read.forEach((result, itemIndex) => {
				if (result.ok) batch.items.push({ ...result.value, itemIndex });
				else batch.invalid.push(failed(itemIndex, result.failure));
			});
			if (stopsAtFirstFailure && batch.invalid.length > 0) return batch.invalid;
			return inInputOrder(await run(context, batch));
		},
	};
}
