/**
 * Draws the templates' videos into `videos/` (needs ffmpeg). Rule: what comes out is what the service
 * is documented to make: H.264 in MP4, 512 x 512, 15 frames a second, silent, `seconds` long.
 */
import { spawnSync } from 'node:child_process';
import { Resvg } from '@resvg/resvg-js';
import { drawBackground, drawPerson, picture, type Person } from './drawing/face.mts';
import { moods } from './drawing/moods.mts';
import { expressionAt, type Mood } from './drawing/motion.mts';
import { ada, clerk, kid } from './drawing/people.mts';
import { templateSeconds, templateVideo } from './templates.mts';

const framesPerSecond = 15;

const castBySeries: Readonly<Record<string, Person>> = {
	mengwa: kid,
	dagong: clerk,
	jingdian: ada,
};

/** RGBA pixels of one frame. */
function drawFrame(person: Person, mood: Mood, t: number): Buffer {
	const svg = picture(drawBackground(person) + drawPerson(person, expressionAt(mood, t)));
	return new Resvg(svg).render().pixels;
}

function encode(frames: Buffer[], path: string): void {
	const input = `-f rawvideo -pix_fmt rgba -s 512x512 -r ${framesPerSecond} -i -`;
	const codec = '-an -c:v libx264 -profile:v high -preset veryslow -tune animation -crf 27';
	const output = '-pix_fmt yuv420p -movflags +faststart -map_metadata -1 -fflags +bitexact';
	const done = spawnSync(
		'ffmpeg',
		['-v', 'error', '-y', ...`${input} ${codec} ${output}`.split(' '), path],
		{ input: Buffer.concat(frames), maxBuffer: 1 << 30 },
	);
	if (done.status !== 0) throw new Error(`ffmpeg: ${done.stderr.toString()}`);
}

for (const [drivenId, seconds] of templateSeconds) {
	const mood = moods[drivenId];
	const person = castBySeries[drivenId.split('_')[0] ?? ''];
	if (!mood || !person) throw new Error(`Nobody plays ${drivenId}.`);
	const count = seconds * framesPerSecond;
	const frames = Array.from({ length: count }, (_, frame) =>
		drawFrame(person, mood, frame / count),
	);
	encode(frames, templateVideo(drivenId));
}
