/**
 * The models the mock knows, as data. Rule: each belongs to one path, and another path does not know
 * it (docs/service.md, "Error codes": "url error").
 */

const services = '/api/v1/services/aigc';

/** The model that finds the face. */
export const detectModel = 'emoji-detect-v1';
/** The model that makes the video. */
export const videoModel = 'emoji-v1';

export const models = [
	{ model: videoModel, name: 'Emoji', path: `${services}/image2video/video-synthesis` },
	{ model: detectModel, name: 'Emoji Detect', path: `${services}/image2video/face-detect` },
] as const;

/** True for a model of some path. */
export function isKnownModel(model: string): boolean {
	return models.some((known) => known.model === model);
}
