/**
 * Everything one mock knows, in one place. Rule: both origins and the control read and write here
 * and nowhere else, so that several mocks can live in one process.
 */
import { randomBytes } from 'node:crypto';
import { shiftedClock } from './clock.mts';
import { createFaults, type FaultBox } from './faults/orders.mts';
import type { LedgerEntry } from './ledger.mts';
import { createLimiter, type RateLimiter } from './limits.mts';
import type { AnswerKind } from './oddities.mts';
import type { DashScopeMockOptions, Settings } from './options.mts';
import { settle } from './settings.mts';
import { createTaskStore, type TaskStore } from './tasks.mts';
import { createUploads, type UploadStore } from './uploads.mts';
import { imageHash, sampleVerdict, type Verdict } from './verdicts.mts';

export interface World {
	settings: Settings;
	/** Milliseconds since the epoch on the mock's clock. */
	now: () => number;
	advanceClock: (ms: number) => void;
	ledger: LedgerEntry[];
	faults: FaultBox;
	limiter: RateLimiter;
	tasks: TaskStore;
	uploads: UploadStore;
	/** Verdicts ordered for the detections to come, oldest first. */
	orderedVerdicts: Verdict[];
	/** How many responses of each kind have been made odd. */
	oddityTurns: Map<AnswerKind, number>;
	/** Signs the links to videos. */
	linkSecret: Buffer;
	/** Origins as written into responses; set once both listen. */
	apiUrl: string;
	storageUrl: string;
}

/** A world in which nothing has happened yet. */
export function createWorld(options: DashScopeMockOptions): World {
	const settings = settle(options);
	const clock = shiftedClock(settings.clock);
	const now = () => clock.now();
	return {
		settings,
		now,
		advanceClock: (ms) => clock.advance(ms),
		ledger: [],
		faults: createFaults(),
		limiter: createLimiter(),
		tasks: createTaskStore(settings, now),
		uploads: createUploads(settings, now),
		orderedVerdicts: [],
		oddityTurns: new Map(),
		linkSecret: randomBytes(20),
		apiUrl: '',
		storageUrl: '',
	};
}

/**
 * Forgets tasks, uploads, faults, ledger and rate windows, and puts back the settings of the start.
 * The clock keeps what it was advanced by: time does not run backwards.
 */
export function resetWorld(world: World, options: DashScopeMockOptions): void {
	Object.assign(world.settings, settle(options));
	world.ledger.length = 0;
	world.faults.clear();
	world.limiter = createLimiter();
	world.tasks = createTaskStore(world.settings, world.now);
	world.uploads = createUploads(world.settings, world.now);
	world.orderedVerdicts = [];
	world.oddityTurns.clear();
}

/** The account a key belongs to. */
export function accountOf(world: World, key: string): string | undefined {
	return world.settings.accounts.find((account) => account.keys.includes(key))?.id;
}

/** What face detection says of these bytes: an ordered verdict first, then the sample portraits'. */
export function judge(world: World, bytes: Uint8Array): Verdict | undefined {
	return world.orderedVerdicts.shift() ?? sampleVerdict(imageHash(bytes));
}
