/**
 * n8n's table of executions, in memory. Rule: a row holds text only, as a database would, so nothing
 * that lived in a process survives in it; `data` is written by `flatted`, as n8n does.
 */
import { parse, stringify } from 'flatted';
import type {
	ExecutionStatus,
	IRunExecutionData,
	IWorkflowBase,
	WorkflowExecuteMode,
} from 'n8n-workflow';

interface Row {
	id: string;
	/** How many executions are above it. */
	depth: number;
	mode: WorkflowExecuteMode;
	status: ExecutionStatus;
	/** When it is to be resumed (ms since the epoch), while it waits. */
	waitTill: number | undefined;
	workflow: string;
	data: string;
}

/** A row without what it holds. */
export type Summary = Omit<Row, 'workflow' | 'data'>;

/** A row, read. */
export interface Execution extends Summary {
	workflow: IWorkflowBase;
	data: IRunExecutionData;
}

/** What n8n may write into a row that is there. */
export type Change = Partial<Pick<Execution, 'status' | 'waitTill' | 'data'>>;

const ENDED: ReadonlySet<ExecutionStatus> = new Set(['success', 'error', 'crashed', 'canceled']);

/** Whether nothing more will become of it. */
export const hasEnded = ({ status }: Pick<Execution, 'status'>): boolean => ENDED.has(status);

/** An empty table. */
export function createExecutions() {
	const rows = new Map<string, Row>();

	const rowOf = (id: string): Row => {
		const row = rows.get(id);
		if (!row) throw new Error(`There is no execution ${id}.`);
		return row;
	};

	const read = (row: Row): Execution => ({
		...row,
		workflow: JSON.parse(row.workflow) as IWorkflowBase,
		data: parse(row.data) as IRunExecutionData,
	});

	return {
		/** @returns its ID */
		insert({ workflow, data, ...more }: Omit<Execution, 'id'>): string {
			const id = String(rows.size + 1);
			rows.set(id, {
				...more,
				id,
				workflow: JSON.stringify(workflow),
				data: stringify(data),
			});
			return id;
		},
		/**
		 * @param is whether a row in this state may be written
		 * @returns whether it was written
		 */
		update(
			id: string,
			{ data, ...change }: Change,
			is: (status: ExecutionStatus) => boolean = () => true,
		): boolean {
			const row = rowOf(id);
			if (!is(row.status)) return false;
			Object.assign(row, change, data && { data: stringify(data) });
			return true;
		},
		read: (id: string): Execution => read(rowOf(id)),
		/** How many executions are above it. Reading a whole row for that takes long. */
		depthOf: (id: string): number => rowOf(id).depth,
		/** All of them, oldest first, without what they hold. */
		list: (): Summary[] =>
			[...rows.values()].map(({ id, depth, mode, status, waitTill }) => ({
				id,
				depth,
				mode,
				status,
				waitTill,
			})),
		/** Bytes of all rows' data, as PostgreSQL would be asked for them. */
		bytes: (): number =>
			[...rows.values()].reduce((sum, { data }) => sum + Buffer.byteLength(data), 0),
	};
}

export type Executions = ReturnType<typeof createExecutions>;
