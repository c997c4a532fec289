/**
 * An account to measure on: a mock, and the credential that each peer needs for it. The rule: no two accounts have
 * the same key, because the node shares its pace by key.
 */
import { startDashScopeMock } from '../../sandbox/dashscope/index.mts';
import type { DashScopeMock, DashScopeMockOptions } from '../../sandbox/dashscope/index.mts';
import type { N8nApi } from '../../sandbox/n8n/api.mts';
import { CREDENTIAL_TYPE, credentialDataFor } from '../../sandbox/n8n/credential.mts';
import { OTHER_MODEL } from './peers.mts';

type References = Record<string, { id: string; name: string }>;

export interface Account {
	mock: DashScopeMock;
	credentials: { emojiVideo: References; header: References; qwenCloud: References };
	/** Lets all tasks end, and counts those that are billed. Call it last. */
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
	const mock = await startDashScopeMock({
		...options,
		apiKey,
		otherVideoModels: [OTHER_MODEL],
	});
	const save = async (type: string, data: Record<string, unknown>): Promise<References> => {
		const { id } = await api.saveCredential(name, type, data);
		return { [type]: { id, name } };
	};
	const asked = () => mock.ledger().filter(({ origin }) => origin === 'api');
	return {
		mock,
		credentials: {
			emojiVideo: await save(CREDENTIAL_TYPE, credentialDataFor(mock)),
			header: await save('httpHeaderAuth', { name: 'Authorization', value: `Bearer ${apiKey}` }),
			// The host is a hidden field, which n8n's API takes all the same.
			qwenCloud: await save('alibabaCloudApi', {
				apiKey,
				region: 'cn-beijing',
				url: mock.url,
			}),
		},
		billed: () => {
			mock.setConcurrency(1000);
			mock.advanceClock(HOUR_MS);
			return mock.tasks().filter(({ status }) => status === 'SUCCEEDED').length;
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
		await account.mock.close();
	}
}
