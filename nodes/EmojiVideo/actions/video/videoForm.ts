/** What Create and Create and Wait have in common: the fields that say which video to make of what. */
import type { INodeProperties } from 'n8n-workflow';
import type { ItemRequest, Job } from '../../batch/plan';
import { usualRunMs } from '../../batch/queueAhead';
import type { ExecutionContext } from '../../execution/context';
import { warnOfEarlyEnds } from '../../media/earlyEnds';
import { openPortrait } from '../../media/portrait';
import { faceAreaFields, faceAreasForm } from '../../parameters/faceAreas';
import { portraitFields, portraitForm } from '../../parameters/portrait';
import { group } from '../../parameters/read';
import { templatesFields, templatesForm } from '../../parameters/templates';
import type { FormSource } from '../../parameters/read';
import { succeed } from '../../base/result';
import type { Result } from '../../base/result';

export const videoFields: INodeProperties[] = [
	...portraitFields,
	...templatesFields,
	...faceAreaFields,
];

const form = group({
	templateIds: templatesForm,
	areas: faceAreasForm,
	source: portraitForm,
});

/** Reads which videos an item wants, and looks at its portrait. */
export async function readVideo(
	fields: FormSource,
	context: ExecutionContext,
): Promise<Result<Omit<ItemRequest, 'itemIndex'>>> {
	const read = form(fields);
	if (!read.ok) return read;
	const { source, ...video } = read.value;
	const portrait = await openPortrait(source, context);
	return portrait.ok ? succeed({ ...video, portrait: portrait.value }) : portrait;
}

/** Shows a hint in the editor if a presigned URL may end before its video starts. */
export function warnAboutLinks({ functions, clock }: ExecutionContext, jobs: Job[]): void {
	const portraits = jobs.map(({ portrait }) => portrait);
	const message = warnOfEarlyEnds(portraits, usualRunMs({ runs: [] }), clock.now());
	if (message) {
		functions.addExecutionHints?.({ message, location: 'outputPane', type: 'warning' });
	}
}
