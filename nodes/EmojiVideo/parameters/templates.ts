/**
 * The templates that an item asks for. Rule: a name that fits no template, or several, is rejected here,
 * before anything is paid for.
 */
import type { INodeProperties } from 'n8n-workflow';
import { z } from 'zod';
import { findTemplate, listed } from '../dashscope/templateNames';
import type { TemplateMatch } from '../dashscope/templateNames';
import { templateLabel, TEMPLATES } from '../dashscope/templates';
import { forTools, notForTools, templatesFromModel } from './agentTool';
import { fieldOf } from './fields';
import { addIssue, isBlank, shown, toList } from './schemas';

const chooseField = {
	displayName: 'Templates',
	name: 'templates',
	type: 'multiOptions',
	required: true,
	default: [],
	// Names are not values of the list. Without this, the editor marks them red.
	allowArbitraryValues: true,
	options: TEMPLATES.map((template) => ({
		name: templateLabel(template),
		value: template.id,
	})).sort((a, b) => a.name.localeCompare(b.name, 'en')),
	description:
		'The expressions to make, one video each; <a href="https://github.com/n8n-nodes-emoji-video/n8n-nodes-emoji-video/blob/main/docs/templates.md" target="_blank">pictures of all</a>. By expression: names or template IDs, one or a list, also an ID that is newer than this list.',
	hint: 'Each portrait and template makes one video. Each video is billed.',
} satisfies INodeProperties;

export const templatesFields: INodeProperties[] = [
	notForTools(chooseField),
	forTools({
		displayName: 'Templates',
		name: 'templates',
		type: 'string',
		required: true,
		default: templatesFromModel,
		placeholder: 'e.g. Cute Kid: Happy',
		description: 'The expressions to make, one video each: names or template IDs, with commas',
		hint: 'Each video is billed',
	}),
];

const TEMPLATE_FORM =
	'Choose from the list, or give names or IDs by expression, e.g. "Cute Kid: Happy" or "mengwa_kaixin".';

/** Advice for a name that fits no template, or several. */
const templateAdvice = ({ fits }: Exclude<TemplateMatch, { kind: 'found' }>): string =>
	`Use one of ${listed(fits.length > 0 ? fits : TEMPLATES)}.`;

/** The names in text with commas or line breaks, in JSON or in an array; blanks are dropped. */
const listedNames = (value: unknown): unknown[] => {
	const list = toList(value, /[\r\n;\uFF0C\u3001\uFF1B]+/g);
	return (list ?? [value]).filter((name) => !isBlank(name));
};

/**
 * One template or several, as chosen from the list or by expression: IDs, labels, names. Resolved to
 * IDs, each once.
 */
export const templatesValue = z.unknown().transform((value, context): string[] => {
	const names = isBlank(value) ? [] : listedNames(value);
	if (names.length === 0) return addIssue(context, 'Templates is empty', TEMPLATE_FORM);
	const ids: string[] = [];
	for (const name of names) {
		const match: TemplateMatch =
			typeof name === 'string' ? findTemplate(name) : { kind: 'unknown', fits: [] };
		if (match.kind === 'found') {
			ids.push(match.id);
			continue;
		}
		const what = match.kind === 'ambiguous' ? 'fits several templates' : 'is not a template';
		return addIssue(context, `Templates: ${shown(name)} ${what}`, templateAdvice(match));
	}
	return [...new Set(ids)];
});

/** `driven_id`s, at least one. */
export const templatesForm = fieldOf(chooseField, templatesValue);
