/**
 * Fields that several operations show. Rule: the internal names are what saved workflows contain,
 * so they never change.
 */
import type { INodeProperties } from 'n8n-workflow';
import { field } from './read';
import { flagValue, withDefault } from './schemas';

export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

/** The collection "Options" with the given entries, in alphabetical order as n8n shows them. */
export const optionsField = (options: INodeProperties[]): INodeProperties => ({
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [...options].sort((a, b) => a.displayName.localeCompare(b.displayName, 'en')),
});

/** Whether to return the package's own names rather than the service's answer. */
export const simplifyForm = field('simplify', 'Simplify', withDefault(flagValue, true));
