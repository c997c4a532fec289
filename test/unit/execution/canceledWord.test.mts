/**
 * n8n takes an execution whose error says "canceled" for stopped by its user, and starts no error
 * workflow (n8n-core, workflow-execute.js, processSuccessExecution). A canceled task is an error.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { INode } from 'n8n-workflow';
import ts from 'typescript';
import { failureOfResponse, taskFailure } from '../../../nodes/EmojiVideo/dashscope/errors';
import { TASK_STATUSES, taskSchema } from '../../../nodes/EmojiVideo/dashscope/schemas';
import { toNodeError } from '../../../nodes/EmojiVideo/execution/nodeErrors';
import type { Failure } from '../../../nodes/EmojiVideo/base/result';
import { documentedErrors } from '../../contract/examples.mts';
import { expectProperty } from '../../properties.mts';

const NODE: INode = {
	id: 'emoji-video',
	name: 'Emoji Video',
	type: 'n8n-nodes-emoji-video.emojiVideo',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

/** What n8n-core asks of an error. */
const countsAsCanceled = ({ message, name }: Error) =>
	message.includes('canceled') || name.includes('Cancelled');

/** Both kinds of error that a failure can become. */
const errorsOf = (failure: Failure) => [
	toNodeError(NODE, failure),
	toNodeError(NODE, { ...failure, httpStatus: 400 }),
	toNodeError(NODE, { ...failure, httpStatus: 500, code: 'canceled' }, { itemIndex: 3 }),
];

const failureOf = (message: string): Failure => ({ kind: 'rejected', message, nextStep: 'Wait.' });

interface Text {
	file: string;
	text: string;
	/** The property or the call that the text is for. */
	use: string;
}

/** Every string of a source file, and the fixed parts of its templates. */
function textsOf(file: string): Text[] {
	const source = ts.createSourceFile(
		file,
		readFileSync(file, 'utf8'),
		ts.ScriptTarget.ES2022,
		true,
	);
	const texts: Text[] = [];
	const visit = (node: ts.Node, use: string) => {
		if (
			ts.isStringLiteralLike(node) ||
			ts.isTemplateHead(node) ||
			ts.isTemplateMiddleOrTemplateTail(node)
		) {
			texts.push({ file: path.basename(file), text: node.text, use });
		}
		const next =
			ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node) ? node.name.getText() : use;
		ts.forEachChild(node, (child) => visit(child, next));
	};
	visit(source, '');
	return texts;
}

const folder = path.resolve(import.meta.dirname, '../../../nodes/EmojiVideo');
const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
	.filter((file) => file.endsWith('.ts'))
	.flatMap((file) => textsOf(path.join(folder, file)));

it(`none of the ${texts.length} texts of the sources makes n8n call an execution canceled`, () => {
	expect(texts.length).toBeGreaterThan(1000);
	for (const { text } of texts) {
		for (const error of errorsOf(failureOf(text))) expect(countsAsCanceled(error)).toBe(false);
	}
});

it('only what is no message says "canceled" at all', () => {
	const uses = texts.filter(({ text }) => text.includes('canceled')).map(({ use }) => use);
	expect(uses.length).toBeGreaterThan(0);
	expect(uses).not.toContain('message');
});

it.each(
	documentedErrors.map(({ httpStatus, code, message }) => [httpStatus, code, message] as const),
)('HTTP %i %s "%s" does not', (status, code, message) => {
	for (const error of errorsOf(failureOfResponse(status, { code, message })))
		expect(countsAsCanceled(error)).toBe(false);
});

it.each([...TASK_STATUSES])('a task that is %s does not', (task_status) => {
	const body = { output: { task_status, message: 'It was canceled.', code: 'canceled' } };
	for (const error of errorsOf(taskFailure(taskSchema.parse(body))))
		expect(countsAsCanceled(error)).toBe(false);
});

it('no words of the service or the user do', () => {
	const words = fc.array(
		fc.constantFrom('canceled', 'cancel', 'ed', 'Canceled', ' ', 'task', 'led'),
	);
	expectProperty(
		fc.property(words, (parts) => {
			for (const error of errorsOf(failureOf(parts.join('')))) {
				if (countsAsCanceled(error)) throw new Error(error.message);
			}
		}),
		2000,
	);
});
