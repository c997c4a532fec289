/** Verdicts on hosts by the addresses of their names. The filter mirrors n8n 2.40.7's default list. */
import { BlockList, isIP } from 'node:net';
import type { IExecuteFunctions } from 'n8n-workflow';
import { isServiceHost, judgeHost } from '../../../nodes/EmojiVideo/net/resolvedHosts';

type Helpers = IExecuteFunctions['helpers'];

const RESULT_HOST = 'dashscope-result-sh.oss-cn-shanghai.aliyuncs.com';
const API_HOST = 'dashscope.aliyuncs.com';
const OTHER_HOST = 'photos.example.com';

/** `SSRF_DEFAULT_BLOCKED_IP_RANGES` of @n8n/config in n8n 2.40.7. */
const BLOCKED_BY_N8N = [
	'10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 ::1/128 169.254.0.0/16 fe80::/10 fc00::/7',
	'0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24',
]
	.join(' ')
	.split(' ');
/** n8n 3 adds these (n8n pull request 38912). */
const ADDED_BY_N8N_3 = ['64:ff9b::/96', '100.64.0.0/10', '2002::/16'];

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

function listOf(ranges: string[]): BlockList {
	const list = new BlockList();
	for (const range of ranges) {
		const [address = '', bits] = range.split('/');
		list.addSubnet(address, Number(bits), familyOf(address));
	}
	return list;
}

interface Operator {
	allowedNames?: string[];
	allowedRanges?: string[];
	blockedNames?: string[];
	blockedRanges?: string[];
}

/** n8n's helpers with a DNS that knows these addresses. */
function n8nWith(addresses: string[] | undefined, operator: Operator = {}): Helpers {
	const blocked = listOf([...BLOCKED_BY_N8N, ...(operator.blockedRanges ?? [])]);
	const allowed = listOf(operator.allowedRanges ?? []);
	const validateUrl = async (url: URL) => {
		const name = url.hostname.replace(/^\[|\]$/g, '');
		if (operator.allowedNames?.includes(name)) return await Promise.resolve({ ok: true });
		if (operator.blockedNames?.includes(name)) return { ok: false, error: new Error(name) };
		const resolved = isIP(name) ? [name] : addresses;
		if (!resolved) throw new Error(`getaddrinfo ENOTFOUND ${name}`);
		const isBad = (ip: string) =>
			!allowed.check(ip, familyOf(ip)) && blocked.check(ip, familyOf(ip));
		const ip = resolved.find(isBad);
		return ip === undefined
			? { ok: true }
			: { ok: false, error: Object.assign(new Error('restricted'), { ip }) };
	};
	const createSecureLookup =
		() => (_: string, options: object, onResult: (error: null, found: object[]) => void) => {
			expect(options).toEqual({ all: true });
			onResult(
				null,
				(addresses ?? []).map((address) => ({ address })),
			);
		};
	return {
		getSecureEgressFilter: (policy: string) =>
			policy === 'enforced' ? { validateUrl } : { createSecureLookup },
	} as unknown as Helpers;
}

const judge = async (host: string, addresses: string[] | undefined, operator?: Operator) =>
	await judgeHost(new URL(`https://${host}/x`), n8nWith(addresses, operator));

