/**
 * All checks, in the order in which they are made. Rule: what can be refused comes before what is
 * billed, and the second task is canceled at once.
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
