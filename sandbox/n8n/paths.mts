/**
 * Where the sandbox keeps its things. Everything that is made at run time lies under `.sandbox/`,
 * which git ignores: deleting that folder must always be safe.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root folder. */
export const PROJECT_FOLDER = path.resolve(here(), '..', '..');

/** This folder. */
export const LIBRARY_FOLDER = here();

/**
 * The folder with n8n's package.json, lock file and node_modules. It lies below this one, not beside
 * the code, so that the code never picks up a module of n8n's by accident.
 */
export const HOST_FOLDER = path.join(here(), 'host');

/** The folder for everything made at run time. */
export const WORK_FOLDER = path.join(PROJECT_FOLDER, '.sandbox');

/** The workflows that users import. */
export const EXAMPLES_FOLDER = path.join(PROJECT_FOLDER, 'examples');

function here(): string {
	return path.dirname(fileURLToPath(import.meta.url));
}