describe.each(['n8n 2.40', 'n8n 3'])('with the filter of %s', (version) => {
	const operator = { blockedRanges: version === 'n8n 3' ? ADDED_BY_N8N_3 : [] };

	it.each([
		['a public address', OTHER_HOST, ['47.1.1.1', '2400:3200::1']],
		['a NAT64 address of a public one', OTHER_HOST, ['64:ff9b::2f01:101', '47.1.1.1']],
		['an IPv4 stand-in of a TUN proxy', RESULT_HOST, ['198.18.0.7']],
		['an IPv6 stand-in of a TUN proxy', RESULT_HOST, ['fdfe:dcba:9876::b4']],
		['stand-ins, IPv6 first', API_HOST, ['fdfe:dcba:9876::b4', '198.18.0.7']],
		['stand-ins, IPv4 first', API_HOST, ['198.19.255.255', 'fc00::1']],
		['an inner address of OSS', RESULT_HOST, ['100.118.28.44']],
	])('%s of %s is public', async (_, host, addresses) => {
		expect(await judge(host, addresses, operator)).toBe('public');
	});

	it.each([
		['stand-ins', ['fdfe:dcba:9876::b4', '198.18.0.7']],
		['a stand-in beside a public address', ['47.1.1.1', '198.18.0.7']],
	])('%s of another host hide its address', async (_, addresses) => {
		expect(await judge(OTHER_HOST, addresses, operator)).toBe('hidden');
	});

	it.each([
		['a metadata service', OTHER_HOST, ['169.254.169.254']],
		['a metadata service after a public address', OTHER_HOST, ['47.1.1.1', '169.254.169.254']],
		['a metadata service after a stand-in', OTHER_HOST, ['198.18.0.7', '169.254.169.254']],
		['a metadata service after a stand-in', RESULT_HOST, ['198.18.0.7', '169.254.169.254']],
		['a metadata service before a stand-in', RESULT_HOST, ['169.254.169.254', '198.18.0.7']],
		['Alibaba’s metadata service', RESULT_HOST, ['100.100.100.200']],
		['Amazon’s metadata service', RESULT_HOST, ['fd00:ec2::254']],
		['Google’s metadata service', API_HOST, ['fd20:ce::254']],
		['Azure’s metadata service', OTHER_HOST, ['168.63.129.16']],
		['a private address', RESULT_HOST, ['10.0.0.1']],
		['loopback', RESULT_HOST, ['::1']],
		['an unspecified address', OTHER_HOST, ['::']],
		['a shared address', OTHER_HOST, ['100.118.28.44']],
		['a shared address', API_HOST, ['100.118.28.44']],
		['a NAT64 address of a private one', RESULT_HOST, ['64:ff9b::a9fe:a9fe']],
		['a NAT64 address of loopback', OTHER_HOST, ['64:ff9b::7f00:1']],
		['a NAT64 address of 0.0.0.1', OTHER_HOST, ['64:ff9b::1']],
		['a NAT64 address of 10.0.0.0', OTHER_HOST, ['64:ff9b::a00:0']],
		['a local NAT64 address', OTHER_HOST, ['64:ff9b:1::2f01:101']],
		['a mapped private address', OTHER_HOST, ['::ffff:10.0.0.1']],
		['a 6to4 address', OTHER_HOST, ['2002:a00:1::1']],
		['a link-local address with a zone', OTHER_HOST, ['fe80::1%eth0']],
	])('%s of %s is private', async (_, host, addresses) => {
		expect(await judge(host, addresses, operator)).toBe('private');
	});
});

it('an n8n without a filter judges no addresses', async () => {
	expect(await judgeHost(new URL('https://a.example/'), {} as Helpers)).toBe('public');
});

it('a name that n8n cannot resolve is left to the HTTP proxy', async () => {
	expect(await judge(OTHER_HOST, undefined)).toBe('public');
});

describe('the operator’s own lists', () => {
	it('allow a host by its name', async () => {
		const operator = { allowedNames: [OTHER_HOST] };
		expect(await judge(OTHER_HOST, ['10.0.0.1'], operator)).toBe('public');
	});

	it('allow a host by its range', async () => {
		const operator = { allowedRanges: ['10.0.0.0/8', '198.18.0.0/15'] };
		expect(await judge(OTHER_HOST, ['10.0.0.1', '198.18.0.7'], operator)).toBe('public');
	});

	it('block a host by its name', async () => {
		const operator = { blockedNames: [OTHER_HOST] };
		expect(await judge(OTHER_HOST, ['47.1.1.1'], operator)).toBe('private');
	});

	it('block a host by its range', async () => {
		const operator = { blockedRanges: ['47.0.0.0/8'] };
		expect(await judge(RESULT_HOST, ['47.1.1.1'], operator)).toBe('private');
	});
});

it.each([
	'dashscope.aliyuncs.com',
	'DashScope.aliyuncs.com.',
	'vpc-cn-beijing.dashscope.aliyuncs.com',
	'llm-abc.cn-beijing.maas.aliyuncs.com',
	'dashscope-result-sh.oss-cn-shanghai.aliyuncs.com',
	'dashscope-file-mgr.oss-cn-beijing-internal.aliyuncs.com',
])('%s is a host of DashScope', (host) => {
	expect(isServiceHost(host)).toBe(true);
});

it.each([
	'aliyuncs.com',
	'mybucket.oss-cn-beijing.aliyuncs.com',
	'dashscope.aliyuncs.com.evil.example',
	'dashscope-aliyuncs.com',
	'dashscope.evilaliyuncs.com',
	'dashscope.example.com',
])('%s is not a host of DashScope', (host) => {
	expect(isServiceHost(host)).toBe(false);
});
