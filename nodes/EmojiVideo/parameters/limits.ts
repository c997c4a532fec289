/** "Limits and Cost": what the user knows about the account, and what the node may spend. */
import type { INodeProperties } from 'n8n-workflow';
import type { Rates } from '../account/rateLimiter';
import { MOST_AHEAD } from '../batch/queueAhead';
import type { PayingLimits } from '../execution/payingAgain';
import { notForTools } from './agentTool';
import { flagOf, numberOf, optionalNumberOf } from './fields';
import { group } from './read';
import type { Form } from './read';

const creationsOption = {
	displayName: 'Creations per Second',
	name: 'creationsPerSecond',
	type: 'number',
	default: 1,
	typeOptions: { minValue: 0.01, maxValue: 20, numberPrecision: 2 },
	description:
		'How many tasks to create per second, over all executions with this API key. The documented limit of an account is 1.',
} satisfies INodeProperties;

export const detectionsOption = {
	displayName: 'Detections per Second',
	name: 'detectionsPerSecond',
	type: 'number',
	default: 1,
	typeOptions: { minValue: 0.01, maxValue: 20, numberPrecision: 2 },
	description:
		'How many portraits to detect per second, over all executions with this API key. The documented limit of an account is 1.',
} satisfies INodeProperties;

export const priceOption = {
	displayName: 'Price per Second',
	name: 'pricePerSecond',
	type: 'number',
	default: 0,
	typeOptions: { minValue: 0, maxValue: 1000, numberPrecision: 4 },
	description:
		'What a second of video costs you, in your own currency. Each item then has its cost, billedSeconds times this price. Face detections are billed beside it.',
} satisfies INodeProperties;

const checkBeforePayingOption = {
	displayName: 'Check Before Paying Again',
	name: 'checkBeforePayingAgain',
	type: 'boolean',
	default: true,
	description:
		"Whether the Retry of an execution, in n8n's list, first looks at the account's tasks since the first try began. If there are some that it does not know, as after a crash, it ends in an error that names them and pays for nothing. Tasks that others make with the same account count, too.",
} satisfies INodeProperties;

const queueAhead = {
	displayName: 'Queue Ahead',
	name: 'queueAhead',
	type: 'number',
	default: 10,
	typeOptions: { minValue: 1, maxValue: MOST_AHEAD },
	description:
		'How many tasks of the batch may be at DashScope at a time, running and queued. If n8n crashes, at most this many are billed. The batch takes no longer as long as this is more than the account runs at once.',
	hint: 'Remove this option for automatic: about one hour of work, 5 to 100 tasks',
} satisfies INodeProperties;

export const queueAheadOption = notForTools(queueAhead);

/** Agents and loops make runs whose size nobody chose. 100 videos are all templates of five portraits. */
const maximumOption = {
	displayName: 'Maximum Videos',
	name: 'maximumVideos',
	type: 'number',
	default: 100,
	typeOptions: { minValue: 1, maxValue: 100_000, numberPrecision: 0 },
	description:
		'How many videos this node may create in one execution, all rounds of a loop together. A run that wants more fails before anything is paid for. Without this option the limit is 100.',
} satisfies INodeProperties;

/** Options of operations that pay for videos. */
export const payingOptions: INodeProperties[] = [
	creationsOption,
	detectionsOption,
	checkBeforePayingOption,
	maximumOption,
];

/** By expression, the values of the first item count. */
export const payingForm: Form<PayingLimits> = group({
	checksAgain: flagOf(checkBeforePayingOption, 'limitOptions', false),
	maximumVideos: numberOf(maximumOption, 'videos', 'limitOptions'),
});

/** Per billed second, in the user's currency; without it no item has a cost. */
export const priceForm = optionalNumberOf(priceOption, 'per second', 'limitOptions');

/** By expression, the value of the first item counts; without one the node chooses. */
export const queueAheadForm = optionalNumberOf(queueAhead, 'tasks', 'limitOptions');

/** By expression, the rates of the first item count. */
export const ratesForm: Form<Partial<Rates>> = group({
	create: optionalNumberOf(creationsOption, 'per second', 'limitOptions'),
	detect: optionalNumberOf(detectionsOption, 'per second', 'limitOptions'),
});
