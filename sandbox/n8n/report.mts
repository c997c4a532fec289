/** Reads an execution: what it wrote, and why it failed. Pure, apart from looking at the files. */
import { stat } from 'node:fs/promises';

import type { Execution, Item, NodeError } from './api-schemas.mts';

export interface WrittenFile {
	path: string;
	bytes: number;
}

/** The items that a node put out in its last run. */
export function outputOf(execution: Execution, nodeName: string, output = 0): Item[] {
	const runs = execution.data.resultData.runData[nodeName] ?? [];
	return runs.at(-1)?.data?.main?.[output] ?? [];
}

/** The files that a "Read/Write Files from Disk" node wrote. @throws if one is not there */
export async function filesWrittenBy(execution: Execution, nodeName: string) {
	const names = outputOf(execution, nodeName).map((item) => String(item.json.fileName));
	return await Promise.all(
		names.map(async (name): Promise<WrittenFile> => {
			const { size } = await stat(name);
			return { path: name, bytes: size };
		}),
	);
}

/** One text that says why an execution did not succeed, in n8n's and the node's own words. */
export function failureOf(execution: Execution): string {
	const { error, lastNodeExecuted, runData } = execution.data.resultData;
	const runs = lastNodeExecuted === undefined ? [] : (runData[lastNodeExecuted] ?? []);
	const cause: NodeError | undefined = error ?? runs.at(-1)?.error;
	const where = cause?.node?.name ?? lastNodeExecuted;
	return [
		`The execution ended as "${execution.status}"${where === undefined ? '' : ` in "${where}"`}.`,
		cause?.message,
		cause?.description,
	]
		.filter(Boolean)
		.join('\n');
}
