/** The node's form: the names that saved workflows depend on, and n8n's wording rules. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { OPERATIONS } from '../../../nodes/EmojiVideo/actions/router';
import { DashScopeApi } from '../../../credentials/DashScopeApi.credentials';
import { templateName, TEMPLATES } from '../../../nodes/EmojiVideo/dashscope/templates';
import { EmojiVideo } from '../../../nodes/EmojiVideo/EmojiVideo.node';

const read = (file: string) =>
	readFileSync(path.resolve(import.meta.dirname, '../../..', file), 'utf8');
const manifest = JSON.parse(read('package.json')) as { repository: { url: string } };

const { description } = new EmojiVideo();
const credential = new DashScopeApi();

/** The fields that a user sees. */
const visible = description.properties.filter(({ type }) => type !== 'hidden');

/** The operations or resources for which a field is shown. */
const shownFor = ({ displayOptions }: INodeProperties, key: 'resource' | 'operation'): string[] =>
	(displayOptions?.show?.[key] ?? []).filter((value) => typeof value === 'string');

/** A field with the way to it, fields of collections included. */
const walk = (fields: INodeProperties[], above = ''): Array<[string, INodeProperties]> =>
	fields.flatMap((field): Array<[string, INodeProperties]> => {
		const place = [...shownFor(field, 'resource'), ...shownFor(field, 'operation')].join('/');
		const name = `${above || `${place} `}${field.name}`;
		const inner = (field.type === 'collection' ? field.options : []) as INodeProperties[];
		return [[name, field], ...walk(inner, `${name}.`)];
	});

const fields = walk([...visible, ...credential.properties]);
const isSelector = ({ name }: INodeProperties) => name === 'resource' || name === 'operation';
const optionsOf = (field: INodeProperties) =>
	field.type === 'options' || field.type === 'multiOptions'
		? (field.options as INodePropertyOptions[])
		: [];
const withOptions = fields.filter(([, field]) => optionsOf(field).length > 0);

/** All words that a user can read. */
const wordsOf = (field: INodeProperties): string[] =>
	[
		field.displayName,
		field.description,
		field.hint,
		field.placeholder,
		...optionsOf(field).flatMap(({ name, description: text, action }) => [name, text, action]),
	].filter((text) => text !== undefined);

const names = (resource: string, operation: string) =>
	visible
		.filter(
			(field) =>
				shownFor(field, 'operation').includes(operation) &&
				shownFor(field, 'resource').includes(resource),
		)
		.map(({ name }) => name);

const optionNames = (resource: string, operation: string) =>
	fields
		.filter(([name]) => name.startsWith(`${resource}/${operation} options.`))
		.map(([, { name }]) => name);

