import { readdirSync, readFileSync } from 'node:fs';
import { usageOf } from '../process-usage.ts';

/**
 * CPU time of a process so far, in milliseconds: from the scheduler's own account of each thread (nanoseconds) where Linux keeps it,
 * else in hundredths of a second. Node ends none of its threads before the process, so no time is lost between two readings.
 */
export function cpuMsOf(pid: number): number {
  return fromScheduler(pid) ?? usageOf(pid).cpuMs;
}

function fromScheduler(pid: number): number | undefined {
  const folder = `/proc/${pid}/task`;
  try {
    const texts = readdirSync(folder).map((thread) => readFileSync(`${folder}/${thread}/schedstat`, 'utf8'));
    return texts.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e6;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // no such account: macOS, some kernels
    throw error;
  }
}
