/**
 * The preset templates (`driven_id`) of emoji-v1, in the order of the API reference's appendix.
 * Labels are English because n8n's verification requires it. The ID beside them is the pinyin of the Chinese name.
 * To add a template, add a row.
 */

export const SERIES = {
	mengwa: { name: 'Cute Kid', chineseName: '萌娃' },
	dagong: { name: 'Worker', chineseName: '打工' },
	jingdian: { name: 'Classic', chineseName: '经典' },
} as const;

export interface Template {
	/** `driven_id` on the wire. */
	id: string;
	series: keyof typeof SERIES;
	mood: string;
	/** Read from the pinyin of the ID (docs/templates.md). */
	chineseMood: string;
}

const template = (
	id: string,
	series: keyof typeof SERIES,
	mood: string,
	chineseMood: string,
): Template => ({ id, series, mood, chineseMood });

export const TEMPLATES: readonly Template[] = [
	template('mengwa_kaixin', 'mengwa', 'Happy', '开心'),
	template('mengwa_dengyan', 'mengwa', 'Wide-Eyed', '瞪眼'),
	template('mengwa_gandong', 'mengwa', 'Touched', '感动'),
	template('mengwa_renzhen_1', 'mengwa', 'Serious', '认真'),
	template('mengwa_jidong', 'mengwa', 'Excited', '激动'),
	template('mengwa_kun_1', 'mengwa', 'Sleepy', '困'),
	template('mengwa_jiaoxie', 'mengwa', 'Chuckling', '狡黠'),
	template('dagong_kaixin', 'dagong', 'Happy', '开心'),
	template('dagong_yangwang', 'dagong', 'Not Bad', '仰望'),
	template('dagong_kunhuo', 'dagong', 'Puzzled', '困惑'),
	template('dagong_zhuakuang', 'dagong', 'Going Crazy', '抓狂'),
	template('dagong_wunai', 'dagong', 'Helpless', '无奈'),
	template('dagong_weixiao', 'dagong', 'Smile', '微笑'),
	template('dagong_ganji', 'dagong', 'Grateful', '感激'),
	template('jingdian_tiaopi', 'jingdian', 'Playful', '调皮'),
	template('jingdian_deyi_1', 'jingdian', 'Smug', '得意'),
	template('jingdian_qidai', 'jingdian', 'Expectant', '期待'),
	template('jingdian_landuo_1', 'jingdian', 'Lazy', '懒惰'),
	template('jingdian_xianqi', 'jingdian', 'Disdain', '嫌弃'),
	template('jingdian_lei', 'jingdian', 'Tired', '累'),
];

/** "Cute Kid: Happy" */
export const templateName = ({ series, mood }: Template): string =>
	`${SERIES[series].name}: ${mood}`;

/** "Cute Kid: Happy (mengwa_kaixin)" */
export const templateLabel = (template: Template): string =>
	`${templateName(template)} (${template.id})`;

/** The form of a template ID. DashScope decides whether the ID exists. */
export const TEMPLATE_ID = /^(?=.{3,64}$)[a-z0-9]+(_[a-z0-9]+)+$/;
