/**
 * Mocks of n8n's own nodes in the inline workflows, because n8n-nodes-base is 200 MB and no dependency. They follow
 * `packages/nodes-base/nodes` of n8n 2.40.7: `ExecuteWorkflowTrigger`, `Wait`, `If`, `NoOp` and `StickyNote`. They take
 * the parameters that this package uses, and throw on any other. The end-to-end tests run the real nodes.
 * `test.show` shows which input items its items are linked to.
 */
import { NodeConnectionTypes } from 'n8n-workflow';
import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
} from 'n8n-workflow';

const json = (name: string): INodeProperties => ({
	displayName: name,
	name,
	type: 'json',
	default: '',
});

const mockNode = (
	name: string,
	properties: INodeProperties[],
	execute: INodeType['execute'],
	outputs = 1,
): INodeType => ({
	description: {
		displayName: name,
		name,
		group: ['transform'],
		version: [1, 1.1, 2, 2.2],
		description: name,
		defaults: { name },
		inputs: [NodeConnectionTypes.Main],
		outputs: Array.from({ length: outputs }, () => NodeConnectionTypes.Main),
		properties,
	},
	execute,
});

async function passOn(this: IExecuteFunctions) {
	return await Promise.resolve([this.getInputData()]);
}

const executeWorkflowTrigger = mockNode(
	'executeWorkflowTrigger',
	[json('inputSource')],
	async function () {
		const source = this.getNodeParameter('inputSource', 0);
		if (source !== 'passthrough') throw new Error('No mock for this input source');
		return await Promise.resolve([this.getInputData()]);
	},
);

/** n8n keeps a shorter Wait in memory (nodes-base/nodes/Wait/Wait.node.ts). */
const SHORTEST_PARKED_MS = 65_000;

const wait = mockNode('wait', [json('resume'), json('amount'), json('unit')], async function () {
	const [resume, unit] = [this.getNodeParameter('resume', 0), this.getNodeParameter('unit', 0)];
	if (resume !== 'timeInterval' || unit !== 'seconds') throw new Error('No mock for this wait');
	const ms = Number(this.getNodeParameter('amount', 0)) * 1000;
	if (ms < SHORTEST_PARKED_MS) {
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, ms);
			this.onExecutionCancellation(() => {
				clearTimeout(timer);
				resolve();
			});
		});
	} else {
		await this.putExecutionToWait(new Date(Date.now() + ms));
	}
	return [this.getInputData()];
});

interface Conditions {
	combinator: string;
	conditions: Array<{ leftValue: unknown; operator: { type: string; operation: string } }>;
}

/** Boolean conditions that must all be true. n8n's own evaluates `leftValue` expressions as well. */
const iff = mockNode(
	'if',
	[json('conditions'), json('options')],
	async function () {
		const outputs: INodeExecutionData[][] = [[], []];
		this.getInputData().forEach((item, index) => {
			const { combinator, conditions } = this.getNodeParameter(
				'conditions',
				index,
			) as unknown as Conditions;
			const isKnown = conditions.every(
				({ operator }) => operator.type === 'boolean' && operator.operation === 'true',
			);
			if (combinator !== 'and' || !isKnown) throw new Error('No mock for these conditions');
			const passes = conditions.every(({ leftValue }) => leftValue === true);
			outputs[passes ? 0 : 1]?.push(item);
		});
		return await Promise.resolve(outputs);
	},
	2,
);

/** Emits the value of its expression `value` for each item, as the user's next node would read it. */
const show = mockNode('show', [json('value')], async function () {
	const items = this.getInputData().map(({ binary }, index) => ({
		json: { value: this.getNodeParameter('value', index) },
		binary,
		pairedItem: { item: index },
	}));
	return await Promise.resolve([items]);
});

/** By type name. */
export const MOCK_NODES: Record<string, INodeType> = {
	'n8n-nodes-base.executeWorkflowTrigger': executeWorkflowTrigger,
	'n8n-nodes-base.wait': wait,
	'n8n-nodes-base.if': iff,
	'n8n-nodes-base.noOp': mockNode('noOp', [], passOn),
	'n8n-nodes-base.stickyNote': mockNode('stickyNote', [], passOn),
	'test.show': show,
};
