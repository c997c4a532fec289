/**
 * n8n's table of executions, in memory. Rule: a row has text only, as in a database, so no object of a process
 * survives in it. `flatted` writes `data`, as in n8n.
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
	/** When n8n resumes it (ms since the epoch), while it waits. */
	waitTill: number | undefined;
	workflow: string;
	data: string;
}

/** A row without its workflow and data. */
export type Summary = Omit<Row, 'workflow' | 'data'>;

/** A row with its text parsed. */
export interface Execution extends Summary {
	workflow: IWorkflowBase;
	data: IRunExecutionData;
}

/** The fields of a row that n8n may change. */
export type Change = Partial<Pick<Execution, 'status' | 'waitTill' | 'data'>>;

const ENDED: ReadonlySet<ExecutionStatus> = new Set(['success', 'error', 'crashed', 'canceled']);

/** Whether an execution has ended. */
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
		/** The depth of an execution, without parsing its row. */
		depthOf: (id: string): number => rowOf(id).depth,
		/** All rows, oldest first, without workflow and data. */
		list: (): Summary[] =>
			[...rows.values()].map(({ id, depth, mode, status, waitTill }) => ({
				id,
				depth,
				mode,
				status,
				waitTill,
			})),
		/** Bytes of all rows' data, as a query to PostgreSQL would count them. */
		bytes: (): number =>
			[...rows.values()].reduce((sum, { data }) => sum + Buffer.byteLength(data), 0),
	};
}

export type Executions = ReturnType<typeof createExecutions>;
