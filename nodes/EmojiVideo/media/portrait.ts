/**
 * A portrait from a URL or a file: its ID, its name in items, and the address at which DashScope reads it.
 * Rule: a file's bytes are checked here, before we upload it or pay for anything.
 */
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import type { Model } from '../dashscope/client';
import { succeed } from '../base/result';
import type { Failure, Result } from '../base/result';
import { readLinkExpiry, showMoment } from '../net/linkExpiry';
import { hintAboutPortrait } from './portraitCheck';
import { readPortraitFile } from './portraitFile';
import type { createRemoteChecks, RemoteFinding } from './remotePortrait';
import type { Uploads } from './upload';

/** A portrait as an item names it. */
export type PortraitSource =
	| {
			kind: 'url';
			imageUrl: string;
			/** Check the first bytes before we send anything to DashScope. */
			checkFirst: boolean;
	  }
	| {
			kind: 'file';
			file: IBinaryData;
			/** What messages call a file without a name. */
			fallbackName: string;
	  };

/** A portrait, opened and ready to be sent. */
export interface Portrait {
	/** The URL, or a hash of the bytes. It is the same in every try of an execution. */
	id: string;
	/** The fields that name it in items: the user's URL, or the file's name. */
	about: { imageUrl?: string; imageFile?: string };
	/** Until when the URL works, in milliseconds since the epoch, if the URL says so. */
	expiresAt?: number;
	/** May explain why DashScope rejects the portrait. */
	hint?: string;
	/** Returns the address for a model. Uploads a file first. The promise never rejects. */
	addressFor(model: Model): Promise<Result<string>>;
}

export interface PortraitTools {
	functions: Pick<IExecuteFunctions, 'helpers'>;
	uploads: Uploads;
	checkRemote: ReturnType<typeof createRemoteChecks>;
}

/** A portrait on the internet. Every model reads it from its URL. */
export const portraitAt = (imageUrl: string, hint?: string): Portrait => ({
	id: imageUrl,
	about: { imageUrl },
	hint,
	addressFor: async () => await Promise.resolve(succeed(imageUrl)),
});

/** Adds the portrait's hint to a request that DashScope rejected. */
export const withPortraitHint = (failure: Failure, { hint }: Pick<Portrait, 'hint'>): Failure =>
	failure.kind === 'rejected' && hint !== undefined
		? { ...failure, nextStep: `${failure.nextStep} ${hint}` }
		: failure;

/** A presigned URL must work until DashScope reads it for the last time, when the video's turn comes. */
const hintAboutExpiry = (expiresAt: number) =>
	`The image URL is valid until ${showMoment(expiresAt)}. If the video starts later, DashScope cannot read the image: use a URL that is valid longer, or set Image Source to Binary File.`;

/** Opens the portrait that an item names. Checks files always, and URLs if `checkFirst` is set. */
export async function openPortrait(
	source: PortraitSource,
	{ functions, uploads, checkRemote }: PortraitTools,
): Promise<Result<Portrait>> {
	if (source.kind === 'url') {
		const { imageUrl, checkFirst } = source;
		const checked = checkFirst ? await checkRemote(imageUrl) : succeed<RemoteFinding>({});
		if (!checked.ok) return checked;
		const expiresAt = readLinkExpiry(new URL(imageUrl));
		const expiry = expiresAt === undefined ? undefined : hintAboutExpiry(expiresAt);
		const hint = [checked.value.hint, expiry].filter(Boolean).join(' ') || undefined;
		return succeed({ ...portraitAt(imageUrl, hint), expiresAt });
	}
	const file = await readPortraitFile(source.file, source.fallbackName, functions.helpers);
	if (!file.ok) return file;
	return succeed({
		id: `sha256:${file.value.hash}`,
		about: { imageFile: file.value.name },
		hint: hintAboutPortrait(file.value),
		addressFor: async (model) => await uploads.addressOf(file.value, model),
	});
}
