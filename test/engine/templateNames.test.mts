/** Templates by name, through n8n's expressions to the service. */
import { useSandbox } from './sandbox.mts';

const sandbox = useSandbox();

it.each([
	['={{ "cute kid happy" }}', ['mengwa_kaixin']],
	['={{ ["Worker: Smile", "累"] }}', ['dagong_weixiao', 'jingdian_lei']],
])('%j makes those videos', async (templates, ids) => {
	const { error, outputs } = await sandbox.run({
		parameters: sandbox.createAndWait({ templates }),
	});
	expect(error).toBeUndefined();
	expect(outputs[0]?.map(({ json }) => json['templateId'])).toEqual(ids);
});
