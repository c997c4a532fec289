/**
 * The preset templates (`driven_id`) of emoji-v1, in the order of the API reference's appendix.
 * Labels are English because n8n's verification asks for it; the ID beside them is the pinyin of
 * the Chinese name (dashscope-facts.md section 8). A new template of the service is one more row.
 */

const SERIES = { mengwa: 'Cute Kid', dagong: 'Office', jingdian: 'Classic' } as const;

interface Template {
	/** `driven_id` on the wire. */
	id: string;
	series: keyof typeof SERIES;
	mood: string;
}

const template = (id: string, series: keyof typeof SERIES, mood: string): Template => ({
	id,
	series,
	mood,
});

export const TEMPLATES: readonly Template[] = [
	template('mengwa_kaixin', 'mengwa', 'Happy'),
	template('mengwa_dengyan', 'mengwa', 'Wide-Eyed'),
	template('mengwa_gandong', 'mengwa', 'Touched'),
	template('mengwa_renzhen_1', 'mengwa', 'Serious'),
	template('mengwa_jidong', 'mengwa', 'Excited'),
	template('mengwa_kun_1', 'mengwa', 'Sleepy'),
	template('mengwa_jiaoxie', 'mengwa', 'Sly'),
	template('dagong_kaixin', 'dagong', 'Happy'),
	template('dagong_yangwang', 'dagong', 'Looking Up'),
	template('dagong_kunhuo', 'dagong', 'Puzzled'),
	template('dagong_zhuakuang', 'dagong', 'Going Crazy'),
	template('dagong_wunai', 'dagong', 'Helpless'),
	template('dagong_weixiao', 'dagong', 'Smile'),
	template('dagong_ganji', 'dagong', 'Grateful'),
	template('jingdian_tiaopi', 'jingdian', 'Playful'),
	template('jingdian_deyi_1', 'jingdian', 'Smug'),
	template('jingdian_qidai', 'jingdian', 'Expectant'),
	template('jingdian_landuo_1', 'jingdian', 'Lazy'),
	template('jingdian_xianqi', 'jingdian', 'Disdain'),
	template('jingdian_lei', 'jingdian', 'Tired'),
];

/** "Cute Kid: Happy (mengwa_kaixin)" */
export const templateLabel = ({ id, series, mood }: Template): string =>
	`${SERIES[series]}: ${mood} (${id})`;

/** What a template ID can look like; whether the service knows it, the service decides. */
export const TEMPLATE_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
