/**
 * `npm run fuzz`: a million objects for each law of admission and conversion, and ten million raw reviews, in as many processes as
 * there are processors. `--objects`, `--reviews`, `--seed` and `--processes` change that. The last line is a summary in JSON; the exit
 * code is 1 when a law is broken.
 *
 * `--coverage`: 20,000 objects and 200,000 reviews in one process, and which branches of rules, defaults and conversion they reach;
 * fewer than 95 % fail.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { branchesIn, printBranches } from './coverage.ts';
import { fuzz, type Report } from './run.ts';
import type { Message, Share } from './worker.ts';

const LEAST_COVERAGE = 0.95;
const PROGRESS_EVERY = 10_000;

const { values } = parseArgs({
  options: {
    objects: { type: 'string' },
    reviews: { type: 'string' },
    seed: { type: 'string' },
    processes: { type: 'string' },
    coverage: { type: 'boolean', default: false },
  },
});
const share: Share = {
  objects: Number(values.objects ?? (values.coverage ? 20_000 : 1_000_000)),
  reviews: Number(values.reviews ?? (values.coverage ? 200_000 : 10_000_000)),
  seed: Number(values.seed ?? Date.now() % 2 ** 31),
};
console.log(`${share.objects} objects for each law, ${share.reviews} reviews, --seed ${share.seed}`);
const start = performance.now();
const isGood = values.coverage ? await measure() : await run(Number(values.processes ?? availableParallelism()));
process.exitCode = isGood ? 0 : 1;

async function run(processes: number): Promise<boolean> {
  const counted = { objects: new Map<number, number>(), reviews: new Map<number, number>() };
  const onMessage = (message: Message, index: number): void => {
    if (message.what === 'objects' || message.what === 'reviews') counted[message.what].set(index, message.counted);
  };
  const sum = (parts: Map<number, number>) => [...parts.values()].reduce((all, part) => all + part, 0);
  const timer = setInterval(() => {
    console.log(`${seconds()} s: ${sum(counted.objects)} objects, ${sum(counted.reviews)} reviews`);
  }, PROGRESS_EVERY);
  const report = await fuzz(share, { processes, onMessage });
  clearInterval(timer);
  return summarize(report);
}

async function measure(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'openfunction-coverage-'));
  try {
    const report = await fuzz(share, { processes: 1, env: { NODE_V8_COVERAGE: folder } });
    const files = await branchesIn(folder);
    printBranches(files);
    const covered = files.reduce((all, file) => all + file.covered, 0);
    const total = files.reduce((all, file) => all + file.total, 0);
    return summarize(report, { covered, total }) && covered / total >= LEAST_COVERAGE;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function summarize({ broken, laws, raw }: Report, branches?: { covered: number; total: number }): boolean {
  for (const problem of broken) console.error(problem);
  const summary = {
    seed: share.seed,
    seconds: seconds(),
    laws,
    raw,
    ...(raw && { reached: raw.counted / raw.runs }),
    ...(branches && { branches }),
    broken: broken.length,
  };
  console.log(JSON.stringify(summary));
  return broken.length === 0;
}

function seconds(): number {
  return Math.round((performance.now() - start) / 1000);
}
