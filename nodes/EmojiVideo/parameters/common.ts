/** Fields that several operations show. Rule: saved workflows contain the internal names, so they never change. */
import type { INodeProperties } from 'n8n-workflow';
import { notForTools } from './agentTool';
import { flagOf } from './fields';
import type { GroupName } from './fields';

export const simplifyField = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
} satisfies INodeProperties;

export const optionGroup = (displayName: string, name: GroupName, options: INodeProperties[]) => ({
	displayName,
	name,
	type: 'collection' as const,
	placeholder: 'Add option',
	default: {},
	// n8n wants the entries of a collection in alphabetical order.
	options: [...options].sort((a, b) => a.displayName.localeCompare(b.displayName, 'en')),
});

/** Options of the items and their files. An agent gets no files. */
export const outputGroup = (options: INodeProperties[]): INodeProperties =>
	notForTools(optionGroup('Output', 'fileOptions', options));

/** Options of the wait. */
export const waitingGroup = (options: INodeProperties[]): INodeProperties =>
	optionGroup('Waiting', 'options', options);

/** Options of the account and of what the node may spend; rarely needed, so this group stands last. */
export const limitsGroup = (options: INodeProperties[]): INodeProperties =>
	optionGroup('Limits and Cost', 'limitOptions', options);

/** Options of an operation that has one group. */
export const optionsField = (options: INodeProperties[]): INodeProperties =>
	optionGroup('Options', 'options', options);

/** Whether to return the package's own names instead of the service's response. */
export const simplifyForm = flagOf(simplifyField);
