/** The inline workflows of a durable wait: their nodes, connections and settings. */
import type { INode, IWorkflowBase } from 'n8n-workflow';
import {
	checkWorkflow,
	guardWorkflow,
	supervisorWorkflow,
} from '../../../../nodes/EmojiVideo/durable/n8n/workflows';

const SELF = {
	id: 'self',
	name: 'Emoji Video 7',
	type: 'n8n-nodes-emoji-video.emojiVideo',
	typeVersion: 1,
	credentials: { dashScopeApi: { id: 'c', name: 'mine' } },
	position: [7, 7],
	parameters: { taskId: 'not this' },
} as INode;

const check = () => checkWorkflow(SELF, 'e');
const supervisor = () => supervisorWorkflow(SELF, 'e');
const guard = (endsInError = true) => guardWorkflow(SELF, endsInError, 'e');

const nodeOf = ({ nodes }: IWorkflowBase, name: string) => nodes.find((node) => node.name === name);

/** Every connection of a workflow: `from[output] -> to`. */
const waysOf = ({ connections }: IWorkflowBase) =>
	Object.entries(connections).flatMap(([from, { main }]) =>
		(main ?? []).flatMap((ends, output) =>
			(ends ?? []).map(({ node, type, index }) => `${from}[${output}] -> ${node} ${type} ${index}`),
		),
	);

it.each<[string, () => IWorkflowBase, string[], string[]]>([
	[
		'the check workflow waits, runs this node, and waits again after a poll',
		check,
		['Note', 'Start', 'Wait', 'Check', 'Unfinished?', 'Done'],
		[
			'Start[0] -> Wait main 0',
			'Wait[0] -> Check main 0',
			'Check[0] -> Unfinished? main 0',
			'Unfinished?[0] -> Wait main 0',
			'Unfinished?[1] -> Done main 0',
		],
	],
	[
		"the supervisor workflow runs again until it has ended, and after n8n's own error",
		supervisor,
		['Note', 'Start', 'Supervisor', 'Unfinished?', 'Done'],
		[
			'Start[0] -> Supervisor main 0',
			'Supervisor[0] -> Unfinished? main 0',
			'Supervisor[1] -> Supervisor main 0',
			'Unfinished?[0] -> Supervisor main 0',
			'Unfinished?[1] -> Done main 0',
		],
	],
	[
		'the guard workflow does the same, and ends in the finalizer',
		guard,
		['Note', 'Start', 'Guard', 'Unfinished?', 'Finalizer'],
		[
			'Start[0] -> Guard main 0',
			'Guard[0] -> Unfinished? main 0',
			'Guard[1] -> Guard main 0',
			'Unfinished?[0] -> Guard main 0',
			'Unfinished?[1] -> Finalizer main 0',
		],
	],
])('%s', (_, workflow, nodes, ways) => {
	expect(workflow().nodes.map(({ name }) => name)).toEqual(nodes);
	expect(waysOf(workflow())).toEqual(ways);
});

it.each<[string, () => IWorkflowBase, string, string, INode['onError']]>([
	['check', check, 'Check', 'check', 'continueRegularOutput'],
	['supervisor', supervisor, 'Supervisor', 'supervisor', 'continueErrorOutput'],
	['guard', guard, 'Guard', 'guard', 'continueErrorOutput'],
	['finalizer that may throw', guard, 'Finalizer', 'finalizer', undefined],
	['finalizer that may not', () => guard(false), 'Finalizer', 'finalizer', 'continueRegularOutput'],
])(
	'the %s is this node with its credential, and reads its input',
	(_, workflow, name, role, onError) => {
		const node = nodeOf(workflow(), name);
		expect(node).toEqual({
			id: name,
			name,
			type: SELF.type,
			typeVersion: 1,
			position: expect.any(Array) as number[],
			credentials: SELF.credentials,
			onError,
			parameters: {
				resource: 'video',
				operation: 'wait',
				taskId: '={{ $json.emojiVideoWait }}',
				durableRole: role,
			},
		});
		// n8n treats a present `onError` as a choice.
		expect('onError' in (node ?? {})).toBe(onError !== undefined);
	},
);

it('a check waits as long as its request says', () => {
	expect(nodeOf(check(), 'Wait')).toMatchObject({
		type: 'n8n-nodes-base.wait',
		parameters: {
			resume: 'timeInterval',
			amount: '={{ $json.emojiVideoWait.waitSeconds }}',
			unit: 'seconds',
		},
	});
});

it.each([
	['check', check, '={{ $json.emojiVideoWait?.entries !== undefined }}'],
	['supervisor', supervisor, '={{ $json.emojiVideoWait !== undefined }}'],
	[
		'guard',
		guard,
		'={{ $json.emojiVideoWait !== undefined || $json.emojiVideoReplaced !== undefined }}',
	],
])('a %s runs again while its output is a request, a state or a mark', (_, workflow, leftValue) => {
	expect(nodeOf(workflow(), 'Unfinished?')?.parameters).toMatchObject({
		conditions: {
			combinator: 'and',
			conditions: [
				{ leftValue, operator: { type: 'boolean', operation: 'true', singleValue: true } },
			],
		},
	});
});

it.each([check, supervisor, guard])(
	'each inline workflow keeps its executions and has no time limit',
	(workflow) => {
		expect(workflow()).toMatchObject({
			active: false,
			settings: {
				saveDataSuccessExecution: 'all',
				saveDataErrorExecution: 'all',
				saveManualExecutions: true,
				executionTimeout: -1,
			},
		});
	},
);

it.each([
	['next look for', 'then asks DashScope', (id?: string) => checkWorkflow(SELF, id)],
	['waits for', 'hands on the videos', (id?: string) => supervisorWorkflow(SELF, id)],
	['guards', 'whether the next one is still', (id?: string) => guardWorkflow(SELF, true, id)],
])(
	'a user recognises the sub-execution that %s one by its name and its note',
	(what, job, workflow) => {
		const name = `Emoji Video: ${what} execution`;
		const noteOf = (built: IWorkflowBase) => nodeOf(built, 'Note')?.parameters['content'];
		expect(workflow('e').name).toBe(`${name} e`);
		expect(noteOf(workflow('e'))).toContain('A part of execution e\n');
		expect(noteOf(workflow('e'))).toContain(job);
		expect(workflow().name).toBe(name);
		expect(noteOf(workflow())).toContain('A part of another execution\n');
	},
);

it('the nodes of an inline workflow are side by side, below the note', () => {
	const positions = supervisor().nodes.map(({ position }) => position);
	expect(positions).toEqual([
		[0, -260],
		[0, 0],
		[220, 0],
		[440, 0],
		[660, 0],
	]);
});
