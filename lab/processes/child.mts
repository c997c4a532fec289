/**
 * One process that shares an account with others: detects and creates as fast as the limiter lets it, for
 * so long. `child.mts URL KEY PORTRAIT NAME SECONDS`.
 */
import {
	accountIdOf,
	DOCUMENTED_RATES,
	rateLimiterOf,
} from '../../nodes/EmojiVideo/account/rateLimiter';
import { systemClock } from '../../nodes/EmojiVideo/base/clock';
import { createClient } from '../../nodes/EmojiVideo/dashscope/client';
import { createHttpSend } from '../bench/network.mts';

const [url = '', key = '', portrait = '', name = '', seconds = ''] = process.argv.slice(2);

const send = createHttpSend(url, key);
const client = createClient(
	async (request) => await send({ ...request, headers: { ...request.headers, 'x-process': name } }),
	rateLimiterOf(accountIdOf(key, url), DOCUMENTED_RATES, systemClock),
	systemClock,
);
const end = Date.now() + Number(seconds) * 1000;

async function untilEnd(work: () => Promise<unknown>) {
	while (Date.now() < end) await work();
}

const found = await client.detectFace(portrait);
if (!found.ok || !found.value.value.passed) throw new Error('The portrait did not pass.');
const { areas } = found.value.value;
await Promise.all([
	untilEnd(async () => await client.detectFace(portrait)),
	untilEnd(
		async () => await client.submitTask({ imageUrl: portrait, templateId: 'mengwa_kaixin', areas }),
	),
]);
// A last request may still wait for its slot.
process.exit(0);
