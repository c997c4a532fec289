/** The memory of a process, as the Linux kernel counts it. */
import { readFileSync } from 'node:fs';

/** `VmRSS`: now. `VmHWM`: the peak since the start, or since it was reset. @returns bytes */
export function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
	if (kilobytes === undefined)
		throw new Error(`The kernel does not tell ${field} of process ${pid}`);
	return Number(kilobytes) * 1024;
}
