/** Plays the second matrix in a process of the engine's tests and writes lab/matrix/odd-report.md. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { env, execPath } from 'node:process';
import { oddReport } from './oddReport.mts';
import { wrongWith } from './oddResponses.mts';
import type { OddResult } from './oddResponses.mts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const JEST = path.join(ROOT, 'node_modules/jest/bin/jest.js');

const folder = mkdtempSync(path.join(tmpdir(), 'emoji-video-matrix-'));
const file = path.join(folder, 'seen.json');
const startedAt = Date.now();
const { status } = spawnSync(
	execPath,
	[
		JEST,
		'--config=jest.bench.config.mjs',
		'--testMatch=<rootDir>/lab/matrix/*.matrix.mts',
		'--silent',
	],
	{ cwd: ROOT, env: { ...env, MATRIX_SEEN: file }, stdio: ['ignore', 'inherit', 'inherit'] },
);
const results = JSON.parse(readFileSync(file, 'utf8')) as OddResult[];
rmSync(folder, { recursive: true });
const seconds = Math.round((Date.now() - startedAt) / 1000);
writeFileSync(path.join(import.meta.dirname, 'odd-report.md'), oddReport(results, seconds));
const wrong = results.filter((result) => wrongWith(result) !== '').length;
console.log(`${results.length} cells, ${wrong} wrong, ${seconds} s`);
process.exitCode = status === 0 && wrong === 0 ? 0 : 1;
