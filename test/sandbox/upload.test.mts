import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { portraitsFolder, type DashScopeMock } from '../../sandbox/dashscope/index.mts';
import { call, closeMocks, create, detect, startMock } from './helpers.mts';

afterEach(closeMocks);

const hourMs = 60 * 60 * 1000;
const resolve = { 'x-dashscope-ossresourceresolve': 'enable' };

type Policy = Record<string, string | number>;

async function policyFor(mock: DashScopeMock, model = 'emoji-detect-v1'): Promise<Policy> {
	const { body } = await call(mock, `/api/v1/uploads?action=getPolicy&model=${model}`);
	return body.data as Policy;
}

/** The documented form without its file; `undefined` leaves a field out. */
function formOf(policy: Policy, changes: Record<string, string | undefined> = {}): FormData {
	const fields: Record<string, string | undefined> = {
		OSSAccessKeyId: String(policy.oss_access_key_id),
		Signature: String(policy.signature),
		policy: String(policy.policy),
		'x-oss-object-acl': String(policy.x_oss_object_acl),
		'x-oss-forbid-overwrite': String(policy.x_oss_forbid_overwrite),
		key: `${policy.upload_dir}/ada.png`,
		success_action_status: '200',
		...changes,
	};
	const form = new FormData();
	for (const [name, value] of Object.entries(fields)) {
		if (value !== undefined) form.append(name, value);
	}
	return form;
}

const portrait = (name: string) => new Blob([readFileSync(join(portraitsFolder, name))]);

async function send(mock: DashScopeMock, form: FormData) {
	const response = await fetch(mock.storageUrl, { method: 'POST', body: form });
	const text = await response.text();
	const code = /<Code>(.*)<\/Code>/.exec(text)?.[1];
	const message = /<Message>(.*)<\/Message>/.exec(text)?.[1];
	return {
		status: response.status,
		type: response.headers.get('content-type'),
		text,
		code,
		message,
	};
}

/** Uploads a portrait by the rules and returns its oss:// URL. */
async function upload(mock: DashScopeMock, model?: string, name = 'ada.png'): Promise<string> {
	const policy = await policyFor(mock, model);
	const form = formOf(policy);
	form.append('file', portrait(name), name);
	expect(await send(mock, form)).toMatchObject({ status: 200, text: '' });
	return `oss://${policy.upload_dir}/ada.png`;
}

describe('an upload policy', () => {
	it('has the documented fields', async () => {
		const mock = await startMock();
		const policy = await policyFor(mock);
		expect(policy).toEqual({
			policy: expect.any(String) as string,
			signature: expect.any(String) as string,
			upload_dir: expect.stringMatching(
				/^dashscope-instant\/[0-9a-f]{32}\/2025-10-14\/[0-9a-f-]{36}$/,
			) as string,
			upload_host: mock.storageUrl,
			expire_in_seconds: 300,
			max_file_size_mb: 1024,
			capacity_limit_mb: 999999999,
			oss_access_key_id: expect.any(String) as string,
			x_oss_object_acl: 'private',
			x_oss_forbid_overwrite: 'true',
		});
	});

	it.each([
		['?model=emoji-v1', 400, 'InvalidParameter'],
		['?action=getPolicy', 400, 'BadRequest.EmptyModel'],
		['?action=getPolicy&model=emoji-v9', 404, 'InvalidParameter'],
	])('is refused for %s', async (query, status, code) => {
		const mock = await startMock();
		const reply = await call(mock, `/api/v1/uploads${query}`);
		expect(reply).toMatchObject({ status, body: { code } });
	});
});

