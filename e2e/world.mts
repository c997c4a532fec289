/**
 * One n8n with the packed package and one mock of the service, which the end-to-end tests share. The rule: tests
 * reach both over HTTP only, as a user would, because they run in other processes than the global set-up.
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
import type { DashScopeMockOptions } from '../sandbox/dashscope/index.mts';
import { openService, type Service } from '../lab/stage/service.mts';
import { speedUp, type Speed } from '../lab/stage/speed.mts';
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
	mockUrl: z.string(),
	storageUrl: z.string(),
	apiKey: z.string(),
	/** Of this n8n and of all mocks that work with it. */
	clock: z.object({ times: z.number(), from: z.number() }),
	credential: credentialSchema,
	examples: z.record(workflowSchema),
});

export type World = z.infer<typeof worldSchema>;

/** n8n's data and log, and the videos that workflows write. */
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

/** The data of a credential for the shared mock. */
export function credentialData(world: World, apiKey = world.apiKey) {
	return credentialDataFor({ apiKey, url: world.mockUrl });
}

export function exampleOf(world: World, file: string): Workflow {
	const workflow = world.examples[file];
	if (workflow === undefined) throw new Error(`There is no example ${file}`);
	return workflow;
}

export const speedOf = ({ clock }: World): Speed => speedUp(clock.times, clock.from);

/** A mock of a test's own, by the clock of the shared n8n, and a credential for it. */
export async function openMock(
	api: N8nApi,
	name: string,
	options: DashScopeMockOptions = {},
): Promise<Service> {
	return await openService(api, name, { clock: speedOf(readWorld()).clock, ...options });
}

/** Runs a workflow to its end. @throws with n8n's own words if it does not succeed */
export async function runToSuccess(api: N8nApi, workflow: Workflow): Promise<Execution> {
	const id = await api.run(workflow, manualTriggerOf(workflow));
	const execution = await api.waitForExecution(id);
	if (execution.status !== 'success') throw new Error(failureOf(execution));
	return execution;
}

export type { Credential };
