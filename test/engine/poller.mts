/**
 * The trigger as n8n runs it, polled with the engine's own `PollContext`. n8n saves the trigger's memory when
 * it activates the workflow, and together with the items of a poll (n8n 2.40: active-workflow-manager and
 * trigger-execution-context.factory). Rule: a kill loses everything else.
 */
import { PollContext } from 'n8n-core';
import { Workflow } from 'n8n-workflow';
import type {
	IDataObject,
	INode,
	INodeExecutionData,
	INodeParameters,
	INodeType,
	INodeTypes,
	IPollFunctions,
} from 'n8n-workflow';
import { createAdditionalData, loadBuiltNode } from './harness.mts';
import type { Credential } from './harness.mts';

const TRIGGER = 'n8n-nodes-emoji-video.emojiVideoTrigger';

/** One poll: the node's own, or its inner part with the test's clock. */
export type PollOnce = (functions: IPollFunctions) => Promise<INodeExecutionData[][] | null>;

export interface Poller {
	/** n8n starts or activates the workflow, and polls at once. */
	start(): Promise<INodeExecutionData[]>;
	/** Polls again. */
	poll(): Promise<INodeExecutionData[]>;
	/** Polls, and kills n8n before it gets the result. */
	pollAndDie(): Promise<void>;
	/** Kills n8n. Only the database remains. */
	kill(): void;
	/** The editor's "Fetch test event". */
	fetchTestEvent(): Promise<INodeExecutionData[]>;
	/** All items of all executions so far. */
	items: INodeExecutionData[];
	/** The node's part of the database. */
	stored(): IDataObject;
}

export interface PollerOptions {
	pollOnce?: PollOnce;
	/** Moves time during a poll. */
	during?: <T>(work: Promise<T>) => Promise<T>;
}

/** A workflow of the trigger alone, on n8n's database. */
export async function createPoller(
	credential: Credential,
	parameters: INodeParameters = {},
	{ pollOnce, during = async (work) => await work }: PollerOptions = {},
): Promise<Poller> {
	const type = await loadBuiltNode('emojiVideoTrigger');
	const node: INode = {
		id: 'trigger',
		name: 'Emoji Video Trigger',
		type: TRIGGER,
		typeVersion: 1,
		position: [0, 0],
		parameters,
		credentials: { dashScopeApi: { id: '1', name: 'DashScope API' } },
	};
	const nodeTypes: INodeTypes = {
		getByName: (): INodeType => type,
		getByNameAndVersion: (): INodeType => type,
		getKnownTypes: () => ({}),
	};
	let database = '{}';
	let running: Workflow | undefined;
	let loads = 0;
	const items: INodeExecutionData[] = [];

	const load = () =>
		new Workflow({
			id: `workflow-${++loads}`,
			nodes: [node],
			connections: {},
			active: true,
			nodeTypes,
			staticData: JSON.parse(database) as IDataObject,
		});

	const run = async (workflow: Workflow, mode: 'trigger' | 'manual') => {
		const context = new PollContext(
			workflow,
			workflow.getNode(node.name) ?? node,
			createAdditionalData(credential),
			mode,
			'activate',
		);
		const polling = pollOnce ? pollOnce(context) : type.poll?.call(context);
		return (await during(polling ?? Promise.resolve(null))) ?? null;
	};

	const save = (workflow: Workflow) => {
		database = JSON.stringify(workflow.staticData);
	};

	const poll = async (saves: boolean) => {
		const workflow = (running ??= load());
		const result = await run(workflow, 'trigger');
		if (workflow !== running) return [];
		if (result !== null || saves) save(workflow);
		const found = result?.[0] ?? [];
		items.push(...found);
		return found;
	};

	return {
		items,
		start: async () => await poll(true),
		poll: async () => await poll(false),
		async pollAndDie() {
			await run((running ??= load()), 'trigger');
			running = undefined;
		},
		kill() {
			running = undefined;
		},
		fetchTestEvent: async () => (await run(running ?? load(), 'manual'))?.[0] ?? [],
		stored: () => (JSON.parse(database) as Record<string, IDataObject>)[`node:${node.name}`] ?? {},
	};
}
