/**
 * Crash drills: `kill -9` of a real n8n during a Create and Wait that survives restarts, then start it
 * again on the same data. What must hold: every execution ends in time, with all its videos, or with
 * every task ID marked as unfinished; no task is paid for twice.
 *
 * Takes minutes per drill, so it is a command of its own: `npm run drills -- --random 10 --check 5`.
 */
import { Command } from 'commander';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startDashScopeDouble } from '../sandbox/dashscope/index.mts';
import type { DashScopeDouble } from '../sandbox/dashscope/index.mts';
import { connect } from '../sandbox/n8n/api.mts';
import type { Execution, Item, N8nApi, Workflow } from '../sandbox/n8n/api.mts';
import { bringUp, OWNER } from '../sandbox/n8n/bring-up.mts';
import type { Sandbox } from '../sandbox/n8n/bring-up.mts';
import type { RunningN8n } from '../sandbox/n8n/instance.mts';
import { credentialDataFor } from '../sandbox/n8n/credential.mts';
import { WORK_FOLDER } from '../sandbox/n8n/paths.mts';
import { outputOf } from '../sandbox/n8n/report.mts';
import { untilParked, untilStatusIsAsked } from './moments.mts';
import { countVideos } from './videos.mts';
import { batch, emojiVideo, MANUAL, portraitsOf } from './workflows.mts';

const PORTRAITS = ['ada.png', 'ben.jpg', 'kim.png', 'ada.png', 'ben.jpg'];
const TASK_SECONDS = 8;
const DRILL_TIMEOUT_MS = 15 * 60_000;
const WORK = path.join(WORK_FOLDER, 'drills');

/** When n8n is killed: at any moment of the wait, or while a turn is asking DashScope. */
type Moment = 'random' | 'check';

interface Row {
	drill: string;
	killed: string;
	seconds: number;
	executions: string;
	videos: number;
	unfinished: number;
	creates: number;
	links: string;
	passed: boolean;
}

/** Get Status of the task IDs that an interrupted execution brought out. */
async function canBeFetched(double: DashScopeDouble, item: Item): Promise<boolean> {
	const response = await fetch(`${double.url}/api/v1/tasks/${String(item.json['taskId'])}`, {
		headers: { Authorization: `Bearer ${double.apiKey}` },
	});
	const { output } = (await response.json()) as { output: { task_status: string } };
	return output.task_status === 'SUCCEEDED';
}

class Drills {
	private n8n: RunningN8n;
	private api: N8nApi;

	constructor(
		sandbox: Sandbox,
		private readonly double: DashScopeDouble,
		private readonly workflow: Workflow,
	) {
		this.n8n = sandbox.n8n;
		this.api = sandbox.api;
	}

	async stop() {
		await this.n8n.stop();
	}

	private async killAt(moment: Moment): Promise<string> {
		if (moment === 'random') {
			const delayMs = Math.round(Math.random() * 75_000);
			await sleep(delayMs);
			await this.n8n.kill();
			return `${(delayMs / 1000).toFixed(1)} s after parking`;
		}
		await untilStatusIsAsked(this.double, 4000);
		const delayMs = Math.round(Math.random() * 3000);
		await sleep(delayMs);
		await this.n8n.kill();
		this.double.faults.clear();
		return `${(delayMs / 1000).toFixed(1)} s into a check`;
	}

	private async restart() {
		this.n8n = await this.n8n.startAgain();
		this.api = await connect(this.n8n.url, OWNER);
	}

	async run(drill: string, moment: Moment, batches: number): Promise<Row> {
		this.double.reset();
		const startedAt = Date.now();
		const ids: string[] = [];
		for (let batch = 0; batch < batches; batch++) {
			ids.push(await this.api.run(this.workflow, MANUAL.name));
		}
		await untilParked(this.api, ids);
		const killed = await this.killAt(moment);
		await this.restart();
		const executions: Execution[] = [];
		for (const id of ids) {
			executions.push(await this.api.waitForExecution(id, { timeoutMs: DRILL_TIMEOUT_MS }));
		}
		const items = executions.flatMap((execution) => outputOf(execution, 'After'));
		const wanted = batches * PORTRAITS.length;
		const unfinished = items.filter(({ json }) => json['unfinished'] === true);
		const fetchable = await Promise.all(
			unfinished.map(async (item) => await canBeFetched(this.double, item)),
		);
		const videos = await countVideos(this.api, items);
		const creates = this.double.counts().createsAccepted;
		const links = items.every(({ json }, index) => json['number'] === index % PORTRAITS.length);
		return {
			drill,
			killed,
			seconds: Math.round((Date.now() - startedAt) / 1000),
			executions: executions.map(({ status }) => status).join(' '),
			videos,
			unfinished: unfinished.length,
			creates,
			links: links ? 'kept' : 'BROKEN',
			passed:
				videos + fetchable.filter(Boolean).length === wanted &&
				(moment === 'check' || videos === wanted) &&
				creates === wanted &&
				links,
		};
	}
}

async function main() {
	const options = new Command()
		.option('--random <n>', 'kills at a random moment of the wait', '10')
		.option('--check <n>', 'kills in the very moment of a check', '5')
		.option('--double <n>', 'random kills with two batches at once', '2')
		.parse()
		.opts<Record<'random' | 'check' | 'double', string>>();
	const double = await startDashScopeDouble({ taskSeconds: TASK_SECONDS });
	const sandbox = await bringUp({
		stage: async (title, work) => {
			console.log(title);
			return await work(() => undefined);
		},
		workFolder: WORK,
		fresh: true,
		port: 5700,
		credentialData: credentialDataFor(double),
		addresses: { portraitUrl: double.portraitUrl('ada.png'), brokenLinkOrigin: double.storageUrl },
	});
	const workflow = await sandbox.api.importWorkflow(
		batch(
			'Drill',
			portraitsOf(double, ...PORTRAITS),
			emojiVideo(sandbox.credential, {
				options: { surviveRestarts: true, timeout: 120, queueTimeout: 300 },
			}),
		),
	);
	const drills = new Drills(sandbox, double, workflow);
	const plan: Array<[name: string, moment: Moment, batches: number]> = [
		...Array.from(
			{ length: Number(options.random) },
			(_, i) => [`random ${i + 1}`, 'random', 1] as [string, Moment, number],
		),
		...Array.from(
			{ length: Number(options.check) },
			(_, i) => [`check ${i + 1}`, 'check', 1] as [string, Moment, number],
		),
		...Array.from(
			{ length: Number(options.double) },
			(_, i) => [`two batches ${i + 1}`, i % 2 ? 'check' : 'random', 2] as [string, Moment, number],
		),
	];
	const rows: Row[] = [];
	try {
		for (const [name, moment, batches] of plan) {
			const row = await drills.run(name, moment, batches);
			rows.push(row);
			console.log(JSON.stringify(row));
		}
	} finally {
		console.table(rows);
		await drills.stop();
		await double.close();
	}
	if (!rows.every(({ passed }) => passed)) process.exitCode = 1;
}

void main();