describe('the internal names', () => {
	it('of the node stay the same', () => {
		expect(description).toMatchObject({
			name: 'emojiVideo',
			displayName: 'Emoji Video',
			version: 1,
		});
		expect(description.credentials).toEqual([{ name: 'dashScopeApi', required: true }]);
	});

	it('of resources and operations stay the same', () => {
		expect(Object.keys(OPERATIONS).sort()).toEqual(['image', 'video']);
		expect(Object.keys(OPERATIONS.image ?? {})).toContain('detectFace');
		expect(Object.keys(OPERATIONS.video ?? {})).toEqual(
			expect.arrayContaining(['create', 'createAndWait', 'getStatus']),
		);
	});

	it.each([
		['create', ['imageUrl', 'faceAreas', 'faceArea', 'expressionArea', 'templates', 'simplify']],
		[
			'createAndWait',
			[
				'imageUrl',
				'faceAreas',
				'faceArea',
				'expressionArea',
				'templates',
				'downloadVideo',
				'outputField',
				'simplify',
				'options',
			],
		],
		['getStatus', ['taskId', 'simplify']],
	])('of the fields of video %s stay the same', (operation, promised) => {
		expect(names('video', operation)).toEqual(expect.arrayContaining(promised));
	});

	it('of the fields of Detect Face stay the same', () => {
		expect(names('image', 'detectFace')).toEqual(expect.arrayContaining(['imageUrl', 'simplify']));
	});

	it('of the options of Create and Wait stay the same', () => {
		expect(optionNames('video', 'createAndWait')).toEqual(
			expect.arrayContaining(['pollInterval', 'queueTimeout', 'timeout']),
		);
	});

	it('of the choices stay the same', () => {
		const values = (name: string) => {
			const field = fields.find(([, other]) => other.name === name)?.[1];
			return field ? optionsOf(field).map(({ value }) => value) : [];
		};
		expect(values('faceAreas')).toEqual(['detect', 'manual']);
		expect(values('endpoint')).toEqual(['beijing', 'workspace', 'custom']);
	});

	it('of the credential stay the same', () => {
		expect(credential.name).toBe('dashScopeApi');
		expect(credential.displayName).toBe('DashScope API');
		expect(credential.properties.map(({ name }) => name)).toEqual([
			'keyNotice',
			'apiKey',
			'endpoint',
			'workspaceId',
			'customUrl',
		]);
	});

	it.each(fields)('of %s is camelCase', (_, { name }) => {
		expect(name).toMatch(/^[a-z][A-Za-z0-9]*$/);
	});
});

describe('the form', () => {
	const resources = visible
		.filter(({ name }) => name === 'resource')
		.flatMap((field) => optionsOf(field).map(({ value }) => String(value)));

	it('offers every resource and operation that exists, and no other', () => {
		expect([...resources].sort()).toEqual(Object.keys(OPERATIONS).sort());
		for (const resource of resources) {
			const offered = description.properties
				.filter(
					(field) => field.name === 'operation' && shownFor(field, 'resource').includes(resource),
				)
				.flatMap((field) => optionsOf(field).map(({ value }) => value));
			expect([...offered].sort()).toEqual(Object.keys(OPERATIONS[resource] ?? {}).sort());
		}
	});

	it('shows every field for operations that exist', () => {
		for (const field of visible.filter((other) => !isSelector(other))) {
			const shownResources = shownFor(field, 'resource');
			const shownOperations = shownFor(field, 'operation');
			expect([field.name, shownResources.length]).not.toEqual([field.name, 0]);
			expect([field.name, shownOperations.length]).not.toEqual([field.name, 0]);
			for (const resource of shownResources) {
				for (const operation of shownOperations) {
					expect(OPERATIONS[resource]).toHaveProperty(operation);
				}
			}
		}
	});

	it('shows a field that depends on another one beside it', () => {
		for (const [resource, operations] of Object.entries(OPERATIONS)) {
			for (const [operation, { fields: own }] of Object.entries(operations)) {
				const shown = names(resource, operation);
				for (const { name, displayOptions } of own) {
					const others = Object.keys(displayOptions?.show ?? {}).filter(
						(key) => !['resource', 'operation', '@tool'].includes(key),
					);
					for (const other of others)
						expect([name, shown]).toEqual([name, expect.arrayContaining([other])]);
				}
			}
		}
	});

	it('has a default that is one of its choices', () => {
		for (const [name, field] of withOptions) {
			const values = optionsOf(field).map(({ value }) => value);
			const defaults = [field.default].flat();
			expect([name, values]).toEqual([name, expect.arrayContaining(defaults)]);
		}
	});

	it('asks for the API key as a password', () => {
		expect(credential.properties.find(({ name }) => name === 'apiKey')).toMatchObject({
			typeOptions: { password: true },
		});
	});

	it('offers all templates, alphabetically, several at once', () => {
		const templates = fields.filter(
			([, { name, displayOptions }]) => name === 'templates' && !displayOptions?.show?.['@tool'],
		);
		expect(templates).toHaveLength(2);
		for (const [, field] of templates) {
			expect(field).toMatchObject({ type: 'multiOptions', required: true });
			const repository = manifest.repository.url.replace(/^git\+|\.git$/g, '');
			expect(field.description).toContain(`href="${repository}/blob/main/docs/templates.md"`);
			expect(
				optionsOf(field)
					.map(({ value }) => value)
					.sort(),
			).toEqual(TEMPLATES.map(({ id }) => id).sort());
		}
	});

	it('has the documented defaults and limits', () => {
		const field = (name: string) => fields.find(([, other]) => other.name === name)?.[1];
		expect(field('pollInterval')).toMatchObject({ type: 'number', default: 15 });
		expect(field('queueTimeout')).toMatchObject({ type: 'number', default: 43_200 });
		expect(field('downloadVideo')).toMatchObject({ type: 'boolean', default: true });
		expect(field('creationsPerSecond')).toMatchObject({ type: 'number', default: 1 });
		expect(field('detectionsPerSecond')).toMatchObject({ type: 'number', default: 1 });
		expect(field('imageUrl')?.hint).toMatch(/JPEG.*10 MB.*400 to 7000/);
	});
});

