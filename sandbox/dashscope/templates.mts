/**
 * The 20 preset templates the service knows (emoji-v1 reference, appendix). Rule: one committed video
 * per template, and `seconds` is the length of that video, since a task is billed by it.
 */
import { join } from 'node:path';

/** Whole seconds of each template's video, by `driven_id`. */
export const templateSeconds: ReadonlyMap<string, number> = new Map([
	['mengwa_kaixin', 2],
	['mengwa_dengyan', 2],
	['mengwa_gandong', 2],
	['mengwa_renzhen_1', 2],
	['mengwa_jidong', 2],
	['mengwa_kun_1', 3],
	['mengwa_jiaoxie', 2],
	['dagong_kaixin', 2],
	['dagong_yangwang', 2],
	['dagong_kunhuo', 2],
	['dagong_zhuakuang', 2],
	['dagong_wunai', 2],
	['dagong_weixiao', 2],
	['dagong_ganji', 2],
	['jingdian_tiaopi', 2],
	['jingdian_deyi_1', 2],
	['jingdian_qidai', 2],
	['jingdian_landuo_1', 3],
	['jingdian_xianqi', 2],
	['jingdian_lei', 3],
]);

/** The `driven_id`s in the appendix's order. */
export const templateIds: readonly string[] = [...templateSeconds.keys()];

/** Path of the committed video of `drivenId`. */
export function templateVideo(drivenId: string): string {
	return join(import.meta.dirname, 'videos', `${drivenId}.mp4`);
}
