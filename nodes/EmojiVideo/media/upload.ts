/**
 * Uploads a file to DashScope's temporary storage. A model can read it there for 48 hours by its `oss://`
 * address (docs/service.md, "Uploads"). Rules: we never send the API key to the storage host. We upload the
 * same bytes once per model, because only that model can read them.
 */
import { randomUUID } from 'node:crypto';
import type { IN8nHttpFullResponse } from 'n8n-workflow';
import { connectionFaultOf } from '../base/connectionFaults';
import type { ConnectionFault } from '../base/connectionFaults';
import { createLimiter } from '../base/limiter';
import type { Client, Model } from '../dashscope/client';
import { fail, STOPPED, succeed } from '../base/result';
import type { Failure, FailureKind, Result } from '../base/result';
import { isLoopback, isPrivate, parseUrl } from '../net/publicHosts';
import { readText, withResponse } from '../net/safeRequest';
import { withRetry } from '../dashscope/retry';
import type { UploadPolicy } from '../dashscope/schemas';
import type { PortraitFile } from './portraitFile';
import { openForm } from './multipart';
import { FORMATS } from './imageHeader';
import type { LinkTools } from '../net/untrustedFetch';

export interface UploadTools extends LinkTools {
	client: Pick<Client, 'getUploadPolicy'>;
}

export interface Uploads {
	/** Uploads a file for a model. @returns the `oss://` address */
	addressOf(file: PortraitFile, model: Model): Promise<Result<string>>;
}

/** The time limit of one upload: 10 MB at 88 KB/s. */
const UPLOAD_TIMEOUT_MS = 120_000;
/** Uploads that run side by side. No source: the same number as downloads (wait/deliver.ts). */
const UPLOADS_AT_ONCE = 3;
/** A response of the storage host is a few lines of XML; 64 KB is far above that. */
const MAX_RESPONSE_BYTES = 64 * 1024;
/** We stop using a policy this long before it expires, so that an upload under way can finish. */
const POLICY_MARGIN_MS = 60_000;

const NEXT_STEP =
	'Nothing was made or billed. Run again; if it fails again, put the portrait on a public https address and use Image URL.';

const uploadFailure = (
	message: string,
	kind: FailureKind = 'rejected',
	facts: Partial<Failure> = {},
) => fail({ kind, message, nextStep: NEXT_STEP, ...facts });

/** Checks the storage host: https and public, or on the sandbox's own machine. */
function checkHost(policy: UploadPolicy, allowLoopback: boolean): Result<URL> {
	const url = parseUrl(policy.host);
	const isOwn = url !== undefined && allowLoopback && isLoopback(url);
	const isSafe = url?.protocol === 'https:' && !isPrivate(url) && !url.username && !url.password;
	return url && (isSafe || isOwn)
		? succeed(url)
		: uploadFailure(
				`DashScope names "${policy.host}" for uploads, which is not a public https address`,
			);
}

/** Reads an element of the storage host's XML (OSS documents, "PostObject"). */
const readElement = (xml: string, name: string) =>
	new RegExp(`<${name}>([^<]{1,300})</${name}>`).exec(xml)?.[1];

function toFailure(httpStatus: number, xml: string): { ok: false; failure: Failure } {
	const code = readElement(xml, 'Code');
	const serviceMessage = readElement(xml, 'Message');
	const isPassing = httpStatus >= 500 || httpStatus === 429 || isExpired(serviceMessage);
	return uploadFailure(
		"DashScope's storage did not take the portrait",
		isPassing ? 'unavailable' : 'rejected',
		{ httpStatus, code, serviceMessage, requestId: readElement(xml, 'RequestId') },
	);
}

/** Makes a failure of an error that ended the request. */
function connectionFailure(error: unknown) {
	const { words, notSent, lasts, nextStep }: Partial<ConnectionFault> =
		connectionFaultOf(error) ?? {};
	const cause = words === undefined ? '' : ` (${words})`;
	return uploadFailure(
		notSent
			? `DashScope's storage could not be reached${cause}`
			: `The upload to DashScope's storage broke off${cause}`,
		notSent ? 'unreachable' : 'noResponse',
		{ ...(nextStep !== undefined && { nextStep }), ...(lasts && { lasts }) },
	);
}

