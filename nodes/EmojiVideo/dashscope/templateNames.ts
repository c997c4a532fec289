/**
 * Finds templates by ID, label or mood, in English, Chinese or pinyin. Rule: a name that fits several templates is
 * an error, because each video is paid for.
 */
import { SERIES, templateLabel, TEMPLATE_ID, templateName, TEMPLATES } from './templates';
import type { Template } from './templates';

/** A text without case, spaces and punctuation: "Cute Kid: Happy" -> "cutekidhappy". */
const keyOf = (text: string): string =>
	text
		.normalize('NFKC')
		.toLowerCase()
		.replace(/[^\p{Letter}\p{Number}]/gu, '');

/** The ID without series and number: "mengwa_renzhen_1" -> "renzhen". */
const pinyinMoodOf = ({ id, series }: Template): string =>
	id.slice(series.length + 1).replace(/_\d+$/, '');

/** Every key that finds a template. */
function keysOf(template: Template): Set<string> {
	const { id, series, mood, chineseMood } = template;
	const { name, chineseName } = SERIES[series];
	const moods = [mood, chineseMood, pinyinMoodOf(template)].map(keyOf);
	const seriesNames = [name, chineseName, series].map(keyOf);
	const both = seriesNames.flatMap((name) => moods.flatMap((mood) => [name + mood, mood + name]));
	return new Set([keyOf(id), keyOf(templateLabel(template)), ...moods, ...both]);
}

const KEYS = TEMPLATES.map((template) => ({ template, keys: keysOf(template) }));

/** Shorter texts are part of too many names. */
const SHORTEST_PART = 2;

/** Templates whose name contains the text, or whose mood is in the text. */
function similarTo(text: string): Template[] {
	const wanted = keyOf(text);
	if (wanted.length < SHORTEST_PART && !/\p{Script=Han}/u.test(wanted)) return [];
	return KEYS.filter(({ template, keys }) => {
		const mood = keyOf(template.mood);
		return wanted.includes(mood) || [...keys].some((key) => key.includes(wanted));
	}).map(({ template }) => template);
}

/** The result of looking for a template by a text. */
export type TemplateMatch =
	| { kind: 'found'; id: string }
	/** Several templates have this name. */
	| { kind: 'ambiguous'; fits: Template[] }
	/** No template has this name; these have similar names. */
	| { kind: 'unknown'; fits: Template[] };

/**
 * Finds the template that a text names.
 * @returns `found` also for an ID that is newer than this package. Only DashScope can validate it
 */
export function findTemplate(text: string): TemplateMatch {
	const wanted = text.trim();
	const key = keyOf(wanted);
	const looksLikeId = TEMPLATE_ID.test(wanted);
	const [first, ...others] = KEYS.filter(({ template, keys }) => {
		if (template.id === wanted) return true;
		// A known ID with another number may be a new template.
		const isNameInPinyin = key === keyOf(template.series) + keyOf(pinyinMoodOf(template));
		return keys.has(key) && !(looksLikeId && isNameInPinyin);
	}).map(({ template }) => template);
	if (first && others.length === 0) return { kind: 'found', id: first.id };
	if (first) return { kind: 'ambiguous', fits: [first, ...others] };
	if (looksLikeId) return { kind: 'found', id: wanted };
	return { kind: 'unknown', fits: similarTo(wanted) };
}

/** Templates as a message lists them: `"Cute Kid: Happy (mengwa_kaixin)", "Worker: ..."` */
export const listed = (templates: readonly Template[]): string =>
	templates.map((template) => `"${templateLabel(template)}"`).join(', ');

const NAME_BY_ID = new Map(TEMPLATES.map((template) => [template.id, templateName(template)]));

/** "Cute Kid: Happy". For an ID that is newer than this package, the ID. */
export const nameOfTemplate = (id: string): string => NAME_BY_ID.get(id) ?? id;
