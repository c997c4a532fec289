/**
 * Loaded into n8n before anything else (`--import`): its clock and its timers go `FAST_CLOCK` times as fast, so
 * that what waits for hours can be looked at in minutes. The rule: only time is changed, nothing that n8n does.
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

/** A timer of Node.js that fires after a part of the time; everything else about it stays. */
const faster = (timer: Timer): Timer =>
	new Proxy(timer, {
		apply: (real, self, [run, ms, ...rest]: Parameters<Timer>) =>
			Reflect.apply(real, self, [run, (ms ?? 0) / speed, ...rest]),
	});

globalThis.setTimeout = faster(setTimeout) as typeof setTimeout;
globalThis.setInterval = faster(setInterval) as typeof setInterval;
