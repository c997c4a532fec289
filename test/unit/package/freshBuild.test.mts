/** `npx jest` alone refuses to test an old build. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const { whatIsStale } = createRequire(__filename)('../../engine/freshBuild.cjs') as {
	whatIsStale: (root: string) => string | undefined;
};

let root: string;
const write = (name: string, atSeconds: number, content = '{}') => {
	const file = path.join(root, name);
	mkdirSync(path.dirname(file), { recursive: true });
	writeFileSync(file, content);
	utimesSync(file, atSeconds, atSeconds);
};

/** A project whose sources are of second 100 and whose build is of second 200. */
beforeEach(() => {
	root = mkdtempSync(path.join(tmpdir(), 'fresh-build-'));
	for (const name of ['gulpfile.js', 'tsconfig.json', 'index.js']) write(name, 100);
	for (const name of ['nodes/A/a.ts', 'credentials/c.ts', 'nodes/A/a.node.json']) write(name, 100);
	for (const name of ['nodes/A/a.js', 'credentials/c.js', 'nodes/A/a.node.json'])
		write(`dist/${name}`, 200);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('a build of the present sources is fresh', () => {
	expect(whatIsStale(root)).toBeUndefined();
});

it.each([
	['nodes/A/a.ts', 'has changed since dist/ was built'],
	['credentials/c.ts', 'has changed since dist/ was built'],
	['nodes/A/a.node.json', 'has changed since dist/ was built'],
	['gulpfile.js', 'has changed since dist/ was built'],
	['tsconfig.json', 'has changed since dist/ was built'],
	['nodes/A/new.ts', 'is not in dist/'],
])('a build is stale if %s changed after it', (name, words) => {
	write(name, 300, '{ "new": true }');
	expect(whatIsStale(root)).toBe(`${name} ${words}`);
});

it('a build is stale if a source is gone or renamed, or if the build is missing', () => {
	rmSync(path.join(root, 'nodes/A/a.ts'));
	expect(whatIsStale(root)).toBe('dist/nodes/A/a.js has no source any more');
	rmSync(path.join(root, 'dist'), { recursive: true });
	expect(whatIsStale(root)).toMatch(/is not in dist\/$/);
});
