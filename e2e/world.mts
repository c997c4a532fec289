/**
 * What all end-to-end tests share: one n8n with the packed package and one DashScope double, started
 * by the global set-up. The rule: tests reach both over HTTP only, as a user would, because they may
 * run in another process.
 */
import path from 'node:path';
import { z } from 'zod';

import {
	connect,
	type Credential,
	type Execution,
	type N8nApi,
	type Workflow,
} from '../sandbox/n8n/api.mts';
import { credentialSchema, workflowSchema } from '../sandbox/n8n/api-schemas.mts';
import { OWNER } from '../sandbox/n8n/bring-up.mts';
import { credentialDataFor } from '../sandbox/n8n/credential.mts';
import { manualTriggerOf } from '../sandbox/n8n/examples.mts';
import { PROJECT_FOLDER, WORK_FOLDER } from '../sandbox/n8n/paths.mts';
import { failureOf } from '../sandbox/n8n/report.mts';

const VARIABLE = 'EMOJI_VIDEO_E2E';

const worldSchema = z.object({
	n8nUrl: z.string(),
	userFolder: z.string(),
	filesFolder: z.string(),
	doubleUrl: z.string(),
	storageUrl: z.string(),
	apiKey: z.string(),
	credential: credentialSchema,
	examples: z.record(workflowSchema),
});

export type World = z.infer<typeof worldSchema>;

/** Everything the tests make: n8n's data and log, written videos. */
export const E2E_FOLDER = path.join(WORK_FOLDER, 'e2e');

export const SCREENSHOTS_FOLDER = path.join(WORK_FOLDER, 'screenshots');

/** Where `E2E_UPDATE_IMAGES=1` copies the screenshots that the documentation shows. */
export const IMAGES_FOLDER = path.join(PROJECT_FOLDER, 'docs', 'images');

/** Called by the global set-up: hands the world to the test files. */
export function publishWorld(world: World): void {
	process.env[VARIABLE] = JSON.stringify(world);
}

export function readWorld(): World {
	const text = process.env[VARIABLE];
	if (text === undefined) throw new Error('Run the end-to-end tests with "npm run test:e2e"');
	return worldSchema.parse(JSON.parse(text));
}

export async function logIn(world: World): Promise<N8nApi> {
	return await connect(world.n8nUrl, OWNER);
}

/** The data of a credential for the double. */
export function credentialData(world: World, apiKey = world.apiKey) {
	return credentialDataFor({ apiKey, url: world.doubleUrl });
}

export function exampleOf(world: World, file: string): Workflow {
	const workflow = world.examples[file];
	if (workflow === undefined) throw new Error(`There is no example ${file}`);
	return workflow;
}

/** Runs a workflow to its end. @throws with n8n's own words if it does not succeed */
export async function runToSuccess(api: N8nApi, workflow: Workflow): Promise<Execution> {
	const id = await api.run(workflow, manualTriggerOf(workflow));
	const execution = await api.waitForExecution(id);
	if (execution.status !== 'success') throw new Error(failureOf(execution));
	return execution;
}

export type { Credential };
