/**
 * What one execution of the node works with: the account, the client, the clock, the paid tasks, and
 * Stop. Made once per execution, whatever the number of items.
 */
import type { IExecuteFunctions, IPollFunctions } from 'n8n-workflow';
import { accountMemoryOf } from '../account/accountMemory';
import type { AccountMemory } from '../account/accountMemory';
import { openPaidTasks } from '../batch/paidTasks';
import { accountIdOf, documentedUnless, rateLimiterOf } from '../account/rateLimiter';
import type { Rates } from '../account/rateLimiter';
import type { BatchTools } from '../batch/submit';
import { systemClock } from '../base/clock';
import type { Clock } from '../base/clock';
import { createClient, VIDEO_MODEL } from '../dashscope/client';
import type { Client } from '../dashscope/client';
import { accountOf } from '../dashscope/endpoint';
import type { Account } from '../dashscope/endpoint';
import { fail, succeed } from '../base/result';
import type { Result } from '../base/result';
import { createStop, neverStops } from '../base/stop';
import type { Stop } from '../base/stop';
import { watchRetirement } from '../dashscope/retirement';
import { createSend } from '../dashscope/transport';
import { cutKey, withoutKey } from '../dashscope/withoutKey';
import { createRemoteChecks } from '../media/remotePortrait';
import { createRecordException } from './exceptions';
import type { RecordException } from './exceptions';
import { createTell, createTrace } from './trace';
import { createUploads } from '../media/upload';
import type { Uploads } from '../media/upload';

export const CREDENTIAL_TYPE = 'dashScopeApi';

export interface ExecutionContext extends BatchTools {
	functions: IExecuteFunctions;
	account: Pick<Account, 'isLoopback'>;
	/** Portraits that are files, on their way to the service. */
	uploads: Uploads;
	/** Looks at a portrait on the internet before the service does. */
	checkRemote: ReturnType<typeof createRemoteChecks>;
	/** Requests per second that the user allows, where not as documented. */
	rates: Partial<Rates>;
	/** How often this node has run in this execution; more than 0 inside Loop Over Items. */
	runIndex: number;
	/** Whether the node ends with the first failing item, or goes on with the others. */
	stopsAtFirstFailure: boolean;
	/** A client for what is still to be done after Stop. */
	clientAfterStop: Client;
	retirement: AccountTools['retirement'];
	recordException: RecordException;
	/** Fires `stop.batchEnd`. */
	endBatch: () => void;
}

/**
 * Whether an AI agent has called the node as its tool. n8n's newer agents run tools as nodes of the
 * workflow, so that only the type tells (n8n-workflow's isToolType, which older versions do not have).
 */
export const isToolCall = (functions: IExecuteFunctions): boolean =>
	functions.isToolExecution?.() === true || functions.getNode().type.endsWith('Tool');

/** What is needed to speak with the account, for a node that runs or one that polls. */
export interface AccountTools {
	account: Pick<Account, 'isLoopback'>;
	client: Client;
	clock: Clock;
	stop: Stop;
	memory: AccountMemory;
	recordException: RecordException;
	/** Asks when the model goes offline; what comes back says it, once it is known. */
	retirement(): () => string | undefined;
}

async function readAccount(
	functions: IExecuteFunctions | IPollFunctions,
): Promise<Result<Account>> {
	try {
		return accountOf(await functions.getCredentials(CREDENTIAL_TYPE));
	} catch (error) {
		return fail({
			kind: 'invalid',
			message: `The DashScope API credential cannot be used: ${error instanceof Error ? error.message : 'unknown reason'}`,
			nextStep: 'Select a DashScope API credential in the node.',
		});
	}
}

/** What an account is opened with. */
export interface AccountOptions {
	functions: IExecuteFunctions | IPollFunctions;
	/** Requests per second that the user allows, where not as documented. */
	rates?: Partial<Rates>;
	clock: Clock;
	stop: Stop;
}

/** Opens the account of the node's credential. */
export async function openAccount({
	functions,
	rates = {},
	clock,
	stop,
}: AccountOptions): Promise<Result<AccountTools>> {
	const account = await readAccount(functions);
	if (!account.ok) return account;
	const { apiKey, baseUrl, isLoopback } = account.value;
	const send = withoutKey(
		createSend({ functions, credentialType: CREDENTIAL_TYPE, baseUrl, clock, stop }),
		apiKey,
	);
	const accountId = accountIdOf(apiKey, baseUrl);
	const acquire = rateLimiterOf(accountId, documentedUnless(rates), clock);
	const client = createClient(send, acquire, clock, stop);
	const memory = accountMemoryOf(accountId);
	const recordException = createRecordException(functions, cutKey(apiKey));
	const retirement = () => watchRetirement(send, accountId, VIDEO_MODEL, clock);
	return succeed({
		account: { isLoopback },
		client,
		clock,
		stop,
		memory,
		recordException,
		retirement,
	});
}

/**
 * @param rates requests per second that the user allows, where not as documented
 */
export async function openContext(
	functions: IExecuteFunctions,
	rates: Partial<Rates>,
	clock: Clock = systemClock,
): Promise<Result<ExecutionContext>> {
	const { stop, endBatch } = createStop(functions.getExecutionCancelSignal());
	const tools = await openAccount({ functions, rates, clock, stop });
	if (!tools.ok) return tools;
	const afterStop = await openAccount({ functions, rates, clock, stop: neverStops() });
	if (!afterStop.ok) return afterStop;
	const { account, client } = tools.value;
	const link = { functions, clock, stop, allowLoopback: account.isLoopback };
	return succeed({
		...tools.value,
		functions,
		rates,
		uploads: createUploads({ ...link, client }),
		checkRemote: createRemoteChecks(link),
		trace: createTrace(functions),
		tell: createTell(functions),
		paidTasks: openPaidTasks(functions.getContext('node')),
		endBatch,
		clientAfterStop: afterStop.value.client,
		runIndex: Number(functions.getWorkflowDataProxy(0).$runIndex ?? 0),
		// A model is told about each video, the good and the bad.
		stopsAtFirstFailure: !functions.continueOnFail() && !isToolCall(functions),
	});
}
