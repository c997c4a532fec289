/**
 * What the gallery's moving pictures show, drawn by the double's own artist (sandbox/dashscope/drawing).
 * Rule: they are the double's drawings of a template, never the service's videos, and every caption
 * says so.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Resvg } from '@resvg/resvg-js';

import {
	drawPerson,
	neutral,
	picture,
	type Person,
} from '../../sandbox/dashscope/drawing/face.mts';
import { moods } from '../../sandbox/dashscope/drawing/moods.mts';
import { expressionAt } from '../../sandbox/dashscope/drawing/motion.mts';
import { ada, clerk, kid } from '../../sandbox/dashscope/drawing/people.mts';
import { templateSeconds } from '../../sandbox/dashscope/templates.mts';
import type { Frames } from './gif.mts';

export const FRAMES_PER_SECOND = 10;

/** Side of a gallery picture in pixels. */
const STICKER = 128;

const cast: Readonly<Record<string, Person>> = { mengwa: kid, dagong: clerk, jingdian: ada };

/** A background of one colour: a GIF has too few for the double's soft ones. */
const plain = (color: string) => `<rect width="512" height="512" fill="${color}"/>`;

function render(svg: string): { width: number; height: number; pixels: Uint8Array } {
	const { width, height, pixels } = new Resvg(svg).render();
	return { width, height, pixels: new Uint8Array(pixels) };
}

function film(count: number, svgAt: (t: number) => string): Frames {
	const frames = Array.from({ length: count }, (_, frame) => render(svgAt(frame / count)));
	const [first] = frames;
	if (!first) throw new Error('A film needs a frame.');
	return { width: first.width, height: first.height, pixels: frames.map(({ pixels }) => pixels) };
}

function moodOf(templateId: string) {
	const mood = moods[templateId];
	if (!mood) throw new Error(`Nobody has drawn ${templateId}.`);
	return mood;
}

/** The template as the double plays it, small. */
export function drawSticker(templateId: string): Frames {
	const person = cast[templateId.split('_')[0] ?? ''];
	if (!person) throw new Error(`Nobody plays ${templateId}.`);
	const seconds = templateSeconds.get(templateId) ?? 2;
	const mood = moodOf(templateId);
	return film(seconds * FRAMES_PER_SECOND, (t) =>
		picture(plain(person.background[1]) + drawPerson(person, expressionAt(mood, t)), STICKER),
	);
}

const HERO = { width: 878, height: 204, card: 172, top: 16 } as const;

/** What the portrait becomes in the README's first picture. */
export const HERO_TEMPLATES = ['mengwa_kaixin', 'dagong_zhuakuang', 'jingdian_tiaopi'] as const;

const icon = readFileSync(
	path.resolve(import.meta.dirname, '../../icons/emojiVideo.svg'),
	'utf8',
).replace(/^<svg[^>]*>|<\/svg>\s*$/g, '');

/** Says that a picture is a video. */
const playSign = `<circle cx="440" cy="440" r="40" fill="#3b2f63" fill-opacity=".85"/><path d="M428 420 v40 l34 -20 z" fill="#fff"/>`;

/** A picture with round corners, `HERO.card` pixels wide; names inside it end in `name`. */
function card(x: number, name: string, parts: string): string {
	const scale = HERO.card / 512;
	const own = parts
		.replace(/id="(\w+)"/g, `id="$1-${name}"`)
		.replace(/url\(#(\w+)\)/g, `url(#$1-${name})`);
	return `<g transform="translate(${x} ${HERO.top}) scale(${scale})">
		<clipPath id="card-${name}"><rect width="512" height="512" rx="56"/></clipPath>
		<g clip-path="url(#card-${name})">${own}</g>
		<rect x="3" y="3" width="506" height="506" rx="53" fill="none" stroke="#3b2f63" stroke-opacity=".25" stroke-width="6"/></g>`;
}

const arrow = (x: number) =>
	`<path d="M${x} 102 h22 m-9 -9 l9 9 l-9 9" fill="none" stroke="#8d84a8" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/>`;

/** One portrait, the node, three stickers of the same face. */
export function drawHero(): Frames {
	const portrait = card(
		12,
		'portrait',
		plain('#ffe7d6') + drawPerson(ada, { ...neutral, smile: 0.6 }),
	);
	const node = `<rect x="222" y="66" width="72" height="72" rx="14" fill="#fff" stroke="#3b2f63" stroke-opacity=".35" stroke-width="2"/>
		<g transform="translate(228 72)" fill="none">${icon}</g>`;
	return film(2 * FRAMES_PER_SECOND, (t) => {
		const stickers = HERO_TEMPLATES.map((id, index) =>
			card(
				334 + index * 180,
				id,
				plain(['#e2f4e4', '#e3e9f5', '#fff0cf'][index] ?? '#fff') +
					drawPerson(ada, expressionAt(moodOf(id), t)) +
					playSign,
			),
		);
		return `<svg xmlns="http://www.w3.org/2000/svg" width="${HERO.width}" height="${HERO.height}">
			<rect width="100%" height="100%" fill="#fff"/>${portrait}${arrow(192)}${node}${arrow(303)}${stickers.join('')}</svg>`;
	});
}
