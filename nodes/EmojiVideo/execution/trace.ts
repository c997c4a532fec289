/**
 * Which video is which task, in n8n's log, the moment a task is accepted: what is left when n8n has lost
 * the execution (docs/recover.md). Rule: one line a task, at level info; never the key, and no query of
 * an address, which may be a signature.
 */
import type { IExecuteFunctions } from 'n8n-workflow';
import type { VideoLabel } from '../batch/plan';

/** What the service is to read, without what lets it read it. */
const withoutQuery = (address: string) => address.replace(/[?#].*$/s, '');

/** How a line of the log begins. */
export const TRACE_PREFIX = 'Emoji Video: task accepted';

/** A task as a line of the log, its fields as `name=value`. */
export function traceLine(
	taskId: string,
	executionId: string,
	{ itemIndex, templateId, imageFile, imageUrl }: VideoLabel,
): string {
	const portrait = imageFile ?? (imageUrl && withoutQuery(imageUrl));
	const facts = {
		task: taskId,
		execution: executionId,
		item: itemIndex,
		template: templateId,
		portrait: portrait && JSON.stringify(portrait),
	};
	const known = Object.entries(facts).filter(([, value]) => value !== undefined);
	return `${TRACE_PREFIX}: ${known.map(([name, value]) => `${name}=${value}`).join(' ')}`;
}

/**
 * @param executionId the user's, where this one is a part of it
 * @returns writes an accepted task to n8n's log
 */
export function createTrace(
	functions: Pick<IExecuteFunctions, 'logger' | 'getExecutionId'>,
	executionId?: string,
) {
	return (video: VideoLabel, taskId: string): void => {
		const id = executionId ?? functions.getExecutionId();
		functions.logger.info(traceLine(taskId, id, video));
	};
}

/**
 * Tells how far a batch is: in n8n's log, and in a manual run also in the console of the browser, the one
 * place where the editor shows anything of a node that runs.
 */
export const createTell =
	(functions: Pick<IExecuteFunctions, 'logger' | 'getNode' | 'sendMessageToUI'>) =>
	(line: string): void => {
		const text = `Emoji Video: "${functions.getNode().name}": ${line}`;
		functions.logger.info(text);
		functions.sendMessageToUI?.(line);
	};
