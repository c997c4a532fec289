/**
 * The frame of every API endpoint: account, rate limit, JSON body, and one form of response.
 * Rule: authentication first, the rate limit second, the body third; a refusal is always
 * `{code, message, request_id}`.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Operation } from '../ledger.mts';
import type { RateLimits } from '../limits.mts';
import { isKnownModel } from '../models.mts';
import { makeOdd, odditiesOf, type AnswerKind } from '../oddities.mts';
import { keyOf } from '../origin.mts';
import { refusalBody, refuse, refused, type Outcome, type Refusal } from '../refusals.mts';
import { accountOf, type World } from '../world.mts';

/** A response of the API: the body of a success, or a refusal. */
export type Answer = { status: number; body: object } | { refusal: Refusal };

/** A request whose account is known and which is within its rate. */
export interface Exchange {
	world: World;
	request: FastifyRequest;
	account: string;
	requestId: string;
}

type Limit = Exclude<keyof RateLimits, 'enforce'>;

export interface Endpoint {
	operation: Operation;
	/** The limit that applies, and what besides the account shares it. */
	limit?: { name: Limit; bucket?: (request: FastifyRequest) => string };
	/** A refusal that comes before the rate limit, e.g. for a missing header. */
	precheck?: (request: FastifyRequest) => Refusal | undefined;
	handle(exchange: Exchange): Answer | Promise<Answer>;
}

function authenticate(world: World, request: FastifyRequest): Outcome<string> {
	const { authorization } = request.headers;
	if (!authorization) return refused('noKey');
	const key = keyOf(authorization);
	if (key === undefined) return refused(authorization.trim() === 'Bearer' ? 'noKey' : 'wrongKey');
	const account = accountOf(world, key);
	return account === undefined ? refused('wrongKey') : { ok: true, value: account };
}

function isWithinRate(world: World, { limit }: Endpoint, exchange: Exchange): boolean {
	const { rateLimits } = world.settings;
	if (!limit || !rateLimits.enforce) return true;
	const { entry } = exchange.request;
	const bucket = `${exchange.account} ${limit.name} ${limit.bucket?.(exchange.request) ?? ''}`;
	const admitted = world.limiter.admit(bucket, rateLimits[limit.name], entry.atMs);
	entry.throttled = !admitted;
	return admitted;
}

async function answer(world: World, endpoint: Endpoint, request: FastifyRequest): Promise<Answer> {
	const who = authenticate(world, request);
	if (!who.ok) return who;
	const exchange = { world, request, account: who.value, requestId: request.id };
	request.entry.account = who.value;
	const early = endpoint.precheck?.(request);
	if (early) return { refusal: early };
	if (!isWithinRate(world, endpoint, exchange)) return { refusal: refuse('throttled') };
	return await endpoint.handle(exchange);
}

/** The response, with the next oddity if oddities are switched on. */
function oddly(world: World, kind: AnswerKind, body: object): object {
	const names = odditiesOf(kind, world.settings.oddities);
	const turn = world.oddityTurns.get(kind) ?? 0;
	const name = names[turn % names.length];
	if (name === undefined) return body;
	world.oddityTurns.set(kind, turn + 1);
	return makeOdd(kind, name, body);
}

/** The fastify handler of an endpoint. */
export function serve(world: World, endpoint: Endpoint) {
	return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
		const given = await answer(world, endpoint, request);
		if ('body' in given) {
			await reply.code(given.status).send(oddly(world, endpoint.operation, given.body));
			return;
		}
		request.entry.code = given.refusal.code;
		const body = refusalBody(given.refusal, request.id);
		await reply.code(given.refusal.status).send(oddly(world, 'refusal', body));
	};
}

/** True when the header says `enable`. */
export function isEnabled(request: FastifyRequest, header: string): boolean {
	return request.headers[header] === 'enable';
}

/** The request's JSON object; refuses another content type, no JSON, and JSON that is no object. */
export function readJson({ request }: Exchange): Outcome<Record<string, unknown>> {
	if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return refused('body');
	try {
		const body: unknown = JSON.parse(String(request.body));
		request.entry.body = body;
		return isRecord(body) ? { ok: true, value: body } : refused('body');
	} catch {
		return refused('body');
	}
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The `input` object of a call of `model`; refuses a missing or another model and a missing input. */
export function readInput(
	body: Record<string, unknown>,
	model: string,
): Outcome<Record<string, unknown>> {
	if (typeof body.model !== 'string' || body.model === '') return refused('noModel');
	if (body.model !== model) {
		return refused(isKnownModel(body.model) ? 'wrongUrlForModel' : 'unknownModel');
	}
	if (body.input === undefined || body.input === null) return refused('noInput');
	return isRecord(body.input) ? { ok: true, value: body.input } : refused('wrongFormat');
}

/** Refuses the first of `fields` that `input` lacks, in the service's words. */
export function requireFields(
	input: Record<string, unknown>,
	fields: readonly string[],
): Refusal | undefined {
	const missing = fields.find((field) => input[field] === undefined || input[field] === null);
	return missing === undefined ? undefined : refuse('fieldRequired', missing);
}
