/** The sample workflows as files: complete, readable, importable. e2e/ runs them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

import { EmojiVideo } from '../../../nodes/EmojiVideo/EmojiVideo.node';
import { EmojiVideoTrigger } from '../../../nodes/EmojiVideo/EmojiVideoTrigger.node';

const folder = path.resolve(__dirname, '../../../examples');
const files = readdirSync(folder)
	.filter((name) => name.endsWith('.json'))
	.sort();

const exampleSchema = z.object({
	name: z.string().startsWith('Emoji Video: '),
	nodes: z.array(
		z.object({
			id: z.string().uuid(),
			name: z.string(),
			type: z.string(),
			typeVersion: z.number(),
			position: z.tuple([z.number(), z.number()]),
			parameters: z.record(z.unknown()),
			credentials: z.record(z.object({ id: z.literal(''), name: z.string() })).optional(),
		}),
	),
	connections: z.record(
		z.record(z.array(z.array(z.object({ node: z.string(), type: z.string(), index: z.number() })))),
	),
	settings: z.object({ executionOrder: z.literal('v1') }),
	pinData: z.object({}).strict(),
});

const read = (file: string) =>
	exampleSchema.parse(JSON.parse(readFileSync(path.join(folder, file), 'utf8')));

const STICKY_NOTE = 'n8n-nodes-base.stickyNote';
const noteSchema = z.object({ content: z.string(), width: z.number(), height: z.number() });

interface Box {
	left: number;
	top: number;
	right: number;
	bottom: number;
}

/** The space of a node on n8n's canvas: its square (an agent's is wider) and its name below. */
const boxOf = ({
	type,
	position: [left, top],
}: {
	type: string;
	position: [number, number];
}): Box => ({
	left: left - 16,
	top: top - 16,
	right: left + (type.endsWith('.agent') ? 256 : 112),
	bottom: top + 160,
});

const touch = (a: Box, b: Box) =>
	a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const properties = [new EmojiVideo(), new EmojiVideoTrigger()].flatMap(
	({ description }) => description.properties,
);

/** The names of the options that a parameter groups; none for other parameters. */
const optionsOf = (parameter: string) =>
	properties
		.filter(({ name, type }) => name === parameter && type === 'collection')
		.flatMap(({ options = [] }) => options.map(({ name }) => name));

/** Parameters that n8n adds to a tool and to a polling trigger. */
const HOST_PARAMETERS = ['descriptionType', 'toolDescription', 'pollTimes'];

describe('the sample workflows', () => {
	it('are fifteen with different names', () => {
		expect(files).toHaveLength(15);
		expect(new Set(files.map((file) => read(file).name)).size).toBe(15);
	});
});

describe.each(files)('%s', (file) => {
	const { nodes, connections } = read(file);
	const notes = nodes.filter(({ type }) => type === STICKY_NOTE);
	const others = nodes.filter(({ type }) => type !== STICKY_NOTE);

	it('has one note, which overlaps no node', () => {
		expect(notes).toHaveLength(1);
		for (const { position, parameters } of notes) {
			const [left, top] = position;
			const { content, width, height } = noteSchema.parse(parameters);
			expect(content).toMatch(/^## \S/);
			const note = { left, top, right: left + width, bottom: top + height };
			expect(others.filter((node) => touch(note, boxOf(node))).map(({ name }) => name)).toEqual([]);
		}
	});

	it('has no overlapping nodes', () => {
		const pairs = others.flatMap((node, index) =>
			others
				.slice(index + 1)
				.filter((other) => touch(boxOf(node), boxOf(other)))
				.map((other) => `${node.name} and ${other.name}`),
		);
		expect(pairs).toEqual([]);
	});

	it('mentions in its note only nodes that it has', () => {
		const content = noteSchema.parse(notes[0]?.parameters).content;
		const steps = [...content.matchAll(/^\d\. \*\*([^*]+)\*\*/gm)].map(([, name]) => name);
		expect(steps.length).toBeGreaterThan(0);
		expect(steps.filter((step) => !others.some(({ name }) => name === step))).toEqual([]);
	});

	it("says publish, n8n's word, instead of activate", () => {
		expect(readFileSync(path.join(folder, file), 'utf8')).not.toMatch(/\bactivat/i);
	});

	it('connects all of its nodes, and no others', () => {
		const names = new Set(others.map(({ name }) => name));
		const targets = Object.values(connections)
			.flatMap((outputs) => Object.values(outputs).flat(2))
			.map(({ node }) => node);
		const linked = new Set([...Object.keys(connections), ...targets]);
		expect([...linked].filter((name) => !names.has(name))).toEqual([]);
		expect([...names].filter((name) => !linked.has(name))).toEqual([]);
	});

	it('sets only parameters that our nodes have', () => {
		const ours = others.filter(({ type }) => type.startsWith('n8n-nodes-emoji-video.'));
		expect(ours.length).toBeGreaterThan(0);
		const unknown = ours.flatMap(({ parameters }) =>
			Object.entries(parameters)
				.filter(([name]) => !HOST_PARAMETERS.includes(name))
				.flatMap(([name, value]) => {
					if (!properties.some((property) => property.name === name)) return [name];
					const group = z.record(z.unknown()).safeParse(value);
					return Object.keys(group.data ?? {})
						.filter((option) => !optionsOf(name).includes(option))
						.map((option) => `${name}.${option}`);
				}),
		);
		expect(unknown).toEqual([]);
	});
});
