/** The parts of n8n's REST answers that the sandbox reads. The rule: name only what is used. */
import { z } from 'zod';

export const nodeTypeSchema = z
	.object({
		name: z.string(),
		displayName: z.string(),
		version: z.union([z.number(), z.array(z.number())]),
		properties: z.array(
			z.object({
				name: z.string(),
				options: z.array(z.object({ name: z.string(), value: z.unknown() })).optional(),
			}),
		),
		/** Relative to n8n's address; one for each colour theme, or one for all. */
		iconUrl: z.union([z.string(), z.record(z.string())]).optional(),
	})
	.passthrough();

export const installedPackageSchema = z.object({
	packageName: z.string(),
	installedVersion: z.string(),
	failedLoading: z.boolean().optional(),
	installedNodes: z.array(z.object({ name: z.string(), type: z.string() })),
});

export const credentialSchema = z.object({ id: z.string(), name: z.string(), type: z.string() });

export const credentialTestSchema = z.object({ status: z.string(), message: z.string() });

const nodeSchema = z
	.object({
		id: z.string(),
		name: z.string(),
		type: z.string(),
		parameters: z.record(z.unknown()),
		credentials: z.record(z.object({ id: z.string().nullable(), name: z.string() })).optional(),
	})
	.passthrough();

/** A workflow as n8n's editor exports it: what lies in `examples/`. */
export const workflowFileSchema = z.object({
	name: z.string(),
	nodes: z.array(nodeSchema),
	connections: z.record(z.unknown()),
	settings: z.record(z.unknown()),
});

export const workflowSchema = workflowFileSchema
	.extend({ id: z.string(), versionId: z.string() })
	.passthrough();

export const runSchema = z.object({ executionId: z.string() });

export const executionSchema = z.object({
	id: z.string(),
	status: z.string(),
	startedAt: z.string().nullish(),
	stoppedAt: z.string().nullish(),
	data: z.string(),
});

export const executionListSchema = z.object({
	results: z.array(z.object({ id: z.string(), mode: z.string(), status: z.string() })),
});

export type NodeTypeSummary = z.infer<typeof nodeTypeSchema>;
export type Credential = z.infer<typeof credentialSchema>;
export type CredentialTest = z.infer<typeof credentialTestSchema>;
export type WorkflowFile = z.infer<typeof workflowFileSchema>;
export type ExecutionSummary = z.infer<typeof executionListSchema>['results'][number];
export type Workflow = z.infer<typeof workflowSchema>;

export interface BinaryField {
	id?: string;
	data: string;
	fileName?: string;
	mimeType: string;
	bytes?: number;
}

export interface Item {
	json: Record<string, unknown>;
	binary?: Record<string, BinaryField>;
	/** The input item it comes from, as n8n stores it. */
	pairedItem?: unknown;
}

export interface NodeError {
	message: string;
	description?: string | null;
	node?: { name: string };
}

/** One run of a node. */
export interface NodeRun {
	error?: NodeError;
	data?: { main?: Array<Item[] | null> };
	hints?: Array<{ message: string }>;
	metadata?: { subExecution?: { executionId: string; workflowId: string } };
}

/** What an execution stores, in the shape of n8n-workflow's IRunExecutionData. */
export interface RunData {
	resultData: {
		error?: NodeError;
		lastNodeExecuted?: string;
		runData: Record<string, NodeRun[] | undefined>;
	};
}

export interface Execution extends Omit<z.infer<typeof executionSchema>, 'data'> {
	data: RunData;
}
