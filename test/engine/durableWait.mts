/** The shared parts of the tests of Survive Restarts: the node's run, and moments to die in. */
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import type { DashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { Found, Moment, N8nServer } from './server/n8nServer.mts';
import type { Sandbox } from './sandbox.mts';

export const PORTRAITS = ['ada.png', 'ben.jpg', 'kim.png'];

/** One item for each portrait, with its number. */
export const itemsOf = (double: DashScopeMock, portraits = PORTRAITS): IDataObject[] =>
	portraits.map((name, number) => ({ number, url: double.portraitUrl(name) }));

/** Create and Wait of each item's portrait, with Survive Restarts. */
export const survive = ({ options, ...more }: INodeParameters = {}): INodeParameters => ({
	resource: 'video',
	operation: 'createAndWait',
	imageUrl: '={{ $json.url }}',
	templates: ['mengwa_kaixin'],
	...more,
	options: { surviveRestarts: true, ...(options as IDataObject) },
});

/** Moves the clock until the account has this many tasks and all executions are parked. */
export async function created(
	{ double, time }: Pick<Sandbox, 'double' | 'time'>,
	n8n: N8nServer,
	id: string,
	count = PORTRAITS.length,
): Promise<Found> {
	await time.until(() => double.tasks().length >= count);
	return await n8n.parked(id);
}

type Condition = (moment: Moment) => boolean;

export const isQuery: Condition = (moment) =>
	moment.kind === 'request' && moment.path.startsWith('/api/v1/tasks/');

export const isCreate: Condition = (moment) =>
	moment.kind === 'request' && moment.path.endsWith('/video-synthesis');

export const isDownload: Condition = (moment) =>
	moment.kind === 'request' && moment.path.startsWith('/results/');

export const at =
	(when: Moment['when'], is: Condition): Condition =>
	(moment) =>
		moment.when === when && is(moment);

/**
 * A write to a row of n8n's table.
 * @param depth 0: the user's execution; 1: the guard; 2: the supervisor; 3: the checks
 */
export const isWrite = (depth: number, status: string, when: Moment['when']): Condition =>
	at(
		when,
		(moment) => moment.kind === 'write' && moment.depth === depth && moment.status === status,
	);

/** The nth time that a condition is true, from 1. */
export function nth(n: number, is: Condition): Condition {
	let count = 0;
	return (moment) => is(moment) && ++count === n;
}
