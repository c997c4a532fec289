/** Every mistake the form allows is refused before any call, naming the field, the value and what is allowed. */
import type { INodeParameters } from 'n8n-workflow';
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();

const area = (faceArea: unknown, expressionArea: unknown): INodeParameters => ({
	faceAreas: 'manual',
	faceArea: faceArea as string,
	expressionArea: expressionArea as string,
});
const FACE = '[212, 194, 460, 441]';
const EXPRESSION = '[63, 30, 609, 575]';

test.each<[string, INodeParameters, string]>([
	['spaces for an image', { imageUrl: '   ' }, 'Image URL is empty'],
	['no address', { imageUrl: 'portrait.png' }, 'Image URL "portrait.png" is not an address'],
	['a private address', { imageUrl: 'https://10.1.2.3/a.png' }, 'leads into a private network'],
	['a name of the own network', { imageUrl: 'http://nas/a.png' }, 'leads into a private network'],
	['a file', { imageUrl: 'file:///etc/passwd' }, 'is neither http nor https'],
	['a data URL', { imageUrl: 'data:image/png;base64,iVBORw0KGgo=' }, 'is neither http nor https'],
	['a number for an image', { imageUrl: '={{ 12 }}' }, 'Image URL "12" is not text'],
	['an expression that is empty', { imageUrl: '={{ $json.nothing }}' }, 'Image URL is empty'],
	['no template by expression', { templates: '={{ [] }}' }, 'Templates is empty'],
	['no ID', { templates: '={{ "happy face" }}' }, 'Templates: "happy face" is not a template'],
	[
		'a name of two templates',
		{ templates: '={{ ["Happy"] }}' },
		'Templates: "Happy" fits several templates',
	],
	[
		'a Chinese name of two',
		{ templates: '={{ ["开心"] }}' },
		'Templates: "开心" fits several templates',
	],
	[
		'three numbers',
		area('[212, 194, 460]', EXPRESSION),
		'Face Area "[212, 194, 460]" is not four whole numbers',
	],
	['words', area('left', EXPRESSION), 'Face Area "left" is not four whole numbers'],
	['fractions', area('[212.5, 194, 460, 441]', EXPRESSION), 'Face Area "[212.5, 194, 460, 441]"'],
	['a negative', area('[-1, 194, 460, 441]', EXPRESSION), 'Face Area "[-1, 194, 460, 441]"'],
	['an empty area', area('[460, 194, 212, 441]', EXPRESSION), 'x2 must be larger than x1'],
	['no expression area by expression', area(FACE, '={{ "" }}'), 'Expression Area is empty'],
	[
		'no field name',
		{ outputField: 'my video' },
		'Output Data Field Name "my video" cannot be a field name',
	],
	[
		'a poll interval of 0',
		{ options: { pollInterval: 0 } },
		'Poll Interval (Seconds) "0" is not possible',
	],
	[
		'a timeout in words',
		{ options: { timeout: '={{ "soon" }}' } },
		'Timeout (Seconds) "soon" is not possible',
	],
	[
		'a rate of 0',
		{ limitOptions: { creationsPerSecond: 0 } },
		'Creations per Second "0" is not possible',
	],
])('%s', async (_, parameters, message) => {
	const { error } = await sandbox.run({ parameters: sandbox.createAndWait(parameters) });
	expect(error?.message).toContain(message);
	expect(error?.description).toMatch(/Use |Choose |Copy /);
	expect(sandbox.double.ledger()).toEqual([]);
});

/** Where one can see how a mistake came about, the next step says so. */
test.each<[string, INodeParameters, RegExp]>([
	['an expression in a fixed field', { imageUrl: '{{ $json.url }}' }, /from Fixed to Expression/],
	[
		'a field that is not there, in a text',
		{ imageUrl: 'undefined' },
		/does not exist in this item/,
	],
	['a list', { imageUrl: '={{ ["https://a.example/a.png"] }}' }, /address per item: Split Out/],
	['an address without its beginning', { imageUrl: 'www.a.example/a.png' }, /begins with https:/],
	['a file of this machine', { imageUrl: 'C:\\me.png' }, /set Image Source to Binary File/],
	[
		'a picture as text',
		{ imageUrl: 'data:image/png;base64,AA' },
		/set Image Source to Binary File/,
	],
	['a price with a comma', { limitOptions: { pricePerSecond: '={{ "0,08" }}' } }, /with a point/],
	['a resource that is not there', { resource: 'audio' }, /Choose Image or Video/],
])('%s', async (_, parameters, advice) => {
	const { error } = await sandbox.run({ parameters: sandbox.createAndWait(parameters) });
	expect(error?.description).toMatch(advice);
	expect(sandbox.double.ledger()).toEqual([]);
});

test.each(['getStatus', 'cancel', 'wait'])(
	'%s of an object that has no task ID',
	async (operation) => {
		const taskId = '={{ { "id": 1 } }}';
		const { error } = await sandbox.run({ parameters: { resource: 'video', operation, taskId } });
		expect(error?.message).toBe('Task IDs: "{"id":1}" has no taskId');
	},
);

/** Fields left empty in the form are refused by n8n itself, before the workflow starts. */
test.each<[string, INodeParameters]>([
	['Image URL', { imageUrl: '' }],
	['Templates', { templates: [] }],
	['Face Area', area('', EXPRESSION)],
	['Expression Area', area(FACE, '')],
])('%s left empty', async (label, parameters) => {
	await expect(sandbox.run({ parameters: sandbox.createAndWait(parameters) })).rejects.toThrow(
		`Parameter "${label}" is required`,
	);
	expect(sandbox.double.ledger()).toEqual([]);
});

test.each([
	['an empty key', { apiKey: '' }, "'API Key' is empty"],
	['a key with a line break', { apiKey: 'sk-1\nHost: evil' }, "'API Key' has a blank inside"],
	[
		'a workspace ID that is a host',
		{ endpoint: 'workspace' as const, workspaceId: 'evil.example/#' },
		`'Workspace ID' "evil.example/#" is not a workspace ID`,
	],
	['plain http', { customUrl: 'http://gateway.example' }, "'Custom URL' begins with http://"],
])('a credential with %s', async (_, fields, message) => {
	const { error } = await sandbox.run({
		parameters: sandbox.createAndWait(),
		credential: { ...sandbox.credential, ...fields },
	});
	expect(error?.message).toContain(message);
	expect(sandbox.double.ledger()).toEqual([]);
});

test('a loopback image is refused when the account is not on loopback', async () => {
	const { error } = await sandbox.run({
		parameters: sandbox.createAndWait({ imageUrl: 'http://127.0.0.1:9/a.png' }),
		credential: { apiKey: 'sk-1', endpoint: 'beijing' },
	});
	expect(error?.message).toContain('leads into a private network');
});