/** The options inside groups, with the way to them. */
const groupOptions = fields.filter(([name]) => name.includes('.'));

/** What an option is set to from the moment it is added, where that is not "on". */
const WHEN_ADDED: Record<string, string> = {
	'fileOptions.output': 'portrait',
	'filters.status': 'SUCCEEDED',
	'options.onTimeLimit': 'returnTask',
};

describe("the order of the form's fields", () => {
	const labels = (operation: string) =>
		visible
			.filter(
				(field) =>
					shownFor(field, 'operation').includes(operation) &&
					!field.displayOptions?.show?.['@tool'],
			)
			.map(({ displayName }) => displayName);

	it('asks for portrait and templates first, and for rarely needed options last', () => {
		expect(labels('createAndWait')).toEqual([
			'Image Source',
			'Image URL',
			'Input Data Field Name',
			'Templates',
			'Face Areas',
			'Face Area',
			'Expression Area',
			'Download Video',
			'Output Data Field Name',
			'Simplify',
			'Portrait',
			'Output',
			'Waiting',
			'Limits and Cost',
		]);
	});

	it('groups at most six options', () => {
		for (const [name, { type, options = [] }] of fields) {
			if (type === 'collection') expect([name, options.length <= 6]).toEqual([name, true]);
		}
	});

	it.each(groupOptions.filter(([, { type }]) => type === 'boolean' || type === 'options'))(
		'has options that do something as soon as they are added: %s',
		(name, { default: added }) => {
			expect(added).toBe(WHEN_ADDED[name.split(' ').at(-1) ?? ''] ?? true);
		},
	);

	it('says the unit of every time in its label', () => {
		const times = fields.filter(([, { name }]) => /timeout|interval|within/i.test(name));
		expect(times.length).toBeGreaterThanOrEqual(4);
		for (const [, { displayName }] of times) expect(displayName).toMatch(/ \(Seconds\)$/);
	});

	it('calls task IDs the same in every operation', () => {
		const taskIds = fields.filter(([, { name }]) => name === 'taskId');
		expect(new Set(taskIds.map(([, { displayName }]) => displayName))).toEqual(
			new Set(['Task IDs']),
		);
	});
});