/** OSS says "Invalid according to Policy: Policy expired." */
const isExpired = (message = '') => /policy expired/i.test(message);

/** The name is unique, because OSS rejects overwriting. It contains a hash and not the user's file name. */
const buildObjectName = ({ hash, format }: PortraitFile) =>
	`${hash.slice(0, 16)}-${randomUUID()}.${FORMATS[format].extension}`;

/** The form's fields without the file (docs/service.md, "Uploads"). */
const buildFields = (policy: UploadPolicy, key: string): Record<string, string> => ({
	OSSAccessKeyId: policy.accessKeyId,
	Signature: policy.signature,
	policy: policy.policy,
	'x-oss-object-acl': policy.acl,
	'x-oss-forbid-overwrite': policy.forbidOverwrite,
	key,
	success_action_status: '200',
});

/** Sends a file to the storage host once. */
async function sendFile(
	file: PortraitFile,
	policy: UploadPolicy,
	{ functions, clock, stop, allowLoopback }: UploadTools,
): Promise<Result<string>> {
	const host = checkHost(policy, allowLoopback);
	if (!host.ok) return host;
	if (file.size > policy.maxBytes) {
		return uploadFailure(`"${file.name}" is larger than DashScope's storage takes for this model`);
	}
	const objectName = buildObjectName(file);
	const key = `${policy.directory}/${objectName}`;
	let close = () => {};
	try {
		const form = await openForm(buildFields(policy, key), file, objectName);
		close = () => form.close();
		return await withResponse(
			async (options) => (await functions.helpers.httpRequest(options)) as IN8nHttpFullResponse,
			{
				method: 'POST',
				url: host.value.href,
				headers: form.headers,
				body: form.body,
				timeoutMs: UPLOAD_TIMEOUT_MS,
			},
			{ clock, signal: stop.batchEnd },
			async ({ status, body }) => {
				const xml = await readText(body, MAX_RESPONSE_BYTES);
				return status >= 200 && status < 300 ? succeed(`oss://${key}`) : toFailure(status, xml);
			},
		);
	} catch (error) {
		return stop.batchEnd.aborted ? fail(STOPPED) : connectionFailure(error);
	} finally {
		close();
	}
}

/** Keeps one policy per model and reuses it until shortly before it expires. */
function createPolicies({ client, clock }: UploadTools) {
	const known = new Map<Model, { policy: UploadPolicy; until: number }>();
	return {
		async get(model: Model): Promise<Result<UploadPolicy>> {
			const found = known.get(model);
			if (found && clock.now() < found.until) return succeed(found.policy);
			const requestedAt = clock.now();
			const response = await client.getUploadPolicy(model);
			if (!response.ok) return response;
			const policy = response.value.value;
			const margin = Math.min(POLICY_MARGIN_MS, policy.validMs / 2);
			known.set(model, { policy, until: requestedAt + policy.validMs - margin });
			return succeed(policy);
		},
		forget: (model: Model) => known.delete(model),
	};
}

/** Creates the uploads of one execution. */
export function createUploads(tools: UploadTools): Uploads {
	const policies = createPolicies(tools);
	const limit = createLimiter(UPLOADS_AT_ONCE);
	const done = new Map<string, Promise<Result<string>>>();

	const upload = async (file: PortraitFile, model: Model) => {
		const attempt = async (): Promise<Result<string>> => {
			if (tools.stop.batchEnd.aborted) return fail(STOPPED);
			const policy = await policies.get(model);
			if (!policy.ok) return policy;
			const stored = await sendFile(file, policy.value, tools);
			if (!stored.ok && isExpired(stored.failure.serviceMessage)) policies.forget(model);
			return stored;
		};
		return await withRetry('freeWrite', tools.clock, attempt, tools.stop.batchEnd);
	};

	return {
		async addressOf(file, model) {
			const name = `${model}:${file.hash}`;
			const known = done.get(name);
			if (known) return await known;
			const address = limit(async () => await upload(file, model));
			done.set(name, address);
			return await address;
		},
	};
}
