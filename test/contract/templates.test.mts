import { templateIds } from '../../sandbox/dashscope/index.mts';
import { TEMPLATES } from '../../nodes/EmojiVideo/dashscope/templates';
import { documentedTemplateIds } from './examples.mts';

const sorted = (ids: Iterable<string>) => [...ids].sort();

it('the package has the 20 templates of the API reference’s appendix', () => {
	expect(documentedTemplateIds).toHaveLength(20);
	expect(TEMPLATES).toHaveLength(20);
	expect(sorted(TEMPLATES.map(({ id }) => id))).toEqual(sorted(documentedTemplateIds));
});

it('the package and the mock have the same templates', () => {
	expect(sorted(templateIds)).toEqual(sorted(documentedTemplateIds));
});
