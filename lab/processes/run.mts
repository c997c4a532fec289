/**
 * Processes that share an account in real time: `npm run test:processes -- [count] [--seconds N]`.
 * Each detects and creates as fast as its limiter lets it; the mock enforces the documented limits and
 * counts. Takes as long as it says, 4 minutes by default, so it is a command of its own.
 */
import { Command } from 'commander';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';

/** What must hold, of each kind of request. */
const LIMITS = { unfairness: 0.25, refused: 0.1, perSecond: 0.8 };

interface Row {
	requests: string;
	/** Taken, of each process. */
	taken: string;
	/** How far the one that is furthest from the mean is from it. */
	unfairness: number;
	/** Answered 429, of all. */
	refused: number;
	/** Taken per second, of all processes together; the account allows 1. */
	perSecond: number;
	passed: boolean;
}

const round = (value: number) => Math.round(value * 1000) / 1000;

function judge(mock: DashScopeMock, kind: 'detect' | 'create', count: number, seconds: number) {
	const all = mock.ledger().filter(({ operation }) => operation === kind);
	const taken = all.filter(({ status }) => status === 200);
	const shares = Array.from(
		{ length: count },
		(_, nth) => taken.filter(({ headers }) => headers['x-process'] === String(nth)).length,
	);
	const mean = taken.length / count;
	const unfairness = Math.max(...shares.map((share) => Math.abs(share - mean))) / mean;
	const refused = all.filter(({ status }) => status === 429).length / all.length;
	const perSecond = taken.length / seconds;
	const row: Row = {
		requests: kind,
		taken: shares.join(' '),
		unfairness: round(unfairness),
		refused: round(refused),
		perSecond: round(perSecond),
		passed:
			unfairness <= LIMITS.unfairness && refused <= LIMITS.refused && perSecond >= LIMITS.perSecond,
	};
	return row;
}

async function main() {
	const program = new Command('npm run test:processes --')
		.argument('[count]', 'how many processes', '4')
		.option('--seconds <seconds>', 'how long', '240')
		.parse();
	const count = Number(program.processedArgs[0]);
	const seconds = Number(program.opts<{ seconds: string }>().seconds);
	const mock = await startDashScopeMock({ taskSeconds: 1, concurrency: 100 });
	try {
		const child = path.join(import.meta.dirname, 'child.mts');
		await Promise.all(
			Array.from({ length: count }, async (_, nth) => {
				const portrait = mock.portraitUrl('ada.png');
				const args = [mock.url, mock.apiKey, portrait, String(nth), String(seconds)];
				const running = spawn(process.execPath, ['--import', 'tsx', child, ...args], {
					stdio: 'inherit',
				});
				const [code] = (await once(running, 'exit')) as [number | null];
				if (code !== 0) throw new Error(`Process ${nth} ended with ${code}.`);
			}),
		);
		const rows = [judge(mock, 'detect', count, seconds), judge(mock, 'create', count, seconds)];
		console.table(rows);
		if (!rows.every(({ passed }) => passed)) process.exitCode = 1;
	} finally {
		await mock.close();
	}
}

await main();
