/**
 * The form upload (docs/service.md, "Uploads", step 2). Rule: the mock stores only
 * what the policy allows, and reads no field behind the file.
 */
import type { FastifyRequest } from 'fastify';
import type { Policy } from '../uploads.mts';
import type { World } from '../world.mts';
import type { OssError } from './xml.mts';

interface UploadForm {
	fields: Record<string, string>;
	file: Buffer | 'too large' | undefined;
	fileIsLast: boolean;
}

const required = [
	'OSSAccessKeyId',
	'Signature',
	'policy',
	'x-oss-object-acl',
	'x-oss-forbid-overwrite',
	'key',
	'success_action_status',
];

async function readForm(request: FastifyRequest, maxBytes: number): Promise<UploadForm> {
	const form: UploadForm = { fields: {}, file: undefined, fileIsLast: true };
	for await (const part of request.parts({ limits: { fileSize: maxBytes } })) {
		if (form.file !== undefined) form.fileIsLast = false;
		if (part.type === 'file') {
			const bytes = await part.toBuffer();
			form.file ??= part.file.truncated ? 'too large' : bytes;
		} else {
			form.fields[part.fieldname] = String(part.value);
		}
	}
	return form;
}

const error = (status: number, code: string, message: string): OssError => ({
	status,
	code,
	message,
});

const policyError = (condition: string): OssError =>
	error(403, 'AccessDenied', `Invalid according to Policy: Policy Condition failed: ${condition}`);

function breach(world: World, policy: Policy, { fields }: UploadForm): OssError | undefined {
	if (world.now() >= policy.expiresMs) {
		return error(403, 'AccessDenied', 'Invalid according to Policy: Policy expired.');
	}
	if (fields['x-oss-object-acl'] !== 'private') {
		return policyError('["eq", "$x-oss-object-acl", "private"]');
	}
	if (fields['x-oss-forbid-overwrite'] !== 'true') {
		return policyError('["eq", "$x-oss-forbid-overwrite", "true"]');
	}
	if (!fields.key?.startsWith(`${policy.uploadDir}/`)) {
		return policyError(`["starts-with", "$key", "${policy.uploadDir}"]`);
	}
	return undefined;
}

/** Takes one form upload; undefined when it is stored. */
export async function takeUpload(
	world: World,
	request: FastifyRequest,
): Promise<OssError | undefined> {
	if (!request.isMultipart()) {
		return error(
			412,
			'PreconditionFailed',
			'Bucket POST must be of the enclosure-type multipart/form-data.',
		);
	}
	const maxMegabytes = world.settings.maxUploadMegabytes;
	const form = await readForm(request, maxMegabytes * 1024 * 1024);
	if (form.file === undefined) {
		return error(
			400,
			'IncorrectNumberOfFilesInPOSTRequest',
			'POST requires exactly one file upload per request.',
		);
	}
	if (!form.fileIsLast) {
		return error(400, 'InvalidArgument', "The field 'file' must be the last field of the form.");
	}
	const missing = required.find((name) => !form.fields[name]);
	if (missing) {
		return error(400, 'InvalidArgument', `Bucket POST must contain a field named '${missing}'.`);
	}
	const { policy: text = '', Signature = '', key = '' } = form.fields;
	const policy = world.uploads.policy(text, Signature);
	if (!policy) {
		return error(
			403,
			'SignatureDoesNotMatch',
			'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
		);
	}
	request.entry.account = policy.account;
	const broken = breach(world, policy, form);
	if (broken) return broken;
	if (form.file === 'too large') {
		return error(
			400,
			'EntityTooLarge',
			`Your proposed upload exceeds the maximum allowed size of ${maxMegabytes} MB.`,
		);
	}
	if (!world.uploads.put(policy, key, form.file)) {
		return error(
			409,
			'FileAlreadyExists',
			'The object you specified already exists and can not be overwritten.',
		);
	}
	return undefined;
}
