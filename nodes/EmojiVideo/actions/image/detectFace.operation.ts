/** Image: Detect Face. What detection says of a portrait is data, so that a workflow can branch on it. */
import { DETECTION_MODEL } from '../../dashscope/client';
import type { ApiResponse } from '../../dashscope/client';
import type { Detection } from '../../dashscope/schemas';
import { failed } from '../../execution/outcome';
import type { Outcome } from '../../execution/outcome';
import { openPortrait, withPortraitHint } from '../../media/portrait';
import type { Portrait } from '../../media/portrait';
import { detectionToJson } from '../../output';
import { limitsGroup, simplifyField, simplifyForm } from '../../parameters/common';
import { detectionsOption } from '../../parameters/limits';
import { portraitFields, portraitForm, portraitGroup } from '../../parameters/portrait';
import { constant, group } from '../../parameters/read';
import { succeed } from '../../base/result';
import type { Result } from '../../base/result';
import { defineOperation } from '../defineOperation';

const form = group({ simplify: simplifyForm, source: portraitForm });

export const detectFace = defineOperation({
	resource: 'image',
	operation: 'detectFace',
	toolDescription:
		'Checks whether a portrait photo can be used for emoji videos, and if not, what to change. Each check is billed.',
	fields: [...portraitFields, simplifyField, portraitGroup, limitsGroup([detectionsOption])],
	settings: constant(undefined),
	async item(fields, context) {
		const read = form(fields);
		if (!read.ok) return read;
		const portrait = await openPortrait(read.value.source, context);
		return portrait.ok ? succeed({ ...read.value, portrait: portrait.value }) : portrait;
	},
	async run(context, { items, invalid }) {
		const { client, stopsAtFirstFailure } = context;
		const detect = async (portrait: Portrait): Promise<Result<ApiResponse<Detection>>> => {
			const address = await portrait.addressFor(DETECTION_MODEL);
			return address.ok ? await client.detectFace(address.value) : address;
		};
		const detections = new Map<string, Result<ApiResponse<Detection>>>();
		const outcomes: Outcome[] = [...invalid];
		for (const { itemIndex, portrait, simplify } of items) {
			const detection = detections.get(portrait.id) ?? (await detect(portrait));
			detections.set(portrait.id, detection);
			if (!detection.ok) {
				outcomes.push(
					failed(itemIndex, withPortraitHint(detection.failure, portrait), portrait.about),
				);
				if (stopsAtFirstFailure) break;
				continue;
			}
			const { value, raw } = detection.value;
			const json = simplify ? detectionToJson(value, portrait.about, portrait.hint) : { ...raw };
			outcomes.push({ itemIndex, result: succeed({ json }) });
		}
		return outcomes;
	},
});
