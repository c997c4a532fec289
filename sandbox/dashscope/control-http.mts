/**
 * The control over HTTP, for tests in another process. Rule: one path per method of `Control`, JSON in
 * and out, no key, and nothing of it in the ledger.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Control } from './control.mts';
import { faultOrderSchema } from './faults/orders.mts';
import { operations } from './ledger.mts';
import { oddities, type OddityName } from './oddities.mts';
import { controlPrefix } from './origin.mts';
import { verdicts, type VerdictCode } from './verdicts.mts';

const isVerdict = (code: string): code is VerdictCode => Object.hasOwn(verdicts, code);

const isOddity = (name: string): name is OddityName => Object.hasOwn(oddities, name);

const seconds = z.number().min(0);
const delayMs = z.number().min(0);

/** The JSON body of each order, and its effect. */
const order = <T,>(
	schema: z.ZodType<T, z.ZodTypeDef, unknown>,
	run: (control: Control, body: T) => unknown,
) => ({ schema, run: (control: Control, body: unknown) => run(control, schema.parse(body)) });

const orders = {
	faults: order(faultOrderSchema, (control, body) => control.faults.add(body)),
	'fail-task': order(
		z.object({
			target: z.union([z.string(), z.number().int().min(0)]),
			code: z.string().optional(),
			message: z.string().optional(),
		}),
		(control, { target, code, message }) =>
			control.failTask(target, code ? { code, message: message ?? '' } : undefined),
	),
	'fail-detection': order(
		z.object({ count: z.number().int().min(0), code: z.string().refine(isVerdict).optional() }),
		(control, { count, code }) => control.failDetection(count, code),
	),
	concurrency: order(z.object({ value: z.number().int().min(0) }), (control, { value }) =>
		control.setConcurrency(value),
	),
	'task-seconds': order(
		z.object({ value: z.union([seconds, z.array(seconds).min(1)]) }),
		(control, { value }) => control.setTaskSeconds(value),
	),
	'verdict-style': order(
		z.object({ value: z.enum(['output200', 'output400', 'top400']) }),
		(control, { value }) => control.setVerdictStyle(value),
	),
	oddities: order(
		z.object({ value: z.union([z.boolean(), z.array(z.string().refine(isOddity))]) }),
		(control, { value }) => control.setOddities(value),
	),
	'answer-delay': order(
		z.object({ value: z.union([delayMs, z.record(z.enum(operations), delayMs)]) }),
		(control, { value }) => control.setAnswerDelay(value),
	),
	clock: order(z.object({ advanceMs: z.number().min(0) }), (control, { advanceMs }) =>
		control.advanceClock(advanceMs),
	),
	reset: order(z.unknown(), (control) => control.reset()),
};

/** What can be read, by path. */
const readings: Record<
	string,
	(control: Control, query: Record<string, string | undefined>) => unknown
> = {
	ledger: (control, { after = '0' }) => control.ledger().filter(({ seq }) => seq > Number(after)),
	counts: (control) => control.counts(),
	tasks: (control) => control.tasks(),
	clock: (control) => ({ nowMs: control.now() }),
};

/** Adds the control's paths to the API origin. */
export function addControlRoutes(server: FastifyInstance, control: Control): void {
	for (const [name, read] of Object.entries(readings)) {
		server.get(`${controlPrefix}/${name}`, async (request, reply) => {
			await reply.send(read(control, request.query as Record<string, string | undefined>));
		});
	}
	server.delete(`${controlPrefix}/faults`, async (_request, reply) => {
		control.faults.clear();
		await reply.send({ ok: true });
	});
	for (const [name, { run }] of Object.entries(orders)) {
		server.post(`${controlPrefix}/${name}`, async (request, reply) => {
			try {
				const text = typeof request.body === 'string' && request.body ? request.body : '{}';
				const result = run(control, JSON.parse(text));
				await reply.send({ ok: result !== false });
			} catch (error) {
				await reply.code(400).send({ ok: false, error: String(error) });
			}
		});
	}
}
