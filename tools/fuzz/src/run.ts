import { fork } from 'node:child_process';
import { added, type Tally } from './hold.ts';
import type { Message, Share } from './worker.ts';

/** What a run has seen, and what was broken: nothing, or one text with the smallest failing case. */
export interface Report {
  laws?: Tally;
  raw?: Tally;
  broken: readonly string[];
}

/** Told what a process tells, and which one. */
type OnMessage = (message: Message, index: number) => void;

/** Runs the share in this many processes, each with a part of it and a seed of its own. */
export async function fuzz(
  share: Share,
  options: { processes: number; env?: NodeJS.ProcessEnv; onMessage?: OnMessage },
): Promise<Report> {
  const { processes, env = {}, onMessage } = options;
  const part = (whole: number) => Math.ceil(whole / processes);
  const shares = Array.from({ length: processes }, (_, index) => ({
    objects: part(share.objects),
    reviews: part(share.reviews),
    // Batches count on from the seed: a process must not come to those of the next one.
    seed: (share.seed + index * 100_000) | 0,
  }));
  const reports = await Promise.all(
    shares.map((one, index) => runWorker(one, env, (message) => onMessage?.(message, index))),
  );
  return reports.reduce(joined);
}

function joined(left: Report, right: Report): Report {
  const [laws, raw] = (['laws', 'raw'] as const).map((part) =>
    left[part] && right[part] ? added(left[part], right[part]) : (left[part] ?? right[part]),
  );
  return { ...(laws && { laws }), ...(raw && { raw }), broken: [...left.broken, ...right.broken] };
}

function runWorker(share: Share, env: NodeJS.ProcessEnv, onMessage: (message: Message) => void): Promise<Report> {
  const file = new URL('./worker.ts', import.meta.url);
  const child = fork(file, [JSON.stringify(share)], { env: { ...process.env, ...env }, execArgv: [] });
  let report: Report | undefined;
  child.on('message', (message: Message) => {
    onMessage(message);
    if (message.what === 'broken') report = { broken: [message.problem] };
    if (message.what === 'done')
      report = {
        ...(message.laws && { laws: message.laws }),
        ...(message.raw && { raw: message.raw }),
        broken: [],
      };
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ broken: [error.message] }));
    child.on('close', (code, signal) =>
      resolve(report ?? { broken: [`a process ended with ${signal ?? code} before its time`] }),
    );
  });
}
