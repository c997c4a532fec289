/** Reads an execution: what it wrote, and why it failed. Pure, apart from looking at the files. */
import { stat } from 'node:fs/promises';

import type { Execution, Item, NodeError, NodeRun } from './api-schemas.mts';

export interface WrittenFile {
	path: string;
	bytes: number;
}

/** A node's last run. */
export function lastRunOf(execution: Execution, nodeName: string): NodeRun | undefined {
	return execution.data.resultData.runData[nodeName]?.at(-1);
}

/** The items that a node put out in its last run. */
export function outputOf(execution: Execution, nodeName: string, output = 0): Item[] {
	return lastRunOf(execution, nodeName)?.data?.main?.[output] ?? [];
}

/** The execution of its own that a node has started. @throws if there is none */
export function subExecutionOf(execution: Execution, nodeName: string): string {
	const id = lastRunOf(execution, nodeName)?.metadata?.subExecution?.executionId;
	if (id === undefined) throw new Error(`"${nodeName}" has no sub-execution`);
	return id;
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