describe("the form of an agent's tool", () => {
	const shownToTools = visible.filter(({ displayOptions }) => !displayOptions?.hide?.['@tool']);
	const defaultOf = (operation: string, name: string): string => {
		const field = shownToTools.find(
			(other) =>
				other.name === name &&
				shownFor(other, 'operation').includes(operation) &&
				other.displayOptions?.show?.['@tool'],
		);
		return typeof field?.default === 'string' ? field.default : '';
	};

	it('describes every operation to the model', () => {
		for (const operations of Object.values(OPERATIONS)) {
			for (const operation of Object.keys(operations))
				expect(defaultOf(operation, 'toolDescription')).toMatch(/^[A-Z].{40,}\.$/);
		}
	});

	it('lets the model choose from the names of all templates', () => {
		const text = defaultOf('createAndWait', 'templates');
		for (const template of TEMPLATES) expect(text).toContain(templateName(template));
		expect(text).toContain("$fromAI('Templates', `");
	});

	it('tells the model what a portrait must be', () => {
		expect(defaultOf('createAndWait', 'imageUrl')).toMatch(/JPEG.*10 MB.*400 to 7000.*one person/);
	});

	it('has no field about files, because an agent cannot pass them on', () => {
		const names = shownToTools.map(({ name }) => name);
		for (const name of ['imageSource', 'inputField', 'downloadVideo', 'outputField', 'fileOptions'])
			expect(names).not.toContain(name);
	});

	it.each(['queueTimeout', 'surviveRestarts', 'onTimeLimit', 'queueAhead'])(
		'does not show the option "%s", which tools do not use',
		(option) => {
			const found = groupOptions.filter(([, { name }]) => name === option);
			expect(found.length).toBeGreaterThan(0);
			for (const [, { displayOptions }] of found)
				expect(displayOptions?.hide).toEqual({ '@tool': [true] });
		},
	);

	it('says in a visible hint what the second tool is for', () => {
		const answerWithin = shownToTools.find(({ name }) => name === 'answerWithin');
		expect(answerWithin?.hint).toMatch(/second Emoji Video tool .* Get Status/);
	});

	it('has no backticks inside the texts of $fromAI', () => {
		for (const { default: value } of shownToTools) {
			if (typeof value === 'string' && value.includes('$fromAI')) {
				expect(value.split('`')).toHaveLength(3);
			}
		}
	});
});

describe('the wording', () => {
	it.each(
		fields.filter(
			([, field]) => !isSelector(field) && field.type !== 'collection' && field.type !== 'notice',
		),
	)('of %s explains it by a description or a hint', (_, field) => {
		expect(`${field.description ?? ''}${field.hint ?? ''}`.length).toBeGreaterThan(10);
	});

	it.each(fields.filter(([, { placeholder }]) => placeholder !== undefined))(
		'of %s has a placeholder that begins with "e.g."',
		(_, { type, placeholder }) => {
			expect(placeholder).toMatch(type === 'collection' ? /^Add (option|filter)$/ : /^e\.g\. ./);
		},
	);

	it.each(fields.filter(([, { type }]) => type === 'boolean'))(
		'of %s begins with "Whether"',
		(_, { description: text }) => {
			expect(text).toMatch(/^Whether /);
		},
	);

	it.each(withOptions)('of %s lists five choices or more alphabetically', (_, field) => {
		const listed = optionsOf(field).map(({ name }) => name);
		if (listed.length < 5) expect(listed.length).toBeGreaterThan(0);
		else expect(listed).toEqual([...listed].sort((a, b) => a.localeCompare(b, 'en')));
	});

	it.each(fields.filter(([, { type }]) => type === 'collection'))(
		'of %s lists its options alphabetically',
		(_, field) => {
			const listed = (field.options as INodeProperties[]).map(({ displayName }) => displayName);
			expect(listed).toEqual([...listed].sort((a, b) => a.localeCompare(b, 'en')));
		},
	);

	it.each(fields)('of %s is English, without emoji, in one style', (_, field) => {
		for (const text of wordsOf(field)) {
			expect(text).toMatch(/^[\x20-\x7e]+$/);
			expect(text).not.toMatch(/binary property|please|!$|\s$|^\s|\s{2}/i);
		}
		expect(field.displayName).toMatch(/^[A-Z]/);
		const { description: text = 'Text.' } = field;
		expect(text).toMatch(/^[A-Z]/);
		// n8n: one sentence has no full stop, several have.
		const isSeveral = /[.!?] [A-Z]/.test(text);
		if (field.description) expect([text, text.endsWith('.')]).toEqual([text, isSeveral]);
	});

	it.each(fields.filter(([, { name }]) => name === 'operation'))(
		'of %s gives every operation an action in sentence case and a description',
		(_, field) => {
			for (const { action, description: text } of optionsOf(field)) {
				expect(action).toMatch(/^[A-Z][a-z]+( [a-z]+)*$/);
				expect(action).not.toMatch(/\b(an?|the)\b/);
				expect(text).toMatch(/^[A-Z].*[^.]$/);
			}
		},
	);
});

