/**
 * The mock from the command line: `npm run sandbox:dashscope`. Rule: it prints everything one needs
 * to call it, and no key but its own.
 */
import { Command, InvalidArgumentError } from 'commander';
import { portraitLines, startDashScopeMock, type DashScopeMock } from './index.mts';

interface CliOptions {
	host: string;
	port: number;
	storagePort: number;
	key: string;
	taskSeconds: number;
	concurrency: number;
	limits: boolean;
	verdictStyle: 'output200' | 'output400' | 'top400';
	videoBytes: number;
	odd: boolean;
}

/** Reads a number of 0 or more. */
function number(text: string): number {
	const value = Number(text);
	if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
		throw new InvalidArgumentError('It must be a number of 0 or more.');
	}
	return value;
}

/** Reads a whole number of 0 or more. */
function whole(text: string): number {
	const value = number(text);
	if (!Number.isInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
	return value;
}

function verdictStyle(text: string): CliOptions['verdictStyle'] {
	const known = (['output200', 'output400', 'top400'] as const).find((style) => style === text);
	if (!known) throw new InvalidArgumentError('It must be output200, output400 or top400.');
	return known;
}

const program = new Command('sandbox:dashscope')
	.description('A mock of DashScope: emoji-detect-v1 and emoji-v1 without an account.')
	.option('--host <address>', 'address to listen on', '127.0.0.1')
	.option('--port <port>', 'port of the API', whole, 8790)
	.option('--storage-port <port>', 'port of portraits, uploads and videos', whole, 8791)
	.option('--key <key>', 'the key it accepts', 'sk-sandbox-0123456789abcdef')
	.option('--task-seconds <seconds>', 'running time of one task, e.g. 60 or 0.06', number, 60)
	.option('--concurrency <count>', 'tasks running at once', whole, 1)
	.option('--verdict-style <style>', 'output200, output400 or top400', verdictStyle, 'output200')
	.option('--odd', 'send answers that look odd and mean the same', false)
	.option('--video-bytes <bytes>', 'pad every video to this size', whole, 0)
	.option('--no-limits', 'do not limit requests per second');

/** Ready-to-paste commands for every endpoint. */
function examples({ url, storageUrl, apiKey, portraitUrl }: DashScopeMock): string {
	const json = `-H 'Content-Type: application/json'`;
	const auth = `-H 'Authorization: Bearer ${apiKey}'`;
	const services = `${url}/api/v1/services/aigc/image2video`;
	const portrait = portraitUrl('ada.png');
	const detect = `{"model":"emoji-detect-v1","input":{"image_url":"${portrait}"},"parameters":{"ratio":"1:1"}}`;
	const create = `{"model":"emoji-v1","input":{"image_url":"${portrait}","driven_id":"mengwa_kaixin","face_bbox":[192,192,448,448],"ext_bbox":[64,64,576,576]}}`;
	return `# Find the face
curl -s ${services}/face-detect ${auth} ${json} -d '${detect}'

# Create a task
curl -s ${services}/video-synthesis ${auth} -H 'X-DashScope-Async: enable' ${json} -d '${create}'

# Ask for it, list tasks, cancel one that is waiting
curl -s ${url}/api/v1/tasks/TASK_ID ${auth}
curl -s '${url}/api/v1/tasks/?page_no=1&page_size=10' ${auth}
curl -s -X POST ${url}/api/v1/tasks/TASK_ID/cancel ${auth}

# Check the key; get an upload policy, then post the form to ${storageUrl}/
curl -s '${url}/api/v1/models?page_no=1&page_size=1' ${auth}
curl -s '${url}/api/v1/uploads?action=getPolicy&model=emoji-detect-v1' ${auth}

# What it saw, and a fault to order
curl -s ${url}/__control/counts
curl -s ${url}/__control/faults ${json} -d '{"match":{"path":"/api/v1/tasks/"},"fault":{"kind":"reset"}}'
`;
}

async function main(): Promise<void> {
	program.parse();
	const { key, limits, odd, ...options } = program.opts<CliOptions>();
	const mock = await startDashScopeMock({
		...options,
		apiKey: key,
		oddities: odd,
		rateLimits: { enforce: limits },
	});
	const portraits = portraitLines(mock).join('\n           ');
	console.log(`DashScope mock

API        ${mock.url}
Key        ${mock.apiKey}
Portraits  ${portraits}

${examples(mock)}
Ctrl+C stops it.`);
	const stop = () => void mock.close();
	process.once('SIGINT', stop);
	process.once('SIGTERM', stop);
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
});
