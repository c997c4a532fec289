/** Recorded responses of the service, as files. The README beside them names their sources. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { recordingKinds } from '../../sandbox/conformance/record.mts';

export const recordingsFolder = path.join(import.meta.dirname, 'recorded');

const recordingSchema = z.object({
	source: z.string().min(1),
	kind: z.enum(recordingKinds),
	answer: z.object({
		status: z.number().int(),
		headers: z.record(z.string()).optional(),
		body: z.unknown(),
	}),
});

export type Recording = z.infer<typeof recordingSchema> & { name: string };

/** One recording, e.g. `public/task-running`. */
export function recording(name: string): Recording {
	const text = readFileSync(path.join(recordingsFolder, `${name}.json`), 'utf8');
	return { name, ...recordingSchema.parse(JSON.parse(text)) };
}

/** Every recording in every folder. */
export function recordings(): Recording[] {
	return readdirSync(recordingsFolder, { recursive: true, encoding: 'utf8' })
		.filter((file) => file.endsWith('.json'))
		.sort()
		.map((file) => recording(file.replace(/\.json$/, '').replaceAll(path.sep, '/')));
}
