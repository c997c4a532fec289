/**
 * A portrait, wherever it is: what names it, and where the service can read it. Rule: a file is checked
 * by its bytes here, before anything is uploaded or paid for.
 */
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import type { Model } from '../dashscope/client';
import { succeed } from '../base/result';
import type { Result } from '../base/result';
import { rotationHint } from './portraitCheck';
import { readPortraitFile } from './portraitFile';
import type { createRemoteChecks } from './remotePortrait';
import type { Uploads } from './upload';

/** A portrait as an item names it. */
export type PortraitSource =
	| {
			kind: 'url';
			imageUrl: string;
			/** Look at its first bytes before anything is sent. */ checkFirst: boolean;
	  }
	| { kind: 'file'; file: IBinaryData; /** Where the file has no name. */ fallbackName: string };

/** A picture, wherever it is. */
export interface Portrait {
	/** Its address, or a hash of its bytes: the same in every try of an execution. */
	id: string;
	/** What items call it: the user's address, or the file's name. */
	about: { imageUrl?: string; imageFile?: string };
	/** What may explain that the service does not like it. */
	hint?: string;
	/** Where the service can read it for a model; a file is put there first. Never rejects. */
	addressFor(model: Model): Promise<Result<string>>;
}

export interface PortraitTools {
	functions: Pick<IExecuteFunctions, 'helpers'>;
	uploads: Uploads;
	checkRemote: ReturnType<typeof createRemoteChecks>;
}

/** A portrait on the internet: every model reads it where it is. */
export const portraitAt = (imageUrl: string, hint?: string): Portrait => ({
	id: imageUrl,
	about: { imageUrl },
	hint,
	addressFor: async () => await Promise.resolve(succeed(imageUrl)),
});

/** Makes a portrait of what an item names, and looks at it where that is due. */
export async function openPortrait(
	source: PortraitSource,
	{ functions, uploads, checkRemote }: PortraitTools,
): Promise<Result<Portrait>> {
	if (source.kind === 'url') {
		const { imageUrl, checkFirst } = source;
		if (!checkFirst) return succeed(portraitAt(imageUrl));
		const checked = await checkRemote(imageUrl);
		return checked.ok ? succeed(portraitAt(imageUrl, rotationHint(checked.value))) : checked;
	}
	const file = await readPortraitFile(source.file, source.fallbackName, functions.helpers);
	if (!file.ok) return file;
	return succeed({
		id: `sha256:${file.value.hash}`,
		about: { imageFile: file.value.name },
		hint: rotationHint(file.value),
		addressFor: async (model) => await uploads.addressOf(file.value, model),
	});
}
