/** The text of docs/templates.md. Pure: a test compares it with the file, so nobody edits that by hand. */
import {
	SERIES,
	TEMPLATES,
	templateName,
	type Template,
} from '../../nodes/EmojiVideo/dashscope/templates.ts';
import { DOCUMENTED_NAMES, PREVIEWS } from './templates.mts';

/** Where a template's moving picture lies, seen from docs/. */
export const pictureOf = (id: string): string => `images/templates/${id}.gif`;

function row(template: Template): string {
	const { id, series, chineseMood } = template;
	const name = templateName(template);
	const preview = PREVIEWS[id];
	const cells = [
		`![${name}](${pictureOf(id)})`,
		`\`${id}\``,
		name,
		`${SERIES[series].chineseName}·${chineseMood}${DOCUMENTED_NAMES.includes(id) ? ' (documented)' : ''}`,
		preview ? `[GIF](${preview})` : '',
	];
	return `| ${cells.join(' | ')} |`;
}

function section([series, { name, chineseName }]: [string, { name: string; chineseName: string }]) {
	return [
		`## ${name} (${chineseName})`,
		'',
		'| | ID | in n8n | Chinese name | preview by Alibaba |',
		'|---|---|---|---|---|',
		...TEMPLATES.filter((template) => template.series === series).map(row),
	].join('\n');
}

export function templatesPage(): string {
	return `<!-- Made by "npm run gallery". Change scripts/gallery/ instead. -->

# Templates

The ${TEMPLATES.length} expressions of \`emoji-v1\`. Choose them in the node's field **Templates**, or write by
expression what you have: an ID, a name (\`Cute Kid: Happy\`, \`smile\`) or a Chinese name. A name that fits
several templates, or none, is refused before anything is billed, with the names that fit. An ID that is newer
than this page works too, if the service knows it.

- **The pictures are ours**: what this project's double of the service draws, to tell the templates apart.
  They are not Alibaba's videos, and a person's video looks like the person. Where the
  [reference](https://help.aliyun.com/zh/model-studio/emoji-api) documents a preview whose address we know, it
  is linked; it comes from the Tongyi app, and the model's own videos are without its stickers and texts.
- **The names are ours**, English and Chinese, read from the pinyin of the IDs, except where it says
  "documented"; the series' Chinese names are documented too. Two IDs are read in more than one way, so their
  English names follow the captions of the previews instead: \`mengwa_jiaoxie\` (嘿嘿嘿) and
  \`dagong_yangwang\` (针不搓, "not bad"). Names may change; IDs do not.
- A video is as long as its template, at most 5 seconds, and billed by its length.

${Object.entries(SERIES).map(section).join('\n\n')}
`;
}
