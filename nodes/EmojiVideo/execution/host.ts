/**
 * Which n8n this is, told by what its n8n-workflow has: n8n tells a node no version. Rule: a feature is
 * asked for, not a number, and what is missing is said in one sentence.
 * Measured in real hosts: docs/compatibility.md.
 */
import * as n8nWorkflow from 'n8n-workflow';

const has = (name: string): boolean =>
	typeof (n8nWorkflow as Record<string, unknown>)[name] === 'function';

/**
 * Whether n8n hands a sub-workflow's result to an execution that is parked on it. n8n 1.x takes the call,
 * resumes the execution with the items it was parked with, and calls that a success
 * (`updateParentExecutionWithChildResults` came with n8n 2.0). This function came with the same version.
 */
export const resumesParkedExecutions = (): boolean => has('validateWorkflowHasTriggerLikeNode');

/** Oldest n8n that is supported and tested. */
const OLDEST = '1.101';

/**
 * Refuses a host that is too old, when it loads the package. A sleep that can be ended came with n8n
 * 1.101, and was renamed after 2.0.
 * @throws an error that says so, which n8n writes to its log
 */
export function requireSupportedHost(): void {
	if (has('sleepWithAbort') || resumesParkedExecutions()) return;
	throw new Error(
		`n8n-nodes-emoji-video needs n8n ${OLDEST} or newer: update n8n, then restart it. Older versions cannot stop a node that waits.`,
	);
}
