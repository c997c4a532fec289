/** Temporary storage. Free; a picture without a person is billed like any detection. */
import { z } from 'zod';
import { portraitVerdicts } from '../../dashscope/verdicts.mts';
import type { Answer, Check, Visit } from '../check.mts';
import { documents } from '../documents.mts';
import { detectUpload } from './detection.mts';

const text = z.coerce.string();

const policySchema = z.object({
	data: z.object({
		policy: text,
		signature: text,
		upload_dir: text,
		upload_host: text,
		oss_access_key_id: text,
		x_oss_object_acl: text,
		x_oss_forbid_overwrite: text,
	}),
});

type Policy = z.infer<typeof policySchema>['data'];

const policyPath = (model: string) => `/api/v1/uploads?action=getPolicy&model=${model}`;

async function policyFor({ ask }: Visit, model: string): Promise<[Answer, Policy | undefined]> {
	const answer = await ask({ path: policyPath(model) });
	const parsed = policySchema.safeParse(answer.body);
	return [answer, parsed.success ? parsed.data.data : undefined];
}

/** Sends a sample portrait by a policy; its address when it was taken. */
async function send(visit: Visit, policy: Policy, name: string): Promise<[Answer, string]> {
	const key = `${policy.upload_dir}/${name}`;
	const fields = {
		OSSAccessKeyId: policy.oss_access_key_id,
		Signature: policy.signature,
		policy: policy.policy,
		'x-oss-object-acl': policy.x_oss_object_acl,
		'x-oss-forbid-overwrite': policy.x_oss_forbid_overwrite,
		key,
		success_action_status: '200',
	};
	const form = new FormData();
	for (const [field, value] of Object.entries(fields)) form.append(field, value);
	form.append('file', new Blob([visit.sample(name)]), name);
	const answer = await visit.ask({ method: 'POST', path: policy.upload_host, form, key: null });
	return [answer, `oss://${key}`];
}

async function upload(visit: Visit): Promise<Answer> {
	const [refused, policy] = await policyFor(visit, 'emoji-v1');
	if (!policy) return refused;
	const [answer, url] = await send(visit, policy, 'ada.png');
	if (answer.status === 200) visit.found.uploaded = url;
	return answer;
}

async function detectNobody(visit: Visit): Promise<Answer> {
	const [refused, policy] = await policyFor(visit, 'emoji-detect-v1');
	if (!policy) return refused;
	const [answer, url] = await send(visit, policy, 'no-human.png');
	return answer.status === 200 ? await visit.ask(detectUpload(url, true)) : answer;
}

export const storageChecks: readonly Check[] = [
	{
		id: 'upload-policy',
		title: 'Leave to upload a file',
		document: documents.uploads,
		section: 'Step 1',
		kind: 'policy',
		ask: ({ ask }) => ask({ path: policyPath('emoji-v1') }),
		expected: {
			status: 200,
			has: ['data.policy', 'data.signature', 'data.upload_dir', 'data.upload_host'],
			says: {
				'data.expire_in_seconds': [300, '300'],
				'data.x_oss_object_acl': 'private',
				'data.x_oss_forbid_overwrite': 'true',
			},
		},
	},
	{
		id: 'upload',
		title: 'A portrait, uploaded for emoji-v1',
		document: documents.uploads,
		section: 'Step 2',
		kind: 'other',
		ask: upload,
		expected: { status: 200 },
	},
	{
		id: 'upload-unresolved',
		title: 'An upload used without the header it needs',
		document: documents.uploads,
		section: 'Errors',
		kind: 'refusal',
		needs: ['uploaded'],
		ask: ({ ask, found }) => ask(detectUpload(found.uploaded ?? '', false)),
		expected: {
			status: 400,
			code: ['invalid_parameter_error', 'InvalidParameter.DataInspection'],
		},
	},
	{
		id: 'detect-not-passed',
		title: 'A picture without a person, uploaded for emoji-detect-v1',
		document: documents.detection,
		section: 'Response, not passed',
		kind: 'detection',
		bills: 'detection',
		optional: true,
		ask: detectNobody,
		expected: { status: 200, says: { 'output.code': portraitVerdicts['no-human.png'] } },
	},
];
