/**
 * A service to visit: the mock or a real one. Rule: the key goes to the base URL and nowhere else, no
 * redirect is followed, and a lane's limit is kept by waiting on the service's own clock.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { portraitsFolder, type DashScopeMock } from '../dashscope/index.mts';
import type { Answer, Ask, Lane, Visit } from './check.mts';

/** A service. */
export interface Target {
	/** As tables and recordings call it. */
	name: string;
	/** Base URL without a slash at its end. */
	url: string;
	apiKey: string;
	/** A portrait that passes, at an address that the service can read. */
	portrait: string;
	now: () => number;
	wait: (ms: number) => Promise<void>;
}

/** Longer than the second the limits speak of. */
const laneMs = 1200;
const requestTimeoutMs = 60_000;

/** The mock as a service: its time is moved, not waited for. */
export function mockTarget(mock: DashScopeMock): Target {
	return {
		name: 'the mock',
		url: mock.url,
		apiKey: mock.apiKey,
		portrait: mock.portraitUrl('ada.png'),
		now: mock.now,
		wait: (ms) => Promise.resolve(mock.advanceClock(ms)),
	};
}

/** A real service. */
export function liveTarget(url: string, apiKey: string, portrait: string): Target {
	return {
		name: new URL(url).host,
		url: url.replace(/\/+$/, ''),
		apiKey,
		portrait,
		now: () => Date.now(),
		wait: (ms) => sleep(ms),
	};
}

/** A body as a check sees it: JSON parsed, text as text, of other bytes only what they are. */
function readBody(bytes: Buffer, type: string): unknown {
	if (/^(video|image|application\/octet-stream)/.test(type)) {
		return { bytes: bytes.length, mp4: { brand: bytes.toString('latin1', 4, 8) } };
	}
	const text = bytes.toString();
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

async function send({ url, apiKey }: Target, ask: Ask): Promise<Answer> {
	const { method = 'GET', path: place, headers, body, form, key = apiKey } = ask;
	const isOwn = place.startsWith('/');
	const response = await fetch(isOwn ? url + place : place, {
		method,
		redirect: 'manual',
		signal: AbortSignal.timeout(requestTimeoutMs),
		headers: {
			...(isOwn && key !== null && { authorization: `Bearer ${key}` }),
			...(body && { 'content-type': 'application/json' }),
			...headers,
		},
		body: form ?? (body && JSON.stringify(body)),
	});
	const bytes = Buffer.from(await response.arrayBuffer());
	return {
		status: response.status,
		headers: Object.fromEntries(response.headers),
		body: readBody(bytes, response.headers.get('content-type') ?? ''),
	};
}

/** A visit on which nothing has been found yet. */
export function visit(target: Target): Visit {
	const asked = new Map<Lane, number>();
	return {
		portrait: target.portrait,
		found: {},
		now: target.now,
		wait: target.wait,
		sample: (name) => readFileSync(path.join(portraitsFolder, name)),
		async ask(ask) {
			if (ask.lane !== undefined) {
				const sinceMs = target.now() - (asked.get(ask.lane) ?? -Infinity);
				if (!ask.hurry && sinceMs < laneMs) await target.wait(laneMs - sinceMs);
				asked.set(ask.lane, target.now());
			}
			return await send(target, ask);
		},
	};
}
