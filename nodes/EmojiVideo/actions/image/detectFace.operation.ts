/** Image: Detect Face. The verdict on a portrait is data, so that a workflow can branch on it. */
import { updateDisplayOptions } from 'n8n-workflow';
import type { Answer } from '../../dashscope/client';
import { succeed } from '../../dashscope/failure';
import type { Result } from '../../dashscope/failure';
import type { Detection } from '../../dashscope/schemas';
import { detectionToJson } from '../../output';
import { imageUrlField, optionsField, rateOptions, simplifyField } from '../fields';
import { failed } from '../operation';
import type { Operation, Outcome } from '../operation';
import { inInputOrder, readItems } from '../orders';
import type { Session } from '../session';
import { flagValue, imageUrlValue, readFields } from '../values';

async function run(session: Session): Promise<Outcome[]> {
	const { functions, client, account } = session;
	const { wanted, refused, end } = readItems(session, (itemIndex) => {
		const fields = readFields(functions, itemIndex, {
			imageUrl: imageUrlValue(account.isLoopback),
			simplify: flagValue,
		});
		return fields.ok ? succeed({ itemIndex, ...fields.value }) : fields;
	});
	if (end) return refused;

	const verdicts = new Map<string, Result<Answer<Detection>>>();
	const outcomes: Outcome[] = [...refused];
	for (const { itemIndex, imageUrl, simplify } of wanted) {
		const verdict = verdicts.get(imageUrl) ?? (await client.detectFace(imageUrl));
		verdicts.set(imageUrl, verdict);
		if (!verdict.ok) {
			outcomes.push(failed(itemIndex, verdict.failure, { imageUrl }));
			if (session.stopsAtFirstFailure) break;
			continue;
		}
		const { value, raw } = verdict.value;
		const json = simplify ? detectionToJson(value, imageUrl) : { ...raw };
		outcomes.push({ itemIndex, result: succeed({ json }) });
	}
	return inInputOrder(outcomes);
}

export const detectFace: Operation = {
	fields: updateDisplayOptions({ show: { resource: ['image'], operation: ['detectFace'] } }, [
		imageUrlField,
		simplifyField,
		optionsField(rateOptions.filter(({ name }) => name === 'detectionsPerSecond')),
	]),
	run,
};
