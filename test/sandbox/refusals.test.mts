import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import {
	call,
	closeMocks,
	create,
	createPath,
	detect,
	detectPath,
	goodInput,
	startMock,
	type Reply,
} from './helpers.mts';

afterEach(closeMocks);

/** What a refusal says, without its request id, which must be there. */
function said({ status, body }: Reply) {
	expect(body.request_id).toMatch(/^[0-9a-f-]{36}$/);
	expect(Object.keys(body).sort()).toEqual(['code', 'message', 'request_id']);
	return [status, body.code, body.message];
}

const invalid = (message: string) => [400, 'InvalidParameter', message];
const formatWords =
	'The request is missing required parameters or in a wrong format, please check the parameters that you send.';
const bodyWords = 'Required body invalid, please check the request body format.';
const parameterWords = 'The request parameter is invalid, please check the request parameter.';

describe('the API key', () => {
	const paths: [string, string][] = [
		['POST', detectPath],
		['POST', createPath],
		['GET', '/api/v1/tasks/some-task'],
		['GET', '/api/v1/tasks/'],
		['POST', '/api/v1/tasks/some-task/cancel'],
		['GET', '/api/v1/models?page_no=1&page_size=1'],
		['GET', '/api/v1/uploads?action=getPolicy&model=emoji-v1'],
	];

	it.each(paths)('is required at %s %s', async (method, path) => {
		const mock = await startMock();
		const body = method === 'POST' ? {} : undefined;
		const missing = await call(mock, path, {
			method,
			body,
			headers: { authorization: undefined },
		});
		expect(said(missing)).toEqual([401, 'InvalidApiKey', 'No API-key provided.']);
		const wrong = await call(mock, path, {
			method,
			body,
			headers: { authorization: 'Bearer sk-of-somebody-else' },
		});
		expect(said(wrong)).toEqual([401, 'InvalidApiKey', 'Invalid API-key provided.']);
	});

	it('stays out of the ledger if it is not the mock’s own', async () => {
		const mock = await startMock();
		await call(mock, '/api/v1/models', { headers: { authorization: 'Bearer sk-real-secret' } });
		expect(JSON.stringify(mock.ledger())).not.toContain('sk-real-secret');
	});

	it('works and lists models in the measured shape', async () => {
		const mock = await startMock();
		const { status, body } = await call(mock, '/api/v1/models?page_no=1&page_size=1');
		expect(status).toBe(200);
		expect(body).toMatchObject({
			code: null,
			message: null,
			success: true,
			output: { total: 2, page_no: 1, page_size: 1, models: [{ model: 'emoji-v1' }] },
		});
	});
});

it('an unknown path gets 404', async () => {
	const mock = await startMock();
	expect(said(await call(mock, '/api/v2/tasks'))).toEqual([404, 'NotFound', 'Not found!']);
});

describe('detection refuses', () => {
	const parameters = { ratio: '1:1' };
	const input = { image_url: 'http://127.0.0.1:1/x.png' };
	const model = 'emoji-detect-v1';

	it.each([
		['no JSON', 'no json', invalid(bodyWords)],
		['a JSON list', [], invalid(bodyWords)],
		[
			'no model',
			{ input, parameters },
			[400, 'BadRequest.EmptyModel', 'Required parameter "model" missing from request.'],
		],
		[
			'an unknown model',
			{ model: 'emoji-v9', input, parameters },
			[404, 'InvalidParameter', 'Model not exist.'],
		],
		[
			'the model of another path',
			{ model: 'emoji-v1', input, parameters },
			invalid('url error, please check url！'),
		],
		[
			'no input',
			{ model, parameters },
			[400, 'BadRequest.EmptyInput', 'Required input parameter missing from request.'],
		],
		['no image', { model, input: {}, parameters }, invalid('Field required: image_url')],
		[
			'no parameters',
			{ model, input },
			[400, 'BadRequest.EmptyParameters', 'Required parameter "parameters" missing from request.'],
		],
		['another ratio', { model, input, parameters: { ratio: '3:4' } }, invalid(parameterWords)],
		[
			'an image that is no text',
			{ model, input: { image_url: 7 }, parameters },
			invalid(formatWords),
		],
	])('%s', async (_name, body, words) => {
		const mock = await startMock();
		expect(said(await call(mock, detectPath, { method: 'POST', body }))).toEqual(words);
		expect(mock.counts().detectsBilled).toBe(0);
	});

	it('an asynchronous call', async () => {
		const mock = await startMock();
		const reply = await detect(mock, mock.portraitUrl('ada.png'), {
			'x-dashscope-async': 'enable',
		});
		const words = 'Current user api does not support asynchronous calls.';
		expect(said(reply)).toEqual([403, 'AccessDenied', words]);
	});

	it('a body that is not declared as JSON', async () => {
		const mock = await startMock();
		const reply = await detect(mock, mock.portraitUrl('ada.png'), {
			'content-type': 'text/plain',
		});
		expect(said(reply)).toEqual(invalid(bodyWords));
	});
});

