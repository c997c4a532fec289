/**
 * `npm run gallery`: makes docs/templates.md, its moving pictures, and the README's first picture, from
 * the node's list of templates and the double's drawings.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { TEMPLATES } from '../nodes/EmojiVideo/dashscope/templates.ts';
import { drawHero, drawSticker, FRAMES_PER_SECOND } from './gallery/draw.mts';
import { encodeGif } from './gallery/gif.mts';
import { pictureOf, templatesPage } from './gallery/page.mts';

const docs = path.resolve(import.meta.dirname, '../docs');
const delayMs = 1000 / FRAMES_PER_SECOND;

/** Writes `bytes` and says how many there are. */
async function write(name: string, bytes: Uint8Array | string): Promise<void> {
	const file = path.join(docs, name);
	await mkdir(path.dirname(file), { recursive: true });
	await writeFile(file, bytes);
	console.log(`docs/${name}: ${Math.ceil(bytes.length / 1024)} KB`);
}

await write('images/portrait-to-stickers.gif', encodeGif(drawHero(), delayMs, 128));
for (const { id } of TEMPLATES) {
	await write(pictureOf(id), encodeGif(drawSticker(id), delayMs, 48));
}
await write('templates.md', templatesPage());
