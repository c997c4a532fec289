import { exampleFiles, sources } from './examples.mts';

it('names the document and the section of every example, and of no other file', () => {
	expect(sources.map(({ file }) => file).sort()).toEqual(exampleFiles().sort());
	for (const { document, section, readBy } of sources) {
		expect([document, section, readBy].filter((text) => text.trim() === '')).toEqual([]);
	}
});

it('names every source once', () => {
	expect(new Set(sources.map(({ file }) => file)).size).toBe(sources.length);
});
