/**
 * What docs/templates.md says of each template beside its label: the Chinese name and the reference's
 * own preview. Rule: only what is documented is called documented (docs/service.md, "Templates").
 */

/**
 * Chinese names, read from the pinyin of the IDs; two independent apps read them alike. Alibaba
 * documents one of them only, see `DOCUMENTED_NAMES`.
 */
export const CHINESE_NAMES: Readonly<Record<string, string>> = {
	mengwa_kaixin: '萌娃·开心',
	mengwa_dengyan: '萌娃·瞪眼',
	mengwa_gandong: '萌娃·感动',
	mengwa_renzhen_1: '萌娃·认真',
	mengwa_jidong: '萌娃·激动',
	mengwa_kun_1: '萌娃·困',
	mengwa_jiaoxie: '萌娃·狡黠',
	dagong_kaixin: '打工·开心',
	dagong_yangwang: '打工·仰望',
	dagong_kunhuo: '打工·困惑',
	dagong_zhuakuang: '打工·抓狂',
	dagong_wunai: '打工·无奈',
	dagong_weixiao: '打工·微笑',
	dagong_ganji: '打工·感激',
	jingdian_tiaopi: '经典·调皮',
	jingdian_deyi_1: '经典·得意',
	jingdian_qidai: '经典·期待',
	jingdian_landuo_1: '经典·懒惰',
	jingdian_xianqi: '经典·嫌弃',
	jingdian_lei: '经典·累',
};

/** Templates whose Chinese name Alibaba's own pages use (the model list, with a sample video). */
export const DOCUMENTED_NAMES: readonly string[] = ['jingdian_xianqi'];

const ASSETS = 'https://help-static-aliyun-doc.aliyuncs.com/assets/img/zh-CN/';

/** The reference's previews, as far as their addresses were found. Alibaba's pictures, on its hosts. */
export const PREVIEWS: Readonly<Record<string, string>> = {
	mengwa_kaixin: `${ASSETS}3667357371/p906418.gif`,
	mengwa_dengyan: `${ASSETS}3667357371/p906425.gif`,
	mengwa_gandong: `${ASSETS}3667357371/p906435.gif`,
	dagong_zhuakuang: `${ASSETS}4667357371/p906428.gif`,
	dagong_wunai: `${ASSETS}4667357371/p906434.gif`,
};
