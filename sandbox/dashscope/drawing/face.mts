/**
 * A friendly cartoon face as SVG, drawn for this project. Rule: everything that moves is a number in
 * `Expression`, so a video is a list of expressions and a portrait is one.
 */

/** A person to draw. Colours are CSS colours. */
export interface Person {
	skin: string;
	shade: string;
	hair: string;
	hairstyle: 'bob' | 'parted' | 'tuft';
	shirt: string;
	collar: 'round' | 'tie' | 'hood';
	background: [string, string];
}

/** A moment of the face. Lengths are in units of the 512 x 512 drawing, angles in degrees. */
export interface Expression {
	headX: number;
	headY: number;
	tilt: number;
	/** 0 closed, 1 normal, 1.4 wide. */
	eyeLeft: number;
	eyeRight: number;
	/** Closed eyes bend up (1, laughing) or down (-1, asleep). */
	eyeBend: number;
	pupilX: number;
	pupilY: number;
	pupilSize: number;
	browY: number;
	/** Above 0 the inner ends rise (worried), below 0 they sink (cross). */
	browTiltLeft: number;
	browTiltRight: number;
	mouthOpen: number;
	/** -1 sad, 1 smiling. */
	smile: number;
	/** Half of the mouth's width. */
	mouthWidth: number;
	/** One corner up, -1 to 1. */
	smirk: number;
	tongue: number;
	blush: number;
	/** How far a tear has run, 0 for none. */
	tear: number;
	shoulders: number;
}

export const neutral: Expression = {
	headX: 0,
	headY: 0,
	tilt: 0,
	eyeLeft: 1,
	eyeRight: 1,
	eyeBend: -1,
	pupilX: 0,
	pupilY: 0,
	pupilSize: 1,
	browY: 0,
	browTiltLeft: 0,
	browTiltRight: 0,
	mouthOpen: 0,
	smile: 0.5,
	mouthWidth: 34,
	smirk: 0,
	tongue: 0,
	blush: 0.5,
	tear: 0,
	shoulders: 0,
};

const ink = '#3a2a2f';
const line = `stroke="${ink}" stroke-width="6" stroke-linecap="round" fill="none"`;

function eye(x: number, openness: number, face: Expression, clip: string): string {
	const y = 246;
	if (openness < 0.14) {
		const bend = -face.eyeBend * 18;
		return `<path d="M${x - 24} ${y} Q${x} ${y + bend} ${x + 24} ${y}" ${line}/>`;
	}
	const height = 27 * openness;
	const iris = 15 * face.pupilSize;
	const [px, py] = [x + face.pupilX, y + face.pupilY];
	return `<clipPath id="${clip}"><ellipse cx="${x}" cy="${y}" rx="25" ry="${height}"/></clipPath>
		<ellipse cx="${x}" cy="${y}" rx="25" ry="${height}" fill="#fff"/>
		<g clip-path="url(#${clip})"><circle cx="${px}" cy="${py}" r="${iris}" fill="#4b3428"/>
		<circle cx="${px}" cy="${py}" r="${iris * 0.55}" fill="#1d1418"/>
		<circle cx="${px - 5}" cy="${py - 6}" r="${iris * 0.32}" fill="#fff"/></g>
		<path d="M${x - 26} ${y - height * 0.35} Q${x} ${y - height * 1.5} ${x + 26} ${y - height * 0.35}" ${line}/>`;
}

function brow(x: number, tilt: number, side: -1 | 1, face: Expression, hair: string): string {
	const y = 200 + face.browY;
	return `<path d="M${x - 26} ${y + 5} Q${x} ${y - 9} ${x + 26} ${y + 5}" transform="rotate(${tilt * side} ${x} ${y})" stroke="${hair}" stroke-width="10" stroke-linecap="round" fill="none"/>`;
}

function mouth({ mouthOpen, smile, mouthWidth: half, smirk, tongue }: Expression): string {
	const y = 318 - smile * 5;
	const [left, right] = [y + smirk * 9, y - smirk * 9];
	const bend = smile * 26;
	const upper = `M${256 - half} ${left} Q256 ${y + bend * 0.55} ${256 + half} ${right}`;
	const lick = `<path d="M${262 - 15} ${y + bend * 0.5} q0 ${34 * tongue} 15 ${34 * tongue} q15 0 15 -${34 * tongue} z" fill="#f2788c" stroke="${ink}" stroke-width="4"/>`;
	if (mouthOpen < 0.06) {
		const curve = `M${256 - half} ${left} Q256 ${y + bend} ${256 + half} ${right}`;
		return `${tongue > 0.05 ? lick : ''}<path d="${curve}" ${line}/>`;
	}
	const depth = bend + mouthOpen * 74;
	const lower = `Q${256 + half * 0.9} ${y + depth} 256 ${y + depth} Q${256 - half * 0.9} ${y + depth} ${256 - half} ${left}`;
	return `<clipPath id="mouth"><path d="${upper} ${lower} Z"/></clipPath>
		<path d="${upper} ${lower} Z" fill="#7d2638"/>
		<g clip-path="url(#mouth)"><ellipse cx="256" cy="${y + depth + 6}" rx="${half * 0.7}" ry="${mouthOpen * 30}" fill="#f2788c"/>
		<rect x="${256 - half * 0.72}" y="${y - 20}" width="${half * 1.44}" height="${30 + bend * 0.5}" rx="8" fill="#fff"/></g>
		<path d="${upper} ${lower} Z" ${line}/>${tongue > 0.05 ? lick : ''}`;
}