describe('the upload form is refused', () => {
	it.each<[string, Record<string, string | undefined>, number, string]>([
		['without policy', { policy: undefined }, 400, 'InvalidArgument'],
		['without Signature', { Signature: undefined }, 400, 'InvalidArgument'],
		['without OSSAccessKeyId', { OSSAccessKeyId: undefined }, 400, 'InvalidArgument'],
		['without key', { key: undefined }, 400, 'InvalidArgument'],
		['without its ACL', { 'x-oss-object-acl': undefined }, 400, 'InvalidArgument'],
		['without forbid-overwrite', { 'x-oss-forbid-overwrite': undefined }, 400, 'InvalidArgument'],
		['without success status', { success_action_status: undefined }, 400, 'InvalidArgument'],
		['with a wrong signature', { Signature: 'abc=' }, 403, 'SignatureDoesNotMatch'],
		['with a policy of its own', { policy: 'e30=' }, 403, 'SignatureDoesNotMatch'],
		['for another folder', { key: 'elsewhere/ada.png' }, 403, 'AccessDenied'],
		['for everybody to read', { 'x-oss-object-acl': 'public-read' }, 403, 'AccessDenied'],
		['when it would overwrite', { 'x-oss-forbid-overwrite': 'false' }, 403, 'AccessDenied'],
	])('%s, in XML', async (_name, changes, status, code) => {
		const mock = await startMock();
		const form = formOf(await policyFor(mock), changes);
		form.append('file', portrait('ada.png'), 'ada.png');
		const answer = await send(mock, form);
		expect(answer).toMatchObject({ status, code });
		expect(answer.type).toMatch(/^application\/xml/);
	});

	it('if the file is not its last field', async () => {
		const mock = await startMock();
		const policy = await policyFor(mock);
		const form = formOf(policy, { key: undefined });
		form.append('file', portrait('ada.png'), 'ada.png');
		form.append('key', `${policy.upload_dir}/ada.png`);
		expect(await send(mock, form)).toMatchObject({ status: 400, code: 'InvalidArgument' });
	});

	it('if it has no file', async () => {
		const mock = await startMock();
		const answer = await send(mock, formOf(await policyFor(mock)));
		expect(answer).toMatchObject({ status: 400, code: 'IncorrectNumberOfFilesInPOSTRequest' });
	});

	it('if it is no form', async () => {
		const mock = await startMock();
		const response = await fetch(mock.storageUrl, { method: 'POST', body: 'a=b' });
		expect(response.status).toBe(412);
	});

	it('if the policy has expired', async () => {
		const mock = await startMock();
		const form = formOf(await policyFor(mock));
		form.append('file', portrait('ada.png'), 'ada.png');
		mock.advanceClock(300_000);
		expect(await send(mock, form)).toMatchObject({
			status: 403,
			code: 'AccessDenied',
			message: 'Invalid according to Policy: Policy expired.',
		});
	});

	it('if the file exists already', async () => {
		const mock = await startMock();
		const policy = await policyFor(mock);
		const form = formOf(policy);
		form.append('file', portrait('ada.png'), 'ada.png');
		expect((await send(mock, form)).status).toBe(200);
		expect(await send(mock, form)).toMatchObject({ status: 409, code: 'FileAlreadyExists' });
	});

	it('if the file is larger than allowed', async () => {
		const mock = await startMock({ maxUploadMegabytes: 1 });
		const form = formOf(await policyFor(mock));
		form.append('file', new Blob([Buffer.alloc(1024 * 1024 + 1)]), 'big.png');
		expect(await send(mock, form)).toMatchObject({ status: 400, code: 'EntityTooLarge' });
	});
});

describe('an uploaded portrait', () => {
	it('serves a detection and a task, each from its own upload', async () => {
		const mock = await startMock();
		const found = await detect(mock, await upload(mock, 'emoji-detect-v1'), resolve);
		expect(found).toMatchObject({ status: 200, body: { usage: { image_count: 1 } } });
		const image_url = await upload(mock, 'emoji-v1');
		expect((await create(mock, { image_url }, resolve)).status).toBe(200);
	});

	it('gets the verdict of its bytes', async () => {
		const mock = await startMock();
		const url = await upload(mock, 'emoji-detect-v1', 'tilted.png');
		const { body } = await detect(mock, url, resolve);
		expect(body).toMatchObject({ output: { code: 'InvalidFile.FacePose' } });
	});

	it('needs the header X-DashScope-OssResourceResolve', async () => {
		const mock = await startMock();
		const reply = await detect(mock, await upload(mock));
		expect(reply).toMatchObject({
			status: 400,
			body: {
				code: 'invalid_parameter_error',
				message:
					'InternalError.Algo.InvalidParameter: The provided URL does not appear to be valid. Ensure it is correctly formatted.',
			},
		});
	});

	const gone = {
		status: 400,
		body: {
			code: 'InvalidParameter.DataInspection',
			message: 'Unable to download the media resource during the data inspection process.',
		},
	};

	it('serves only the model that it was uploaded for', async () => {
		const mock = await startMock();
		const forDetection = await upload(mock, 'emoji-detect-v1');
		expect(await create(mock, { image_url: forDetection }, resolve)).toMatchObject(gone);
		const forVideo = await upload(mock, 'emoji-v1');
		expect(await detect(mock, forVideo, resolve)).toMatchObject(gone);
	});

	it('serves all keys of its account, and no other account', async () => {
		const accounts = [
			{ id: 'one', keys: ['sk-one', 'sk-one-too'] },
			{ id: 'two', keys: ['sk-two'] },
		];
		const mock = await startMock({ accounts });
		const url = await upload(mock);
		expect((await detect({ ...mock, apiKey: 'sk-one-too' }, url, resolve)).status).toBe(200);
		expect(await detect({ ...mock, apiKey: 'sk-two' }, url, resolve)).toMatchObject(gone);
	});

	it('is gone after 48 hours', async () => {
		const mock = await startMock();
		const url = await upload(mock);
		mock.advanceClock(48 * hourMs - 1);
		expect((await detect(mock, url, resolve)).status).toBe(200);
		mock.advanceClock(1);
		expect(await detect(mock, url, resolve)).toMatchObject(gone);
	});

	it('that was never uploaded cannot be downloaded', async () => {
		const mock = await startMock();
		expect(await detect(mock, 'oss://nothing/here.png', resolve)).toMatchObject(gone);
	});
});
