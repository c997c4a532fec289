/** How a mood moves: waves, holds and blinks. Rule: `t` runs from 0 to 1 and a movement ends as it began. */
import { neutral, type Expression } from './face.mts';

/** The face at `t`, from 0 to 1 through the video, which is `seconds` long. */
export type Mood = (t: number) => Partial<Expression>;

const turn = 2 * Math.PI;

/** Swings between -1 and 1, `times` through the video. */
export const wave = (t: number, times: number): number => Math.sin(t * turn * times);

/** Rises from 0 to 1 between `from` and `to`, stays, and falls again as late as it rose early. */
export const hold = (t: number, from: number, to: number): number => {
	const ease = (x: number): number => {
		const clamped = Math.min(1, Math.max(0, x));
		return clamped * clamped * (3 - 2 * clamped);
	};
	return ease((t - from) / (to - from)) * ease((1 - from - t) / (to - from));
};

/** 0 for eyes shut in a blink around `at`, else 1. */
export const blink = (t: number, at: number): number => (Math.abs(t - at) < 0.04 ? 0 : 1);

/** Both eyes equally open. */
export const eyes = (both: number) => ({ eyeLeft: both, eyeRight: both });
/** Both brows equally tilted. */
export const brows = (both: number) => ({ browTiltLeft: both, browTiltRight: both });

/** The whole face of a mood at `t`. */
export function expressionAt(mood: Mood, t: number): Expression {
	return { ...neutral, ...mood(t) };
}
