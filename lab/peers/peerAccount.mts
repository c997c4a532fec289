/**
 * An account to measure on: a double of its own, and what each peer needs to reach it. The rule: no two
 * accounts have the same key, because the node under test shares its pace by key.
 */
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock, DashScopeMockOptions } from '../../sandbox/dashscope/index.mts';
import type { N8nApi } from '../../sandbox/n8n/api.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { OTHER_MODEL } from './peers.mts';

type References = Record<string, { id: string; name: string }>;

export interface Account {
	double: DashScopeMock;
	credentials: { emojiVideo: References; header: References; qwenCloud: References };
	/** Tasks that are billed when nobody does anything any more. Ends the account's time. */
	billed: () => number;
	/** Requests to the API. */
	requests: () => number;
	/** Of those, answered 429. */
	throttled: () => number;
}

const HOUR_MS = 3_600_000;

let opened = 0;

async function open(api: N8nApi, options: DashScopeMockOptions): Promise<Account> {
	const name = `Account ${++opened}`;
	const apiKey = `sk-peers-${opened}`;
	const double = await startDashScopeMock({
		...options,
		apiKey,
		otherVideoModels: [OTHER_MODEL],
	});
	const save = async (type: string, data: Record<string, unknown>): Promise<References> => {
		const { id } = await api.saveCredential(name, type, data);
		return { [type]: { id, name } };
	};
	const asked = () => double.ledger().filter(({ origin }) => origin === 'api');
	return {
		double,
		credentials: {
			emojiVideo: await save(CREDENTIAL_TYPE, credentialDataFor(double)),
			header: await save('httpHeaderAuth', { name: 'Authorization', value: `Bearer ${apiKey}` }),
			// The host is a hidden field, which n8n's API takes all the same.
			qwenCloud: await save('alibabaCloudApi', {
				apiKey,
				region: 'cn-beijing',
				url: double.url,
			}),
		},
		billed: () => {
			double.setConcurrency(1000);
			double.advanceClock(HOUR_MS);
			return double.tasks().filter(({ status }) => status === 'SUCCEEDED').length;
		},
		requests: () => asked().length,
		throttled: () => asked().filter(({ status }) => status === 429).length,
	};
}

/** Lets `work` use an account, which is closed afterwards. */
export async function withAccount<T>(
	api: N8nApi,
	options: DashScopeMockOptions,
	work: (account: Account) => Promise<T>,
): Promise<T> {
	const account = await open(api, options);
	try {
		return await work(account);
	} finally {
		await account.double.close();
	}
}
