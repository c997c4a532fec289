/** The documents: every link, file and command exists, and generated pages are up to date. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

import { TEMPLATES } from '../../../nodes/EmojiVideo/dashscope/templates';
import { pictureOf, templatesPage } from '../../../scripts/gallery/page.mts';

const root = path.resolve(__dirname, '../../..');
const read = (name: string) => readFileSync(path.join(root, name), 'utf8');
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
	.split('\n')
	.filter((name) => name !== '' && existsSync(path.join(root, name)));
const documents = tracked.filter((name) => name.endsWith('.md'));

/** A document without what stands in code, where links are no links. */
const prose = (name: string) => read(name).replace(/```[\s\S]*?```|`[^`\n]*`/g, '');

/** The anchor that GitHub makes of a heading. */
const anchorOf = (heading: string) =>
	heading
		.trim()
		.toLowerCase()
		.replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
		.replace(/\s/g, '-');

const anchorsOf = (name: string) =>
	[...read(name).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

const linksOf = (name: string) =>
	[...prose(name).matchAll(/\]\(([^)\s]+)\)/g), ...prose(name).matchAll(/(?:src|href)="([^"]+)"/g)]
		.map(([, target = '']) => target)
		.filter((target) => !/^(https?:|mailto:)/.test(target));

/** Why a link of a document leads nowhere; undefined when it leads somewhere. */
function faultOf(document: string, link: string): string | undefined {
	// An issue form is shown below /issues/new, where GitHub resolves it against the site.
	if (link.startsWith('../blob/main/')) return faultOf('README.md', link.slice(13));
	const [file = '', anchor] = link.split('#');
	const target = file === '' ? document : path.join(path.dirname(document), file);
	if (!existsSync(path.join(root, target))) return `${document}: ${link} is missing`;
	if (anchor !== undefined && !anchorsOf(target).includes(decodeURIComponent(anchor))) {
		return `${document}: ${link} has no such heading`;
	}
	return undefined;
}

describe('the documents', () => {
	it('are found', () => {
		expect(documents).toEqual(
			expect.arrayContaining(['README.md', 'docs/service.md', 'docs/n8n.md']),
		);
	});

	it('link to files and headings that exist', () => {
		const faults = documents.flatMap((name) => linksOf(name).map((link) => faultOf(name, link)));
		expect(faults.filter(Boolean)).toEqual([]);
		expect(faults.length).toBeGreaterThan(20);
	});

	it('name only files that exist', () => {
		const named = documents.flatMap((name) =>
			[
				...read(name).matchAll(
					/(?<![\w/.@-])((?:test|e2e|lab|sandbox|scripts|docs|nodes|credentials|examples|\.github)\/[\w./-]+\.\w+)/g,
				),
			].map(([, file = '']) => ({ name, file })),
		);
		const exists = (file: string) =>
			[file, path.join('docs', file), path.join('nodes/EmojiVideo', file)].some((place) =>
				existsSync(path.join(root, place)),
			);
		expect(named.length).toBeGreaterThan(30);
		expect(named.filter(({ file }) => !exists(file))).toEqual([]);
	});

	it('name only commands that exist', () => {
		const { scripts } = z
			.object({ scripts: z.record(z.string()) })
			.parse(JSON.parse(read('package.json')));
		const called = documents.flatMap((name) =>
			[...read(name).matchAll(/`?npm (?:run (?:-s )?)([\w:-]+)/g)].map(([, script = '']) => [
				name,
				script,
			]),
		);
		expect(called.length).toBeGreaterThan(10);
		expect(called.filter(([, script = '']) => !(script in scripts))).toEqual([]);
	});
});

describe('the code', () => {
	const code = tracked.filter(
		(name) => /\.(ts|mts|cts|mjs|js|ya?ml)$/.test(name) && !name.endsWith('package-lock.json'),
	);
	/** Without line breaks inside comments, so that a citation is whole. */
	const textOf = (name: string) => read(name).replace(/\n\s*(\*|\/\/|#) ?/g, ' ');
	const names = new Set(documents.map((name) => path.basename(name)));

	it('cites only documents that are in the repository', () => {
		const cited = code.flatMap((name) =>
			[...textOf(name).matchAll(/\b[\w-]+(?:\.[\w-]+)*\.md\b/g)].map(([document]) => [
				name,
				document,
			]),
		);
		expect(cited.length).toBeGreaterThan(20);
		expect(cited.filter(([, document = '']) => !names.has(document))).toEqual([]);
	});

	it('cites headings that exist', () => {
		const cited = code.flatMap((name) =>
			[...textOf(name).matchAll(/(docs\/[\w-]+\.md), "([^"]+)"/g)].map(
				([, document = '', heading = '']) => ({ name, document, heading }),
			),
		);
		expect(cited.length).toBeGreaterThan(10);
		expect(
			cited.filter(({ document, heading }) => !anchorsOf(document).includes(anchorOf(heading))),
		).toEqual([]);
	});
});

describe('docs/architecture.md', () => {
	const page = read('docs/architecture.md');
	const rooms = tracked.flatMap(
		(name) => /^nodes\/EmojiVideo\/(\w+)\/.+\.ts$/.exec(name)?.[1] ?? [],
	);

	it('shows every room', () => {
		expect(new Set(rooms).size).toBeGreaterThan(8);
		expect([...new Set(rooms)].filter((room) => !page.includes(`| \`${room}/\` |`))).toEqual([]);
	});

	it('names only files that exist', () => {
		const files = [...page.matchAll(/`([\w./-]+\.(?:ts|mts|mjs))`/g)].map(([, name = '']) => name);
		expect(files.length).toBeGreaterThan(5);
		expect(
			files.filter((file) => !tracked.some((name) => `/${name}`.endsWith(`/${file}`))),
		).toEqual([]);
	});
});

describe('the gallery of templates', () => {
	it('is up to date with "npm run gallery"', () => {
		expect(read('docs/templates.md')).toBe(templatesPage());
	});

	it('has a GIF under 64 KB of each template', () => {
		expect(TEMPLATES).toHaveLength(20);
		for (const { id } of TEMPLATES) {
			const file = path.join(root, 'docs', pictureOf(id));
			expect(readFileSync(file).subarray(0, 6).toString()).toBe('GIF89a');
			expect(statSync(file).size).toBeLessThan(64 * 1024);
		}
	});

	it("keeps the README's first picture under a megabyte", () => {
		expect(statSync(path.join(root, 'docs/images/portrait-to-stickers.gif')).size).toBeLessThan(
			1e6,
		);
	});
});
