/** The files of .github/: every command exists, every action is pinned, reports ask for the facts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const root = path.resolve(__dirname, '../../..');
const read = (...names: string[]) => readFileSync(path.join(root, ...names), 'utf8');
const { scripts, engines } = z
	.object({ scripts: z.record(z.string()), engines: z.object({ node: z.string() }) })
	.parse(JSON.parse(read('package.json')));

const permissions = z.record(z.string());
const workflowSchema = z.object({
	permissions,
	on: z.record(z.unknown()),
	jobs: z.record(
		z.object({
			permissions: permissions.optional(),
			needs: z.string().optional(),
			'timeout-minutes': z.number(),
			strategy: z.object({ matrix: z.record(z.array(z.number())) }).optional(),
			steps: z.array(
				z.object({
					uses: z.string().optional(),
					run: z.string().optional(),
					with: z.record(z.unknown()).optional(),
				}),
			),
		}),
	),
});

const folder = path.join(root, '.github/workflows');
const files = readdirSync(folder);
const workflow = (file: string) => workflowSchema.parse(parse(read('.github/workflows', file)));
const stepsOf = (file: string) => Object.values(workflow(file).jobs).flatMap(({ steps }) => steps);

/** npm's own commands that the workflows may use; every other one must be a script of ours. */
const NPM_COMMANDS = ['ci', 'publish'];

/** The names that package.json must have: `npm run x`, `npm test`, `npm start`. */
const scriptsIn = (run: string) =>
	[...run.matchAll(/\bnpm (?:run (?:-s |--silent )?)?([\w:-]+)/g)]
		.map(([, name = '']) => name)
		.filter((name) => !NPM_COMMANDS.includes(name));

describe('the workflows', () => {
	it('are CI and Publish', () => {
		expect(files.sort()).toEqual(['ci.yml', 'publish.yml']);
	});

	it.each(files)('%s calls only commands that exist', (file) => {
		const called = stepsOf(file).flatMap(({ run }) => scriptsIn(run ?? ''));
		expect(called.length).toBeGreaterThan(3);
		expect(called.filter((name) => !(name in scripts))).toEqual([]);
	});

	it.each(files)('%s pins every action by commit, and says which version that is', (file) => {
		const lines = read('.github/workflows', file)
			.split('\n')
			.filter((line) => line.includes('uses:'));
		expect(lines.length).toBeGreaterThan(1);
		for (const line of lines)
			expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
	});

	it.each(files)('%s may only read the code, unless a job asks for more', (file) => {
		expect(workflow(file).permissions).toEqual({ contents: 'read' });
		for (const { uses, with: inputs } of stepsOf(file)) {
			if (uses?.startsWith('actions/checkout@')) {
				expect(inputs).toEqual({ 'persist-credentials': false });
			}
		}
		expect(read('.github/workflows', file)).not.toMatch(/secrets\.|pull_request_target/);
	});

	it('CI runs on every Node.js version that the package claims', () => {
		expect(workflow('ci.yml').jobs.check?.strategy?.matrix.node).toEqual([20, 22, 24]);
		expect(engines.node).toBe('>=20.19');
	});

	it('Publish tests first, wants the tag to be the version, and signs', () => {
		const { jobs, on } = workflow('publish.yml');
		const { test, publish } = jobs;
		const runs = (job: typeof test) => job?.steps.map(({ run }) => run).filter(Boolean);
		expect(on).toEqual({ push: { tags: ['v*'] } });
		expect(Object.keys(jobs)).toEqual(['test', 'publish']);
		expect(runs(test)).toEqual(
			expect.arrayContaining([
				'npm run release -- --tag "$GITHUB_REF_NAME"',
				'npm run lint',
				'npm run typecheck',
				'npm test',
				'npm run scan',
				'npm run test:e2e',
			]),
		);
		expect(test?.permissions).toBeUndefined();
		expect(publish?.needs).toBe('test');
		expect(publish?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
		expect(runs(publish)?.at(-1)).toBe('npm publish --provenance --access public');
	});
});

describe('a report', () => {
	const formSchema = z.object({
		name: z.string(),
		description: z.string(),
		body: z.array(
			z.object({
				type: z.enum(['markdown', 'input', 'textarea', 'dropdown']),
				id: z.string().optional(),
				validations: z.object({ required: z.boolean() }).optional(),
			}),
		),
	});
	const form = (file: string) => formSchema.parse(parse(read('.github/ISSUE_TEMPLATE', file)));

	it('of a bug asks for the versions, the request ID and whether money was lost', () => {
		const required = form('bug.yml').body.filter(({ validations }) => validations?.required);
		expect(required.map(({ id }) => id)).toEqual([
			'package',
			'n8n',
			'node',
			'request',
			'money',
			'what',
		]);
	});

	it('of an idea is a form', () => {
		expect(form('idea.yml').body.map(({ id }) => id)).toEqual(['package', 'goal', 'today']);
	});

	it('of a vulnerability has a private channel', () => {
		expect(existsSync(path.join(root, 'SECURITY.md'))).toBe(true);
		expect(read('SECURITY.md')).toMatch(/security\/advisories\/new/);
	});
});

describe('dependabot', () => {
	it('updates the actions and the packages', () => {
		const { updates } = z
			.object({ updates: z.array(z.object({ 'package-ecosystem': z.string() })) })
			.parse(parse(read('.github/dependabot.yml')));
		expect(updates.map((update) => update['package-ecosystem'])).toEqual(['github-actions', 'npm']);
	});
});
