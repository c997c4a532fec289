/**
 * Asks DashScope when a model goes offline: one free request per account, process and day, in the background.
 * Rule: it never delays, fails or changes a run. Without a response there is no notice.
 */
import { DateTime } from 'luxon';
import { z } from 'zod';
import type { Clock } from '../base/clock';
import { looseObject, looseTime } from './tolerant';
import type { Send } from './transport';

const DAY_MS = 24 * 3_600_000;
const TIMEOUT_MS = 20_000;
/** A process remembers this many accounts and forgets the oldest. */
const MOST_ACCOUNTS = 1000;

const rowSchema = looseObject({
	model: z.unknown(),
	inference_offline_info: looseObject({ offline_time: looseTime }),
});

/** `GET /api/v1/models` (docs/service.md, "Key check"). */
const modelsSchema = z.object({
	output: z.object({ models: z.array(rowSchema) }),
});

interface Known {
	askedAt: number;
	/** When the model goes offline, in ms since the epoch. */
	offlineAt?: number;
}

const accounts = new Map<string, Known>();

/** @returns when the model goes offline, in ms since the epoch. `undefined`: the response does not say */
export function offlineTimeOf(text: string, model: string): number | undefined {
	try {
		const { output } = modelsSchema.parse(JSON.parse(text));
		return output.models.find((row) => row.model === model)?.inference_offline_info.offline_time;
	} catch {
		return undefined;
	}
}

async function ask(send: Send, model: string, known: Known): Promise<void> {
	const query = { model, page_no: 1, page_size: 1 };
	const path = '/api/v1/models';
	const answer = await send({ method: 'GET', path, query, timeoutMs: TIMEOUT_MS });
	if (answer.ok && answer.value.httpStatus === 200)
		known.offlineAt = offlineTimeOf(answer.value.text, model);
}

/**
 * Asks in the background, unless this process asked within the last day.
 * @param accountId from `accountIdOf`
 * @returns gives the notice for the user. `undefined`: no date is known yet
 */
export function watchRetirement(
	send: Send,
	accountId: string,
	model: string,
	clock: Clock,
): () => string | undefined {
	const last = accounts.get(accountId);
	const known: Known =
		last && clock.now() - last.askedAt < DAY_MS ? last : { askedAt: clock.now() };
	if (known !== last) {
		accounts.delete(accountId);
		accounts.set(accountId, known);
		const tooMany = Math.max(0, accounts.size - MOST_ACCOUNTS);
		for (const id of [...accounts.keys()].slice(0, tooMany)) accounts.delete(id);
		// `send` returns failures and does not throw.
		void ask(send, model, known);
	}
	return () => {
		if (known.offlineAt === undefined) return undefined;
		const day = DateTime.fromMillis(known.offlineAt, { zone: 'utc+8' }).toISODate();
		return `Alibaba Cloud takes the model ${model} offline on ${day} (UTC+8). Look for its successor in Model Studio, and for a new version of this package.`;
	};
}
