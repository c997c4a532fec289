/**
 * The 20 moods as movement: what a face does at moment `t` of its video. Rule: every mood begins and
 * ends alike (it loops), and no two look the same.
 */
import { neutral, type Expression } from './face.mts';

/** The face at `t`, from 0 to 1 through the video, which is `seconds` long. */
export type Mood = (t: number) => Partial<Expression>;

const turn = 2 * Math.PI;

/** Swings between -1 and 1, `times` through the video. */
const wave = (t: number, times: number): number => Math.sin(t * turn * times);

/** Rises from 0 to 1 between `from` and `to`, stays, and falls again as late as it rose early. */
const hold = (t: number, from: number, to: number): number => {
	const ease = (x: number): number => {
		const clamped = Math.min(1, Math.max(0, x));
		return clamped * clamped * (3 - 2 * clamped);
	};
	return ease((t - from) / (to - from)) * ease((1 - from - t) / (to - from));
};

/** 0 for eyes shut in a blink around `at`, else 1. */
const blink = (t: number, at: number): number => (Math.abs(t - at) < 0.04 ? 0 : 1);

const eyes = (both: number) => ({ eyeLeft: both, eyeRight: both });
const brows = (both: number) => ({ browTiltLeft: both, browTiltRight: both });

/** By `driven_id`. */
export const moods: Readonly<Record<string, Mood>> = {
	mengwa_kaixin: (t) => ({
		headY: -9 * Math.abs(wave(t, 2)),
		tilt: 4 * wave(t, 1),
		...eyes(1 - hold(t, 0.1, 0.3)),
		eyeBend: 1,
		smile: 1,
		mouthOpen: 0.35 + 0.5 * hold(t, 0.1, 0.3) + 0.1 * wave(t, 4),
		mouthWidth: 46,
		blush: 1,
		shoulders: 6 * Math.abs(wave(t, 2)),
	}),
	mengwa_dengyan: (t) => ({
		...eyes((1 + 0.55 * hold(t, 0.15, 0.28)) * blink(t, 0.08)),
		pupilSize: 1 - 0.4 * hold(t, 0.15, 0.28),
		browY: -20 * hold(t, 0.15, 0.28),
		headY: -6 * hold(t, 0.15, 0.28),
		smile: 0.1,
		mouthOpen: 0.55 * hold(t, 0.2, 0.32),
		mouthWidth: 34 - 12 * hold(t, 0.15, 0.3),
		headX: 1.5 * wave(t, 8) * hold(t, 0.3, 0.4),
	}),
	mengwa_gandong: (t) => ({
		...brows(16 * hold(t, 0.05, 0.3)),
		pupilSize: 1.25,
		pupilX: 1.5 * wave(t, 3),
		...eyes(1.1 * blink(t, 0.5)),
		tear: t > 0.25 && t < 0.95 ? (t - 0.25) / 0.7 : 0,
		smile: 0.6,
		mouthWidth: 26 + 2 * wave(t, 4),
		blush: 1,
		tilt: 5 * hold(t, 0.05, 0.3),
	}),
	mengwa_renzhen_1: (t) => ({
		pupilX: 9 * hold(t, 0.1, 0.25) - 4,
		pupilY: -8 * hold(t, 0.1, 0.25),
		...brows(-10),
		browY: 6,
		tilt: 7 * hold(t, 0.1, 0.25),
		smile: -0.15,
		mouthWidth: 18,
		...eyes(0.85 * blink(t, 0.9)),
		blush: 0.2,
	}),
	mengwa_jidong: (t) => ({
		headX: 7 * wave(t, 5),
		headY: -12 * Math.abs(wave(t, 5)),
		...eyes(1.35),
		browY: -16,
		smile: 0.9,
		mouthOpen: 0.75 + 0.2 * wave(t, 5),
		mouthWidth: 42,
		pupilSize: 1.1,
		blush: 1,
		shoulders: 10 * Math.abs(wave(t, 5)),
	}),
	mengwa_kun_1: (t) => ({
		...eyes(0.42 - 0.42 * hold(t, 0.15, 0.35)),
		headY: 20 * hold(t, 0.1, 0.45),
		tilt: -9 * hold(t, 0.1, 0.45),
		mouthOpen: 0.6 * Math.max(0, wave(t, 1)) * (t < 0.5 ? 1 : 0),
		mouthWidth: 22,
		smile: 0,
		browY: -6,
		...brows(6),
	}),
	mengwa_jiaoxie: (t) => ({
		smirk: hold(t, 0.1, 0.3),
		smile: 0.8,
		...eyes(0.55),
		pupilX: 13 * wave(t, 1),
		...brows(-14),
		browY: 8 - 12 * hold(t, 0.3, 0.4),
		tilt: -6 * hold(t, 0.1, 0.3),
		shoulders: 5 * Math.abs(wave(t, 3)),
		mouthWidth: 40,
	}),
	dagong_kaixin: (t) => ({
		tilt: 9 * wave(t, 2),
		headX: 9 * wave(t, 2),
		smile: 1,
		mouthOpen: 0.3 + 0.25 * Math.abs(wave(t, 2)),
		mouthWidth: 44,
		...eyes(hold(t, 0.2, 0.3) > 0.5 ? 0 : 1),
		eyeBend: 1,
		browY: -10,
		shoulders: 9 * wave(t, 4),
	}),
	dagong_yangwang: (t) => ({
		pupilY: -13 * hold(t, 0.1, 0.3),
		headY: -14 * hold(t, 0.1, 0.3),
		browY: -14 * hold(t, 0.1, 0.3),
		...eyes(1.2 * blink(t, 0.94)),
		smile: 0.7,
		mouthOpen: 0.22 * hold(t, 0.2, 0.35),
		mouthWidth: 28,
		...brows(8),
	}),
	dagong_kunhuo: (t) => ({
		tilt: 12 * hold(t, 0.08, 0.22),
		browTiltLeft: 14,
		browTiltRight: -12,
		browY: -4 * wave(t, 2),
		eyeLeft: 1.15,
		eyeRight: 0.7,
		pupilX: 6 * wave(t, 1),
		smile: -0.4,
		smirk: -0.5,
		mouthWidth: 24,
		blush: 0,
	}),
	dagong_zhuakuang: (t) => ({
		headX: 13 * wave(t, 7),
		tilt: 7 * wave(t, 6),
		...eyes(1.4),
		pupilSize: 0.55,
		pupilX: 5 * wave(t, 9),
		...brows(-18),
		browY: -6,
		smile: -0.5,
		mouthOpen: 1 + 0.15 * wave(t, 8),
		mouthWidth: 42,
		shoulders: 12 + 4 * wave(t, 7),
	}),
	dagong_wunai: (t) => ({
		...eyes(0.5 * blink(t, 0.15)),
		...brows(14),
		pupilX: -9 * hold(t, 0.2, 0.35),
		pupilY: 5,
		shoulders: 24 * hold(t, 0.3, 0.45),
		headY: 6,
		tilt: -7 * hold(t, 0.3, 0.45),
		smile: -0.3,
		mouthWidth: 30,
		blush: 0.1,
	}),
	dagong_weixiao: (t) => ({
		smile: 0.55 + 0.45 * hold(t, 0.1, 0.35),
		mouthWidth: 34 + 10 * hold(t, 0.1, 0.35),
		...eyes(blink(t, 0.3) * blink(t, 0.75)),
		headY: 4 * hold(t, 0.4, 0.5),
		blush: 0.8,
	}),
	dagong_ganji: (t) => ({
		headY: 26 * hold(t, 0.2, 0.4),
		...eyes(1 - hold(t, 0.15, 0.3)),
		eyeBend: 1,
		...brows(12),
		smile: 0.9,
		mouthWidth: 32,
		blush: 1,
		shoulders: -10 * hold(t, 0.2, 0.4),
	}),
	jingdian_tiaopi: (t) => ({
		tongue: hold(t, 0.15, 0.3),
		smile: 1,
		eyeRight: 1 - hold(t, 0.2, 0.3),
		eyeBend: 1,
		tilt: 11 * hold(t, 0.1, 0.3),
		mouthWidth: 40,
		headX: 4 * wave(t, 3),
		blush: 0.9,
	}),
	jingdian_deyi_1: (t) => ({
		headY: -12 * hold(t, 0.1, 0.35),
		tilt: 6 * wave(t, 2),
		...eyes(0),
		eyeBend: 1,
		browY: -12 - 8 * wave(t, 4),
		smirk: 0.9,
		smile: 0.9,
		mouthWidth: 42,
		blush: 0.8,
	}),
	jingdian_qidai: (t) => ({
		...eyes(1.25 * blink(t, 0.12)),
		pupilSize: 1.35,
		pupilY: -3,
		pupilX: 2 * wave(t, 4),
		smile: 0.95,
		mouthOpen: 0.28,
		mouthWidth: 32,
		headX: 6 * wave(t, 2),
		headY: -5 * Math.abs(wave(t, 4)),
		browY: -12,
		blush: 1,
	}),
	jingdian_landuo_1: (t) => ({
		...eyes(0.34),
		pupilX: -8 + 16 * hold(t, 0.2, 0.5),
		pupilY: 4,
		tilt: -14,
		headX: -10,
		headY: 12 + 3 * wave(t, 1),
		smile: 0,
		mouthWidth: 26,
		browY: 4,
		blush: 0.2,
		shoulders: -8,
	}),
	jingdian_xianqi: (t) => ({
		...eyes(0.45),
		pupilX: 13 * hold(t, 0.1, 0.25),
		browTiltLeft: -14,
		browTiltRight: 6,
		smile: -0.8,
		smirk: -0.7,
		mouthWidth: 26,
		headX: -12 * hold(t, 0.1, 0.25),
		tilt: -8 * hold(t, 0.1, 0.25),
		blush: 0,
	}),
	jingdian_lei: (t) => ({
		...eyes(0.4 - 0.4 * hold(t, 0.3, 0.45)),
		headY: 10 + 16 * hold(t, 0.2, 0.45),
		...brows(16),
		smile: -0.6,
		mouthOpen: 0.3 * hold(t, 0.3, 0.45),
		mouthWidth: 24,
		tongue: 0.6 * hold(t, 0.35, 0.5),
		shoulders: -14 + 4 * wave(t, 1),
		blush: 0,
	}),
};

/** The whole face of a mood at `t`. */
export function expressionAt(mood: Mood, t: number): Expression {
	return { ...neutral, ...mood(t) };
}
