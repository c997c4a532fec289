/**
 * `npm run conformance`: the checks against the mock; with --live or --url against a real service,
 * beside the mock. Rule: the run bills nothing before a person has seen the price and typed yes.
 */
import { Command } from 'commander';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { startDashScopeMock } from '../dashscope/index.mts';
import type { Check } from './check.mts';
import { checks } from './checks.mts';
import { priceOf } from './price.mts';
import { recordingOf, writeRecording } from './record.mts';
import { chosen, runChecks, type Outcome } from './run-checks.mts';
import { differenceTable, documentTable, questionTable, summary, verdictOf } from './tables.mts';
import { mockTarget, liveTarget, type Target } from './visit.mts';

interface Flags {
	live: boolean;
	url?: string;
	portrait: string;
	also: string[];
	record?: string;
	yes: boolean;
}

const service = 'https://dashscope.aliyuncs.com';
/** The portrait of the detection page's own example. */
const examplePortrait =
	'https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20250912/uopnly/emoji-%E5%9B%BE%E5%83%8F%E6%A3%80%E6%B5%8B.png';

const flags = new Command('npm run conformance --')
	.description('Holds a service against the documents and the mock.')
	.option('--live', `ask the real service, ${service}, with the key in DASHSCOPE_API_KEY`, false)
	.option('--url <address>', 'ask the service at this base URL, likewise')
	.option('--portrait <address>', 'a portrait that passes, for a real service', examplePortrait)
	.option('--also <ids...>', 'optional checks to make at a real service', [])
	.option('--record <folder>', 'write the answers there; by default only those of a real service')
	.option('--yes', 'do not ask before billing', false)
	.parse()
	.opts<Flags>();

function realTarget(): Target | undefined {
	const url = flags.url ?? (flags.live ? service : undefined);
	if (url === undefined) return undefined;
	if (!URL.canParse(url)) throw new Error(`--url is no address: ${url}`);
	const key = process.env.DASHSCOPE_API_KEY ?? '';
	if (key === '') {
		throw new Error(
			'A real service needs an API key in the environment variable DASHSCOPE_API_KEY.',
		);
	}
	return liveTarget(url, key, flags.portrait);
}

async function agree({ name }: Target, wanted: readonly Check[]): Promise<boolean> {
	console.log(`This asks ${name}. It will be billed:\n`);
	for (const line of priceOf(wanted)) console.log(`- ${line}`);
	if (flags.yes) return true;
	if (!process.stdin.isTTY) throw new Error('Nobody is here to say yes; --yes says it beforehand.');
	const prompt = createInterface({ input: process.stdin, output: process.stdout });
	const answer = await prompt.question('\nType yes to go on: ');
	prompt.close();
	return answer.trim().toLowerCase() === 'yes';
}

async function record(folder: string, target: Target, outcomes: readonly Outcome[]): Promise<void> {
	const from = `npm run conformance at ${target.name}, ${new Date().toISOString().slice(0, 10)}`;
	for (const { check, answer } of outcomes) {
		if (!answer) continue;
		await writeRecording(folder, check.id, recordingOf(check, answer, from, target.apiKey));
	}
	console.log(`\nAnswers without keys and signatures: ${path.relative('', folder)}`);
}

/** The same checks against a mock of its own. */
async function askMock(wanted: readonly Check[]): Promise<{ target: Target; outcomes: Outcome[] }> {
	const mock = await startDashScopeMock();
	try {
		const target = mockTarget(mock);
		return { target, outcomes: await runChecks(target, wanted) };
	} finally {
		await mock.close();
	}
}

async function atTheMock(): Promise<void> {
	const { target, outcomes } = await askMock(checks);
	console.log(`${documentTable(outcomes)}\n\n${summary(outcomes)}`);
	console.log(`\nOpen, for an owner with a key (npm run conformance -- --live):\n`);
	console.log(questionTable([]));
	if (flags.record !== undefined) await record(flags.record, target, outcomes);
	if (outcomes.some((outcome) => verdictOf(outcome) !== 'as documented')) process.exitCode = 1;
}

async function atTheService(target: Target): Promise<void> {
	const wanted = chosen(checks, flags.also);
	if (!(await agree(target, wanted))) {
		console.log('Nothing was asked.');
		return;
	}
	console.log('');
	const outcomes = await runChecks(target, wanted, (outcome) =>
		console.log(`${outcome.check.id}: ${verdictOf(outcome)}`),
	);
	const mock = await askMock(wanted);
	console.log(`\n${documentTable(outcomes)}\n\n${summary(outcomes)}`);
	console.log(`\n${differenceTable(outcomes, mock.outcomes)}`);
	console.log(`\n${questionTable(outcomes)}`);
	const day = new Date().toISOString().slice(0, 10);
	await record(
		flags.record ?? path.join('test/contract/recorded', `live-${day}`),
		target,
		outcomes,
	);
}

try {
	const target = realTarget();
	await (target ? atTheService(target) : atTheMock());
} catch (error) {
	console.error(error instanceof Error ? error.message : String(error));
	process.exitCode = 1;
}
