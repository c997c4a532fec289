/** Stops what the global set-up started. */
import { running } from './running.mts';

// Jest takes a default export only.
export default async function tearDown(): Promise<void> {
	await running.sandbox?.n8n.stop();
	await running.mock?.close();
}
