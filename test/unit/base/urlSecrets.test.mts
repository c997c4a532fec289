/** What URLs in texts may tell a log. */
import { withoutUrlSecrets } from '../../../nodes/EmojiVideo/base/text';

describe('withoutUrlSecrets', () => {
	it.each([
		['https://ada:pass@host.example/t0k3n?sign=1#x', 'https://host.example/...'],
		['https://host.example:8443', 'https://host.example:8443'],
		['http://host.example?sign=1', 'http://host.example/...'],
		['https://ada:pa/ss@host.example/x', 'https://...'],
		['oss://bucket/key', 'oss://bucket/...'],
		['at run (file:///data/dist/a.js:1:2)', 'at run (file:///data/dist/a.js:1:2)'],
		['at run (/data/dist/a.js:1:2)', 'at run (/data/dist/a.js:1:2)'],
		[
			'("https://a.example/x", "HTTPS://b.example/y")',
			'("https://a.example/...", "HTTPS://b.example/...")',
		],
	])('%s becomes %s', (text, clean) => expect(withoutUrlSecrets(text)).toBe(clean));
});
