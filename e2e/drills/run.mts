/**
 * Crash drills: `kill -9` of a real n8n during a Create and Wait that survives restarts, then start it
 * again on the same data. What must hold: every execution ends in time; every accepted task is a video,
 * an ID in an item or an error, or at least a line in n8n's log; no task is paid for twice.
 *
 * Takes minutes per drill, so it is a command of its own:
 * `npm run drills -- --random 10 --creating 10 --check 5 --portraits 60`.
 */
import { Command } from 'commander';
import path from 'node:path';

import { startDashScopeDouble, type DashScopeDouble } from '../../sandbox/dashscope/index.mts';
import { connect, type Execution, type Workflow } from '../../sandbox/n8n/api.mts';
import { bringUp, OWNER, type Sandbox } from '../../sandbox/n8n/bring-up.mts';
import { credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { WORK_FOLDER } from '../../sandbox/n8n/paths.mts';
import { batch, emojiVideo, MANUAL, portraitsOf, type Portrait } from '../workflows.mts';
import { MOMENTS, type Moment } from './moments.mts';
import { judge, type Verdict } from './verdict.mts';

const FILES = ['ada.png', 'ben.jpg', 'kim.png'];
const DRILL_TIMEOUT_MS = 30 * 60_000;

interface Flags {
	random: string;
	check: string;
	creating: string;
	double: string;
	portraits: string;
	taskSeconds: string;
}

interface Drill {
	name: string;
	moment: Moment;
	/** Executions at once. */
	batches: number;
}

interface Row extends Verdict {
	drill: string;
	killed: string;
	seconds: number;
}

const flags = new Command('npm run drills --')
	.option('--random <n>', 'kills at a random moment of the wait', '10')
	.option('--check <n>', 'kills in the very moment of a check', '5')
	.option('--creating <n>', 'kills while tasks are being created', '5')
	.option('--double <n>', 'kills with two batches at once', '2')
	.option('--portraits <n>', 'videos in a batch', '5')
	.option('--task-seconds <n>', 'how long a video takes', '8')
	.parse()
	.opts<Flags>();

const drillsOf = (count: string, name: string, momentOf: (index: number) => Moment, batches = 1) =>
	Array.from({ length: Number(count) }, (_, index): Drill => {
		return { name: `${name} ${index + 1}`, moment: momentOf(index), batches };
	});

const plan: Drill[] = [
	...drillsOf(flags.random, 'random', () => 'random'),
	...drillsOf(flags.check, 'check', () => 'check'),
	...drillsOf(flags.creating, 'creating', () => 'creating'),
	...drillsOf(flags.double, 'two batches', (index) => (index % 2 ? 'check' : 'random'), 2),
];

async function run(
	sandbox: Sandbox,
	double: DashScopeDouble,
	workflow: Workflow,
	portraits: Portrait[],
	{ name, moment, batches }: Drill,
): Promise<Row> {
	double.reset();
	const startedAt = Date.now();
	const ids: string[] = [];
	for (let index = 0; index < batches; index++) {
		ids.push(await sandbox.api.run(workflow, MANUAL.name));
	}
	const wanted = batches * portraits.length;
	const killed = await MOMENTS[moment]({ api: sandbox.api, double, ids, wanted });
	await sandbox.n8n.kill();
	double.faults.clear();
	sandbox.n8n = await sandbox.n8n.startAgain();
	sandbox.api = await connect(sandbox.n8n.url, OWNER);
	const executions: Execution[] = [];
	for (const id of ids) {
		executions.push(await sandbox.api.waitForExecution(id, { timeoutMs: DRILL_TIMEOUT_MS }));
	}
	const verdict = await judge(sandbox.api, double, executions, portraits, sandbox.n8n.logFile);
	const seconds = Math.round((Date.now() - startedAt) / 1000);
	return { drill: name, killed, seconds, ...verdict };
}

async function main(): Promise<void> {
	const double = await startDashScopeDouble({ taskSeconds: Number(flags.taskSeconds) });
	const sandbox = await bringUp({
		stage: async (title, work) => {
			console.log(title);
			return await work(() => undefined);
		},
		workFolder: path.join(WORK_FOLDER, 'drills'),
		fresh: true,
		port: 5700,
		credentialData: credentialDataFor(double),
		addresses: { portraitUrl: double.portraitUrl('ada.png'), brokenLinkOrigin: double.storageUrl },
	});
	const count = Number(flags.portraits);
	const files = Array.from({ length: count }, (_, index) => FILES[index % FILES.length] ?? '');
	const portraits = portraitsOf(double, ...files);
	const options = { surviveRestarts: true, timeout: 120, queueTimeout: 3600 };
	const video = emojiVideo(sandbox.credential, { options });
	const workflow = await sandbox.api.importWorkflow(batch('Drill', portraits, video));
	const rows: Row[] = [];
	try {
		for (const drill of plan) {
			const row = await run(sandbox, double, workflow, portraits, drill);
			rows.push(row);
			console.log(JSON.stringify(row));
		}
	} finally {
		console.table(rows);
		await sandbox.n8n.stop();
		await double.close();
	}
	if (!rows.every(({ passed }) => passed)) process.exitCode = 1;
}

void main();
