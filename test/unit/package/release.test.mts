import { notesOf, objections, type Release } from '../../../scripts/releaseChecks.mts';

const changelog = '# Changelog\n\n## 0.2.0\n\n- New.\n\n## 0.1.0\n\nFirst release.\n';

const good: Release = {
	version: '0.2.0',
	lockVersion: '0.2.0',
	changelog,
	tag: undefined,
	tags: ['v0.1.0'],
	status: '',
};

describe('a release', () => {
	it('passes if its version is new, committed, and has notes', () => {
		expect(objections(good)).toEqual([]);
		expect(objections({ ...good, tags: ['v0.1.0', 'v0.2.0'], tag: 'v0.2.0' })).toEqual([]);
	});

	it.each<[string, Partial<Release>, RegExp]>([
		['a tag that is not the version', { tag: 'v0.3.0' }, /Tag v0\.2\.0 instead/],
		['a tag without its v', { tag: '0.2.0' }, /Tag v0\.2\.0 instead/],
		['a version that is tagged already', { tags: ['v0.2.0'] }, /Raise the version/],
		['a version without notes', { changelog: '# Changelog\n\n## 0.1.0\n\nOld.\n' }, /Write what/],
		['notes with nothing in them', { changelog: '## 0.2.0\n\n## 0.1.0\n\nOld.\n' }, /Write what/],
		['a lock file left behind', { lockVersion: '0.1.0' }, /package-lock/],
		['uncommitted changes', { status: ' M README.md' }, /Commit them first/],
		[
			'a version that npm would not take',
			{ version: '2', lockVersion: '2' },
			/Write it as 1\.2\.3/,
		],
	])('is rejected with %s', (_what, change, words) => {
		expect(objections({ ...good, ...change }).join('\n')).toMatch(words);
	});

	it('takes its notes only from the section of its version', () => {
		expect(notesOf(changelog, '0.2.0')).toBe('- New.');
		expect(notesOf(changelog, '0.1.0')).toBe('First release.');
		expect(notesOf(changelog, '0.2')).toBeUndefined();
	});
});