describe('the node', () => {
	it('shows resource and operation in its subtitle', () => {
		expect(description.subtitle).toContain('$parameter["operation"]');
		expect(description.subtitle).toContain('$parameter["resource"]');
	});

	it('can be a tool, and has an icon for light and for dark', () => {
		expect(description.usableAsTool).toBe(true);
		const svg = expect.stringMatching(/^file:.*\.svg$/) as string;
		expect(description.icon).toEqual({ light: svg, dark: svg });
		expect(credential.icon).toEqual({ light: svg, dark: svg });
	});

	it('has Simplify, on, in every operation', () => {
		for (const operations of Object.values(OPERATIONS)) {
			for (const [operation, { fields: own }] of Object.entries(operations)) {
				// The answer to Cancel has nothing to simplify: a request ID.
				if (operation === 'cancel') continue;
				expect(own.find(({ name }) => name === 'simplify')?.default).toBe(true);
			}
		}
	});
});

describe.each(['EmojiVideo', 'EmojiVideoTrigger'])('the codex of %s', (node) => {
	const codex = JSON.parse(read(`nodes/EmojiVideo/${node}.node.json`)) as {
		categories: string[];
		alias: string[];
		resources: { credentialDocumentation: Array<{ url: string }> };
	};

	it('has a category of n8n, and not "AI", which would hide the node in the search', () => {
		expect(codex.categories).toEqual(['Marketing & Content']);
	});

	it('leads to a heading of the README', () => {
		const [documentation] = codex.resources.credentialDocumentation;
		expect(documentation?.url).toBe(credential.documentationUrl);
	});

	it.each(['gif', 'talking head', 'animate photo', 'qwen', '表情包'])(
		'has the search word "%s"',
		(word) => expect(codex.alias).toContain(word),
	);
});

describe('the credential', () => {
	it('is tested by a free call that creates nothing', () => {
		expect(credential.test.request).toMatchObject({
			url: '/api/v1/models',
			qs: { page_no: 1, page_size: 1 },
		});
		expect(credential.test.request.method ?? 'GET').toBe('GET');
	});

	it('says at its top which key it needs and where to create it', () => {
		const [{ type, displayName, displayOptions }] = credential.properties as [INodeProperties];
		expect([type, displayOptions]).toEqual(['notice', undefined]);
		expect(displayName).toMatch(/region <b>China \(Beijing\)<\/b>, like the endpoint/);
		expect(displayName).toMatch(/"Qwen Cloud" credential is another one/);
		const links = [...displayName.matchAll(/<a href="([^"]+)" target="_blank">/g)];
		const [console, guide] = links.map(([, href]) => href);
		const service = read('docs/service.md');
		expect(service).toContain(console);
		expect(guide).toMatch(
			/^https:\/\/www\.alibabacloud\.com\/help\/en\/model-studio\/get-api-key$/,
		);
	});

	it('links to a heading of the README', () => {
		const [, anchor = ''] = credential.documentationUrl.split('#');
		const readme = read('README.md');
		const headings = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
			text.toLowerCase().replaceAll(' ', '-'),
		);
		expect(headings).toContain(anchor);
	});

	it('names the likely cause if the key is rejected', () => {
		const rule = credential.test.rules?.find(({ properties }) => properties.value === 401);
		expect(rule?.properties).toMatchObject({
			message: expect.stringContaining('China (Beijing)') as string,
		});
	});
});