describe('creation refuses', () => {
	it.each(['image_url', 'driven_id', 'face_bbox', 'ext_bbox'])('a missing %s', async (field) => {
		const mock = await startMock();
		const reply = await create(mock, { [field]: undefined });
		expect(said(reply)).toEqual(invalid(`Field required: ${field}`));
	});

	it.each([
		['an unknown template', { driven_id: 'mengwan_gandong' }, 'Driven not exist: driven_id.'],
		['an area wider than high', { ext_bbox: [0, 0, 600, 400] }, 'Invalid ext_bbox.'],
		['an area beyond the image', { ext_bbox: [200, 200, 641, 641] }, 'Invalid ext_bbox.'],
		['an area right of the image', { ext_bbox: [141, 100, 641, 600] }, 'Invalid ext_bbox.'],
		['an area below the image', { ext_bbox: [100, 141, 600, 641] }, 'Invalid ext_bbox.'],
		['an area above the image', { ext_bbox: [0, -1, 500, 500] }, 'Invalid ext_bbox.'],
		['an area left of the image', { ext_bbox: [-1, 0, 500, 500] }, 'Invalid ext_bbox.'],
		['an empty area', { ext_bbox: [5, 5, 5, 5] }, 'Invalid ext_bbox.'],
		['an area of three numbers', { ext_bbox: [0, 0, 500] }, 'Invalid ext_bbox.'],
		['a face beyond the image', { face_bbox: [0, 0, 700, 700] }, parameterWords],
		['a face of fractions', { face_bbox: [0.5, 0, 100, 100] }, formatWords],
	])('%s', async (_name, input, words) => {
		const mock = await startMock();
		expect(said(await create(mock, input))).toEqual(invalid(words));
		expect(mock.tasks()).toEqual([]);
	});

	it.each([undefined, 'disable'])('the async header being %s', async (value) => {
		const mock = await startMock();
		const reply = await create(mock, {}, { 'x-dashscope-async': value });
		const words = 'current user api does not support synchronous calls.';
		expect(said(reply)).toEqual([403, 'AccessDenied', words]);
	});

	it('the model of another path', async () => {
		const mock = await startMock();
		const reply = await call(mock, createPath, {
			method: 'POST',
			headers: { 'x-dashscope-async': 'enable' },
			body: { model: 'emoji-detect-v1', input: goodInput(mock) },
		});
		expect(said(reply)).toEqual(invalid('url error, please check url！'));
	});

	it('a portrait that detection does not pass', async () => {
		const mock = await startMock();
		const reply = await create(mock, { image_url: mock.portraitUrl('no-human.png') });
		expect(reply).toMatchObject({ status: 400, body: { code: 'InvalidFile.NoHuman' } });
	});

	it('nothing about an area that is about square', async () => {
		const mock = await startMock();
		const reply = await create(mock, { ext_bbox: [63, 30, 609, 575] });
		expect(reply.status).toBe(200);
		expect(reply.body).toEqual({
			output: { task_status: 'PENDING', task_id: mock.tasks()[0]?.id },
			request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
		});
	});
});

it('a mock without options has the documented limits', async () => {
	const mock = await startDashScopeMock();
	try {
		expect((await create(mock)).status).toBe(200);
		expect((await create(mock)).status).toBe(429);
	} finally {
		await mock.close();
	}
});
