/** The text of docs/templates.md. Pure: a test compares it with the file, so nobody edits that by hand. */
import { TEMPLATES, templateLabel } from '../../nodes/EmojiVideo/dashscope/templates.ts';
import { CHINESE_NAMES, DOCUMENTED_NAMES, PREVIEWS } from './templates.mts';

const SERIES: ReadonlyArray<[prefix: string, heading: string]> = [
	['mengwa_', 'Cute Kid (萌娃)'],
	['dagong_', 'Office (打工)'],
	['jingdian_', 'Classic (经典)'],
];

/** Where a template's moving picture lies, seen from docs/. */
export const pictureOf = (id: string): string => `images/templates/${id}.gif`;

function row(template: (typeof TEMPLATES)[number]): string {
	const { id } = template;
	const name = templateLabel(template).replace(` (${id})`, '');
	const chinese = CHINESE_NAMES[id];
	if (chinese === undefined) throw new Error(`${id} has no Chinese name.`);
	const preview = PREVIEWS[id];
	const cells = [
		`![${name}](${pictureOf(id)})`,
		`\`${id}\``,
		name,
		chinese + (DOCUMENTED_NAMES.includes(id) ? ' (documented)' : ''),
		preview ? `[GIF](${preview})` : '',
	];
	return `| ${cells.join(' | ')} |`;
}

function section([prefix, heading]: (typeof SERIES)[number]): string {
	const rows = TEMPLATES.filter(({ id }) => id.startsWith(prefix)).map(row);
	return [
		`## ${heading}`,
		'',
		'| | ID | in n8n | Chinese name | preview by Alibaba |',
		'|---|---|---|---|---|',
		...rows,
	].join('\n');
}

export function templatesPage(): string {
	return `<!-- Made by "npm run gallery". Change scripts/gallery/ instead. -->

# Templates

The ${TEMPLATES.length} expressions of \`emoji-v1\`. Choose them in the node's field **Templates**, or give the ID by
expression. An ID that is newer than this page works too, if the service knows it.

- **The pictures are ours**: what this project's double of the service draws, to tell the templates apart.
  They are not Alibaba's videos, and a person's video looks like the person. Where the
  [reference](https://help.aliyun.com/zh/model-studio/emoji-api) documents a preview whose address we know, it
  is linked; it comes from the Tongyi app, and the model's own videos are without its stickers and texts.
- **The Chinese names are ours**, read from the pinyin of the IDs, except where it says "documented".
- A video is as long as its template, at most 5 seconds, and billed by its length.

${SERIES.map(section).join('\n\n')}
`;
}
