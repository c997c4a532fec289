/**
 * Reads the workflows in `examples/` and fits them to a sandbox. They are written for a user's own
 * n8n; the rule: only addresses, folders and credential ids are replaced, never a node or a
 * connection, so that what is tested is what users import.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

import { workflowFileSchema, type Credential, type WorkflowFile } from './api-schemas.mts';
import { EXAMPLES_FOLDER } from './paths.mts';

/** The documentation's own sample picture, which all examples use. */
export const SAMPLE_PORTRAIT_URL =
	'https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20250912/uopnly/emoji-%E5%9B%BE%E5%83%8F%E6%A3%80%E6%B5%8B.png';

/** Where the batch example's broken link points. */
const BROKEN_LINK_ORIGIN = 'https://example.com/';

/** The folder that workflows may write to in n8n's Docker image. */
const DOCKER_FILES_FOLDER = '/home/node/.n8n-files';

/** Notes on the canvas speak to users: they stay as they are. */
const STICKY_NOTE = 'n8n-nodes-base.stickyNote';

export const QUICK_START = 'quick-start.json';

/** What the examples need to know about the sandbox they are imported into. */
export interface Surroundings {
	credential: Credential;
	/** Folder for the videos. */
	filesFolder: string;
	/** Replaces the sample portrait; absent when the real service is used. */
	portraitUrl?: string;
	/** Replaces the origin of the broken link, with a slash at the end. */
	brokenLinkOrigin?: string;
}

/** All examples, fitted to a sandbox, by file name. */
export async function loadExamples(surroundings: Surroundings): Promise<Map<string, WorkflowFile>> {
	const names = (await readdir(EXAMPLES_FOLDER)).filter((name) => name.endsWith('.json')).sort();
	const examples = await Promise.all(
		names.map(async (name) => {
			const text = await readFile(path.join(EXAMPLES_FOLDER, name), 'utf8');
			return [name, fitExample(text, surroundings)] as const;
		}),
	);
	return new Map(examples);
}

/** Fits one exported workflow to a sandbox. @throws if it is not a workflow */
export function fitExample(text: string, surroundings: Surroundings): WorkflowFile {
	const { credential, filesFolder, portraitUrl, brokenLinkOrigin } = surroundings;
	const replacements: Array<[string, string]> = [
		[SAMPLE_PORTRAIT_URL, portraitUrl ?? SAMPLE_PORTRAIT_URL],
		[BROKEN_LINK_ORIGIN, brokenLinkOrigin ?? BROKEN_LINK_ORIGIN],
		// n8n takes forward slashes on Windows too, and they need no escaping in JSON.
		[DOCKER_FILES_FOLDER, filesFolder.replaceAll(path.sep, '/')],
	];
	const workflow = workflowFileSchema.parse(JSON.parse(text));
	const nodes = workflow.nodes.map((node) => {
		if (node.type === STICKY_NOTE) return node;
		const fitted = replacements.reduce(
			(json, [from, to]) => json.replaceAll(from, to),
			JSON.stringify(node.parameters),
		);
		const parameters = z.record(z.unknown()).parse(JSON.parse(fitted));
		const wanted = node.credentials?.[credential.type];
		if (wanted === undefined) return { ...node, parameters };
		const credentials = {
			...node.credentials,
			[credential.type]: { id: credential.id, name: credential.name },
		};
		return { ...node, parameters, credentials };
	});
	return { ...workflow, nodes };
}

/** The name of the node that starts a workflow by hand. @throws if there is none */
export function manualTriggerOf(workflow: WorkflowFile): string {
	const trigger = workflow.nodes.find((node) => node.type === 'n8n-nodes-base.manualTrigger');
	if (trigger === undefined) throw new Error(`"${workflow.name}" has no manual trigger`);
	return trigger.name;
}
