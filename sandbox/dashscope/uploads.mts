/**
 * Temporary storage behind `oss://` (docs/service.md, "Uploads"). Rule: a file is bound to the account
 * and the model its policy was asked for, and is gone after 48 hours.
 */
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Settings } from './options.mts';
import { beijingTime } from './clock.mts';

const policySeconds = 300;

export interface Policy {
	readonly account: string;
	readonly model: string;
	readonly uploadDir: string;
	readonly expiresMs: number;
	readonly signature: string;
}

/** `data` of the getPolicy answer. */
export interface PolicyData {
	policy: string;
	signature: string;
	upload_dir: string;
	upload_host: string;
	expire_in_seconds: number;
	max_file_size_mb: number;
	capacity_limit_mb: number;
	oss_access_key_id: string;
	x_oss_object_acl: string;
	x_oss_forbid_overwrite: string;
}

export interface UploadStore {
	issue(account: string, model: string, uploadHost: string): PolicyData;
	/** The policy of this text and signature, whatever its age. */
	policy(policyText: string, signature: string): Policy | undefined;
	/** False when the key is taken. */
	put(policy: Policy, key: string, bytes: Buffer): boolean;
	/** The file's bytes for this account and model, or undefined when they may not have it. */
	read(key: string, account: string, model: string): Buffer | undefined;
}

export const ossAccessKeyId = 'LTAI-sandbox';

/** An empty store. */
export function createUploads(settings: Settings, now: () => number): UploadStore {
	const secret = randomBytes(20);
	const policies = new Map<string, Policy>();
	const files = new Map<
		string,
		{ bytes: Buffer; account: string; model: string; expiresMs: number }
	>();
	return {
		issue(account, model, uploadHost) {
			const expiresMs = now() + policySeconds * 1000;
			const owner = createHash('md5').update(account).digest('hex');
			const day = beijingTime(now()).slice(0, 10);
			const uploadDir = `dashscope-instant/${owner}/${day}/${randomUUID()}`;
			const conditions = [
				['content-length-range', 0, settings.maxUploadMegabytes * 1024 * 1024],
				['starts-with', '$key', uploadDir],
				{ 'x-oss-object-acl': 'private' },
				{ 'x-oss-forbid-overwrite': 'true' },
			];
			const expiration = new Date(expiresMs).toISOString();
			const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64');
			const signature = createHmac('sha1', secret).update(policy).digest('base64');
			policies.set(policy, { account, model, uploadDir, expiresMs, signature });
			return {
				policy,
				signature,
				upload_dir: uploadDir,
				upload_host: uploadHost,
				expire_in_seconds: policySeconds,
				max_file_size_mb: settings.maxUploadMegabytes,
				capacity_limit_mb: 999999999,
				oss_access_key_id: ossAccessKeyId,
				x_oss_object_acl: 'private',
				x_oss_forbid_overwrite: 'true',
			};
		},
		policy(policyText, signature) {
			const policy = policies.get(policyText);
			return policy?.signature === signature ? policy : undefined;
		},
		put({ account, model }, key, bytes) {
			const taken = files.get(key);
			if (taken && taken.expiresMs > now()) return false;
			files.set(key, { bytes, account, model, expiresMs: now() + settings.uploadRetentionMs });
			return true;
		},
		read(key, account, model) {
			const file = files.get(key);
			if (file?.account !== account || file.model !== model) return undefined;
			return file.expiresMs > now() ? file.bytes : undefined;
		},
	};
}
