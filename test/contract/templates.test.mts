import { templateIds } from '../../sandbox/dashscope/index.mts';
import { TEMPLATES } from '../../nodes/EmojiVideo/dashscope/templates';
import { documentedTemplateIds } from './examples.mts';

const sorted = (ids: Iterable<string>) => [...ids].sort();

it('offers the 20 templates of the appendix, in number and spelling', () => {
	expect(documentedTemplateIds).toHaveLength(20);
	expect(TEMPLATES).toHaveLength(20);
	expect(sorted(TEMPLATES.map(({ id }) => id))).toEqual(sorted(documentedTemplateIds));
});

it('offers what the double knows', () => {
	expect(sorted(templateIds)).toEqual(sorted(documentedTemplateIds));
});
