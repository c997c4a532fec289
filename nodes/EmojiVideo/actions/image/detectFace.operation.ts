/** Image: Detect Face. The detection on a portrait is data, so that a workflow can branch on it. */
import { updateDisplayOptions } from 'n8n-workflow';
import type { Portrait } from '../../batch/plan';
import { DETECTION_MODEL } from '../../dashscope/client';
import type { Answer } from '../../dashscope/client';
import { succeed } from '../../result';
import type { Result } from '../../result';
import type { Detection } from '../../dashscope/schemas';
import { detectionToJson } from '../../output';
import { optionsField, rateOptions, simplifyField } from '../../parameters/common';
import { failed } from '../../execution/operation';
import type { Operation, Outcome } from '../../execution/operation';
import { inInputOrder, readItems } from '../../parameters/readItems';
import { portraitFields, portraitOptions, readPortrait } from '../../parameters/portrait';
import type { ExecutionContext } from '../../execution/context';
import { readFields } from '../../parameters/read';
import { flagValue } from '../../parameters/schemas';

async function run(context: ExecutionContext): Promise<Outcome[]> {
	const { functions, client } = context;
	const { wanted, refused, stopBecause } = await readItems(context, async (itemIndex) => {
		const fields = readFields(functions, itemIndex, { simplify: flagValue });
		if (!fields.ok) return fields;
		const portrait = await readPortrait(context, itemIndex);
		if (!portrait.ok) return portrait;
		return succeed({ itemIndex, portrait: portrait.value, ...fields.value });
	});
	if (stopBecause) return refused;

	const detect = async (portrait: Portrait): Promise<Result<Answer<Detection>>> => {
		const address = await portrait.addressFor(DETECTION_MODEL);
		return address.ok ? await client.detectFace(address.value) : address;
	};
	const detections = new Map<string, Result<Answer<Detection>>>();
	const outcomes: Outcome[] = [...refused];
	for (const { itemIndex, portrait, simplify } of wanted) {
		const detection = detections.get(portrait.id) ?? (await detect(portrait));
		detections.set(portrait.id, detection);
		if (!detection.ok) {
			outcomes.push(failed(itemIndex, detection.failure, portrait.about));
			if (context.stopsAtFirstFailure) break;
			continue;
		}
		const { value, raw } = detection.value;
		const json = simplify ? detectionToJson(value, portrait.about, portrait.hint) : { ...raw };
		outcomes.push({ itemIndex, result: succeed({ json }) });
	}
	return inInputOrder(outcomes);
}

export const detectFace: Operation = {
	fields: updateDisplayOptions({ show: { resource: ['image'], operation: ['detectFace'] } }, [
		...portraitFields,
		simplifyField,
		optionsField([
			...portraitOptions,
			...rateOptions.filter(({ name }) => name === 'detectionsPerSecond'),
		]),
	]),
	run,
};
