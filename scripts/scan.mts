/**
 * n8n's verification gate, offline: the scanner's own rules over the sources and over the packed
 * tarball, every `eslint-disable` ignored, and what the packed tarball may contain.
 * Rule: it packs what npm would publish, so run the build first.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

import { OLDEST_SUPPORTED } from '../lab/hosts/hosts.mts';
import { forbiddenModules } from './hostModules.mts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');

/** Code that can be read, one compiled file for each source. */
const MAX_PACKED_BYTES = 120 * 1024;
const SHIPPED = [/^dist\/.+\.(js|svg|json)$/, /^README\.md$/, /^LICENSE\.md$/, /^package\.json$/];

interface Verdict {
	passed: boolean;
	message?: string;
	details?: string;
}

interface Scanner {
	analyzePackage(folder: string, patterns: string[]): Promise<Verdict>;
	SOURCE_FILE_PATTERNS: string[];
}

const packSchema = z.tuple([
	z.object({
		filename: z.string(),
		size: z.number(),
		files: z.array(z.object({ path: z.string() })),
	}),
]);

/** Packs into `folder` and unpacks there; npm's own word for what is in the tarball. */
async function pack(folder: string) {
	const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
		cwd: root,
	});
	const [tarball] = packSchema.parse(JSON.parse(stdout));
	await run('tar', ['-xzf', path.join(folder, tarball.filename), '-C', folder]);
	return { ...tarball, unpacked: path.join(folder, 'package') };
}

function checkContents(files: string[], packedBytes: number): Verdict {
	const strays = files.filter((file) => !SHIPPED.some((allowed) => allowed.test(file)));
	const missing = ['README.md', 'LICENSE.md'].filter((file) => !files.includes(file));
	const details = [
		...strays.map((file) => `does not belong into the package: ${file}`),
		...missing.map((file) => `is missing: ${file}`),
		...(packedBytes > MAX_PACKED_BYTES
			? [`${packedBytes} bytes packed, at most ${MAX_PACKED_BYTES}`]
			: []),
	];
	return { passed: details.length === 0, details: details.join('\n') };
}

/** Modules that an n8n may lack, asked for by what is shipped. */
async function checkModules(unpacked: string, files: string[]): Promise<Verdict> {
	const code = await Promise.all(
		files
			.filter((file) => file.endsWith('.js'))
			.map(async (file) => [file, await readFile(path.join(unpacked, file), 'utf8')] as const),
	);
	const details = forbiddenModules(Object.fromEntries(code));
	return { passed: details.length === 0, details: details.join('\n') };
}

async function main(): Promise<void> {
	const folder = await mkdtemp(path.join(tmpdir(), 'emoji-video-scan-'));
	try {
		const scannerModule = '@n8n/scan-community-package/scanner/scanner.mjs';
		const scanner = (await import(scannerModule)) as Scanner;
		const tarball = await pack(folder);
		const files = tarball.files.map((file) => file.path);
		const verdicts: Array<[string, Verdict]> = [
			['sources', await scanner.analyzePackage(root, scanner.SOURCE_FILE_PATTERNS)],
			['tarball', await scanner.analyzePackage(tarball.unpacked, ['**/*.js', 'package.json'])],
			[
				`contents (${files.length} files, ${tarball.size} bytes)`,
				checkContents(files, tarball.size),
			],
			[
				`modules (n8n ${OLDEST_SUPPORTED} and newer have them)`,
				await checkModules(tarball.unpacked, files),
			],
		];
		for (const [what, { passed, message, details }] of verdicts) {
			console.log(`${passed ? 'passed' : 'FAILED'}  ${what}`);
			if (!passed) console.log([message, details].filter(Boolean).join('\n'));
		}
		process.exitCode = verdicts.every(([, { passed }]) => passed) ? 0 : 1;
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

await main();
