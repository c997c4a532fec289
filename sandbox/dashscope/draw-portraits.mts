/**
 * Draws the sample portraits into `portraits/` (needs ffmpeg for the JPEG). Rule: a name in
 * `portraitVerdicts` must be drawn here, and two portraits never have the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { drawBackground, drawPerson, neutral, picture } from './drawing/face.mts';
import { ada, ben, clerk, kid } from './drawing/people.mts';

const folder = join(import.meta.dirname, 'portraits');
const smile = { ...neutral, smile: 0.8 };

const moved = (parts: string, transform: string): string =>
	`<g transform="${transform}">${parts}</g>`;

const landscape = `<rect width="512" height="512" fill="#bfe4f7"/><circle cx="396" cy="112" r="46" fill="#ffd166"/>
	<path d="M0 330 L140 170 L250 310 L330 220 L512 380 V512 H0 Z" fill="#7d9bb5"/>
	<path d="M0 380 Q140 320 280 384 T512 366 V512 H0 Z" fill="#6fae6a"/>
	<path d="M0 440 Q180 396 330 446 T512 436 V512 H0 Z" fill="#4f8f56"/>`;

const hand = `<g transform="rotate(-18 256 320)"><rect x="168" y="276" width="176" height="104" rx="46" fill="#f2bd9b"/>
	<path d="M196 286 v-74 M232 282 v-92 M268 282 v-92 M304 286 v-78" stroke="#f2bd9b" stroke-width="32" stroke-linecap="round"/></g>`;

/** SVG and side length in pixels of every portrait. */
const portraits: Readonly<Record<string, [svg: string, size: number]>> = {
	'ada.png': [drawBackground(ada) + drawPerson(ada, smile), 640],
	'ben.jpg': [drawBackground(ben) + drawPerson(ben, { ...smile, mouthOpen: 0.2 }), 640],
	'kim.png': [drawBackground(kid) + drawPerson(kid, smile), 512],
	'tilted.png': [
		drawBackground(ada) + moved(drawPerson(ada, { ...smile, tilt: 24 }), 'rotate(38 256 300)'),
		512,
	],
	'covered.png': [drawBackground(kid) + drawPerson(kid, smile) + hand, 512],
	'no-human.png': [landscape, 512],
	'two-people.png': [
		drawBackground(clerk) +
			moved(drawPerson(clerk, smile), 'translate(-52 150) scale(.68)') +
			moved(drawPerson(ada, smile), 'translate(214 150) scale(.68)'),
		512,
	],
	'far-away.png': [landscape + moved(drawPerson(ben, smile), 'translate(228 396) scale(.11)'), 512],
	'too-dark.png': [
		`${drawBackground(clerk)}${drawPerson(clerk, neutral)}<rect width="512" height="512" fill="#05060a" opacity=".93"/>`,
		512,
	],
	'too-small.png': [drawBackground(ada) + drawPerson(ada, smile), 399],
};

for (const [name, [svg, size]] of Object.entries(portraits)) {
	const png = new Resvg(picture(svg, size)).render().asPng();
	const path = join(folder, name.replace(/\.jpg$/, '.png'));
	writeFileSync(path, png);
	if (name.endsWith('.jpg')) {
		execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', path, '-q:v', '4', join(folder, name)]);
		rmSync(path);
	}
}
