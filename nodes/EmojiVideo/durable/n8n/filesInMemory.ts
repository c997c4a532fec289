/**
 * Whether n8n keeps files in its memory. A check's videos would then go through the database inside its result, so
 * only the last check downloads. n8n has no setting that a node can read; a stored test file shows it.
 */
import type { IExecuteFunctions } from 'n8n-workflow';

/** A file of one byte. n8n deletes it with the user's execution. */
const PROBE = Buffer.from('.');

/** Whether n8n keeps files inside items; false if the test file cannot be stored. */
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

/** The warning if it does. */
export const DOWNLOADS_AT_END =
	'n8n keeps files in its memory here (N8N_DEFAULT_BINARY_DATA_MODE=default), so all videos of this batch are downloaded when the last one is finished, and not as they finish. DashScope keeps each for 24 hours only: for a batch that takes longer, let n8n keep files elsewhere, e.g. N8N_DEFAULT_BINARY_DATA_MODE=filesystem.';