const hairBack: Readonly<Record<Person['hairstyle'], string>> = {
	bob: 'M122 250 C108 90 404 90 390 250 L398 340 Q372 372 340 352 L172 352 Q140 372 114 340 Z',
	parted: 'M134 250 C118 96 394 96 378 250 Z',
	tuft: 'M136 246 C120 100 392 100 376 246 Z',
};

const hairFront: Readonly<Record<Person['hairstyle'], string>> = {
	bob: 'M134 238 C128 126 204 104 256 106 C308 104 384 126 378 238 C362 196 340 178 318 172 C306 184 286 188 268 178 C246 192 210 192 190 176 C164 184 146 204 134 238 Z',
	parted:
		'M136 236 C128 130 196 98 262 102 C336 98 386 140 376 236 C368 198 352 180 332 170 C286 176 226 166 204 142 C186 168 148 188 136 236 Z',
	tuft: 'M138 226 C134 140 192 112 240 114 C232 88 262 70 286 82 C270 88 270 104 278 114 C334 118 380 148 374 226 C360 182 332 164 300 172 C278 160 250 162 232 174 C200 166 156 178 138 226 Z',
};

function clothes({ shirt, collar, shade, skin }: Person, lift: number): string {
	const body = `<path d="M60 540 C62 452 128 424 206 410 L306 410 C384 424 450 452 452 540 Z" fill="${shirt}"/>`;
	const neck = `<path d="M214 348 L214 414 Q256 452 298 414 L298 348 Z" fill="${shade}"/>`;
	const details: Record<Person['collar'], string> = {
		round: `<path d="M202 410 Q256 470 310 410" stroke="#fff" stroke-opacity=".75" stroke-width="12" fill="none"/>`,
		tie: `<path d="M210 406 L256 448 L302 406 L322 424 L284 474 L256 448 L228 474 L190 424 Z" fill="#fff"/><path d="M244 450 L268 450 L276 520 L236 520 Z" fill="#c2413b"/>`,
		hood: `<path d="M176 424 Q182 386 218 396 Q256 462 294 396 Q330 386 336 424 Q300 480 256 482 Q212 480 176 424 Z" fill="${shirt}" stroke="#000" stroke-opacity=".18" stroke-width="6"/><path d="M226 462 v44 M286 462 v44" stroke="${skin}" stroke-width="6" stroke-linecap="round"/>`,
	};
	return `<g transform="translate(0 ${-lift})">${body}${neck}${details[collar]}</g>`;
}

/** The person with this expression, without background, in a 512 x 512 box. */
export function drawPerson(person: Person, face: Expression): string {
	const { skin, shade, hair, hairstyle } = person;
	const tearY = 268 + face.tear * 84;
	const tear =
		face.tear > 0
			? `<path d="M316 ${tearY - 16} q14 22 0 28 q-14 -6 0 -28 z" fill="#7cc4f5" stroke="#4a9bd6" stroke-width="2"/>`
			: '';
	return `${clothes(person, face.shoulders)}
	<g transform="translate(${face.headX} ${face.headY}) rotate(${face.tilt} 256 372)">
		<path d="${hairBack[hairstyle]}" fill="${hair}"/>
		<circle cx="136" cy="262" r="24" fill="${shade}"/><circle cx="376" cy="262" r="24" fill="${shade}"/>
		<path d="M140 238 C140 140 372 140 372 238 C374 330 326 392 256 392 C186 392 138 330 140 238 Z" fill="${skin}"/>
		<ellipse cx="180" cy="296" rx="26" ry="16" fill="#f0637a" opacity="${face.blush * 0.6}"/>
		<ellipse cx="332" cy="296" rx="26" ry="16" fill="#f0637a" opacity="${face.blush * 0.6}"/>
		${eye(204, face.eyeLeft, face, 'left')}${eye(308, face.eyeRight, face, 'right')}
		<path d="M248 282 q8 10 17 1" stroke="${shade}" stroke-width="7" stroke-linecap="round" fill="none"/>
		${mouth(face)}${tear}
		<path d="${hairFront[hairstyle]}" fill="${hair}"/>
		${brow(204, face.browTiltLeft, -1, face, hair)}${brow(308, face.browTiltRight, 1, face, hair)}
	</g>`;
}

/** The person's background: a soft gradient with a light disc behind the head. */
export function drawBackground({ background: [top, bottom] }: Person): string {
	return `<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient></defs>
	<rect width="512" height="512" fill="url(#sky)"/><circle cx="256" cy="250" r="214" fill="#fff" opacity=".22"/>`;
}

/** A whole picture from its parts, `size` pixels square. */
export function picture(parts: string, size = 512): string {
	return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 512 512">${parts}</svg>`;
}
