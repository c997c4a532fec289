import { isLoopback, isPrivate, parseUrl } from '../../../nodes/EmojiVideo/net/publicHosts';

const loopback = [
	'http://localhost/',
	'http://LOCALHOST/',
	'http://localhost./',
	'http://app.localhost:8080/',
	'http://127.0.0.1/',
	'http://127.255.255.254/',
	'http://[::1]:80/',
	'http://[0:0:0:0:0:0:0:1]/',
	// URL parsers accept these spellings of 127.0.0.1: short, decimal, hexadecimal, octal.
	'http://127.1/',
	'http://2130706433/',
	'http://0x7f000001/',
	'http://0x7f.1/',
	'http://0177.0.0.1/',
	'http://127.0.0.1./',
	'http://%6cocalhost/',
	'http://ⓛocalhost/',
];

const privateOnly = [
	'http://0.0.0.0/',
	'http://0/',
	'http://10.0.0.1/',
	'http://10.255.255.255/',
	'http://167772161/',
	'http://0xa000001/',
	'http://012.0.0.1/',
	'http://100.64.0.1/',
	'http://100.127.255.255/',
	'http://169.254.169.254/latest/meta-data/',
	'http://0xa9fea9fe/',
	'http://172.16.0.1/',
	'http://172.31.255.255/',
	'http://192.168.1.1/',
	'http://192.168.257/',
	'http://3232235777/',
	'http://[::]/',
	'http://[::ffff:10.0.0.1]/',
	'http://[::ffff:7f00:1]/',
	'http://[fc00::1]/',
	'http://[fd12:3456::1]/',
	'http://[fe80::1]/',
	'http://[febf::1]/',
	// Special-purpose addresses (RFC 6890).
	'http://192.0.0.1/',
	'http://198.18.0.1/',
	'http://224.0.0.1/',
	'http://240.0.0.1/',
	'http://255.255.255.255/',
	'http://[64:ff9b::a00:1]/',
	'http://[2002:7f00:1::]/',
	'http://[ff02::1]/',
	'http://[fec0::1]/',
	'http://[::7f00:1]/',
	'http://printer/',
	'http://printer./',
	'http://nas.local/',
	'http://nas.LOCAL./',
	'http://metadata.google.internal/',
	'http://wiki.intranet/',
	'http://router.lan/',
	'http://router.home.arpa/',
];

const open = [
	'https://dashscope.aliyuncs.com/',
	'https://dashscope.aliyuncs.com./',
	'http://8.8.8.8/',
	'http://11.0.0.1/',
	'http://100.63.255.255/',
	'http://100.128.0.1/',
	'http://169.253.1.1/',
	'http://172.15.255.255/',
	'http://172.32.0.1/',
	'http://192.167.1.1/',
	'http://128.0.0.1/',
	'http://[2001:4860:4860::8888]/',
	'http://[2400:3200::1]/',
	'http://10.example.com/',
	'http://127.0.0.1.example.com/',
	'http://localhost.example.com/',
	'http://local.example.com/',
	'http://mylan.example.com/',
];

it.each(loopback)('%s is loopback and private', (text) => {
	expect([isLoopback(new URL(text)), isPrivate(new URL(text))]).toEqual([true, true]);
});

it.each(privateOnly)('%s is private and not loopback', (text) => {
	expect([isLoopback(new URL(text)), isPrivate(new URL(text))]).toEqual([false, true]);
});

it.each(open)('%s is public', (text) => {
	expect([isLoopback(new URL(text)), isPrivate(new URL(text))]).toEqual([false, false]);
});

it.each(['', 'portrait.png', '//example.com/a.png', 'http://', 'http://[::1', 'http://256.0.0.1/'])(
	'parseUrl rejects %j',
	(text) => {
		expect(parseUrl(text)).toBeUndefined();
	},
);

describe('isPrivate', () => {
	it.each([
		'http://printer/',
		'http://db.default.svc/',
		'http://db.default.svc.cluster.local/',
		'http://wiki.corp/',
		'http://nas.home/',
		'http://host.localdomain/',
		'http://metadata.google.internal/',
		'http://169.254.169.254/',
		'http://100.100.100.200/',
		'http://168.63.129.16/',
		'http://192.0.0.192/',
		'http://[fd00:ec2::254]/',
		'http://[2001::1]/',
		'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
		'http://[::ffff:169.254.169.254]/',
		'http://[0:0:0:0:0:ffff:a9fe:a9fe]/',
		'http://[64:ff9b::169.254.169.254]/',
	])('is true for %s', (address) => {
		expect(isPrivate(new URL(address))).toBe(true);
	});

	it.each([
		'https://[2001:db8::1]/',
		'https://[2001:4860:4860::8888]/',
		'https://svc.example.com/',
	])('is false for %s', (address) => {
		expect(isPrivate(new URL(address))).toBe(false);
	});
});
