/**
 * Whether n8n keeps files in its memory. Then a check's videos would go through the database with its report,
 * so they are fetched by the last one. n8n does not tell a node; what it makes of a file does.
 */
import type { IExecuteFunctions } from 'n8n-workflow';

/** A byte of the user's execution; n8n deletes it with that. */
const PROBE = Buffer.from('.');

/** Whether n8n keeps files in the items themselves, and not by reference; false where it does not say. */
export async function keepsFilesInMemory({
	helpers,
}: Pick<IExecuteFunctions, 'helpers'>): Promise<boolean> {
	try {
		const { id } = await helpers.prepareBinaryData(PROBE, 'emoji-video.txt', 'text/plain');
		return id === undefined;
	} catch {
		return false;
	}
}

/** What is said where it does. */
export const DOWNLOADS_AT_END =
	'n8n keeps files in its memory here (N8N_DEFAULT_BINARY_DATA_MODE=default), so all videos of this batch are downloaded when the last one is finished, and not as they finish. DashScope keeps each for 24 hours only: for a batch that takes longer, let n8n keep files elsewhere, e.g. N8N_DEFAULT_BINARY_DATA_MODE=filesystem.';
