/** Pages of file hosts, and links of the same hosts that lead to the file itself. */
import { findSharePage } from '../../../nodes/EmojiVideo/media/sharePages';

it.each([
	['https://drive.google.com/file/d/1AbC/view?usp=sharing', 'a Google Drive page'],
	['https://drive.google.com/open?id=1AbC', 'a Google Drive page'],
	['https://drive.google.com/drive/folders/1AbC', 'a Google Drive page'],
	['https://www.dropbox.com/s/abc/me.jpg?dl=0', 'a Dropbox page'],
	['https://www.dropbox.com/scl/fi/abc/me.jpg?rlkey=x&dl=0', 'a Dropbox page'],
	['https://dropbox.com/s/abc/me.jpg', 'a Dropbox page'],
])('%s is %s', (url, label) => {
	expect(findSharePage(new URL(url))?.label).toBe(label);
});

it.each([
	'https://drive.google.com/uc?export=download&id=1AbC',
	'https://drive.google.com/thumbnail?id=1AbC&sz=w1000',
	'https://lh3.googleusercontent.com/d/1AbC',
	'https://www.dropbox.com/s/abc/me.jpg?raw=1',
	'https://www.dropbox.com/scl/fi/abc/me.jpg?rlkey=x&dl=1',
	'https://dl.dropboxusercontent.com/s/abc/me.jpg',
	'https://drive.google.com.example/file/d/1AbC/view',
])('%s is not a page', (url) => {
	expect(findSharePage(new URL(url))).toBeUndefined();
});
