import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a process has used so far. */
export interface Usage {
  cpuMs: number;
  rssMiB: number;
}

/** CPU time and resident memory of a process: from /proc where there is one, else from ps (whole hundredths of a second). */
export function usageOf(pid: number): Usage {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

const TICK_MS = 10; // USER_HZ is 100 on every Linux that Node runs on

function fromProc(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rssKiB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, rssMiB: Math.round(rssKiB / 1024) };
}

function fromPs(pid: number): Usage {
  const [time = '0', rss = '0'] = execFileSync('ps', ['-o', 'time=,rss=', '-p', String(pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/);
  const seconds = time.split(':').reduce((total, part) => total * 60 + Number(part), 0);
  return { cpuMs: Math.round(seconds * 1000), rssMiB: Math.round(Number(rss) / 1024) };
}
