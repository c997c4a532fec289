/**
 * What docs/templates.md says of a template beside its names: which Chinese name is documented, and the
 * reference's own preview. Rule: only what is documented is called documented (docs/service.md, "Templates").
 */

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
