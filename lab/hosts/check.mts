/** A check of the package in one n8n. Hosts of every version run it, and so do the end-to-end tests. */
import type { Stage } from '../stage/stage.mts';

/** An n8n with the package, an owner and nothing else. */
export interface Host extends Pick<Stage, 'n8n' | 'api' | 'restart'> {
	version: string;
}

/** @returns what was seen, in a few words. @throws if that is not what must be seen */
export type Check = (host: Pick<Host, 'n8n' | 'api'>) => Promise<string>;

/** A check around a kill of n8n. It resolves before the kill, with the part that comes after n8n is up again. */
export type KillCheck = (host: Host) => Promise<AfterKill>;
export type AfterKill = () => Promise<string>;
