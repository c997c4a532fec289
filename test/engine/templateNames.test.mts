/** Templates by name in n8n's expressions. */
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();

it.each([
	['={{ "cute kid happy" }}', ['mengwa_kaixin']],
	['={{ ["Worker: Smile", "累"] }}', ['dagong_weixiao', 'jingdian_lei']],
])('the expression %j in Templates creates those videos', async (templates, ids) => {
	const { error, outputs } = await sandbox.run({
		parameters: sandbox.createAndWait({ templates }),
	});
	expect(error).toBeUndefined();
	expect(outputs[0]?.map(({ json }) => json['templateId'])).toEqual(ids);
});
