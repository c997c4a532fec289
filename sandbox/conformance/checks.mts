/**
 * All checks, in the order of a run. Rule: refusals come before billed requests, and the run cancels
 * the second task at once.
 */
import type { Check } from './check.mts';
import { accountChecks } from './checks/account.mts';
import { creationChecks } from './checks/creation.mts';
import { detectionChecks } from './checks/detection.mts';
import { storageChecks } from './checks/storage.mts';
import { endedChecks, runningChecks } from './checks/tasks.mts';

export const checks: readonly Check[] = [
	...accountChecks,
	...detectionChecks,
	...storageChecks,
	...creationChecks,
	...runningChecks,
	...endedChecks,
];
