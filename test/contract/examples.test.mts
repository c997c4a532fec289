import { exampleFiles, sources } from './examples.mts';

it('the index names the document and section of every example file', () => {
	expect(sources.map(({ file }) => file).sort()).toEqual(exampleFiles().sort());
	for (const { document, section, readBy } of sources) {
		expect([document, section, readBy].filter((text) => text.trim() === '')).toEqual([]);
	}
});

it('the index names every example file once', () => {
	expect(new Set(sources.map(({ file }) => file)).size).toBe(sources.length);
});
