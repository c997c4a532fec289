/**
 * Loaded into n8n before anything else (`--import`). From `FAST_CLOCK_FROM` on, n8n's clock is `FAST_CLOCK`
 * times as fast. So are the timers of the modules that wait by the clock: n8n's tracker of parked executions,
 * the schedules of polling triggers, and this package. The rule: all other timers keep their pace.
 */
const speed = Number(process.env.FAST_CLOCK ?? 1);
const RealDate = Date;
const realNow = Date.now;
const began = Number(process.env.FAST_CLOCK_FROM ?? realNow());
const now = () => Math.round(began + (realNow() - began) * speed);

globalThis.Date = new Proxy(RealDate, {
	construct: (real, args: unknown[], self) =>
		Reflect.construct(real, args.length === 0 ? [now()] : args, self) as object,
	apply: () => new RealDate(now()).toString(),
	get: (real, name) => (name === 'now' ? now : (Reflect.get(real, name) as unknown)),
});

type Timer = (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => NodeJS.Timeout;

const WAITS_BY_THE_CLOCK = /wait-tracker|node_modules[\\/]cron[\\/]|n8n-nodes-emoji-video/;

/** A timer of Node.js that fires earlier if its caller waits by the clock. */
const faster = (timer: Timer): Timer =>
	new Proxy(timer, {
		apply: (real, self, [run, ms = 0, ...rest]: Parameters<Timer>) => {
			const isFast = WAITS_BY_THE_CLOCK.test(new Error().stack ?? '');
			return Reflect.apply(real, self, [run, isFast ? ms / speed : ms, ...rest]);
		},
	});

globalThis.setTimeout = faster(setTimeout) as typeof setTimeout;
globalThis.setInterval = faster(setInterval) as typeof setInterval;
