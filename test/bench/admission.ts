import { cpus, loadavg } from 'node:os';
import { type Lanes, measureCpu } from './admission/cpu.ts';
import { createHuge, installWebhooks, measureCreate } from './admission/create.ts';
import { goalsOf } from './admission/goals.ts';
import { measureHuge } from './admission/huge.ts';
import { median } from './admission/quantile.ts';
import type { Webhook } from './admission/servers.ts';
import { measureSteady, type Steady } from './admission/steady.ts';
import { startWorld, type World } from './admission/world.ts';
import { usageOf } from './process-usage.ts';

interface AdmissionBenchOptions {
  /** A tenth of the work: to try the bench itself. */
  quick: boolean;
  /** Folder for a CPU profile of the webhook that exports telemetry. */
  profile?: string;
}

/** How much is done. */
interface Amount {
  starts: number;
  /** For the CPU of each kind of review, server and round. */
  reviews: number;
  rounds: number;
  /** Of the steady rate. */
  seconds: number;
  creates: number;
  huge: number;
}

const FULL: Amount = { starts: 5, reviews: 3000, rounds: 5, seconds: 20, creates: 500, huge: 100 };
const QUICK: Amount = { starts: 3, reviews: 200, rounds: 3, seconds: 4, creates: 50, huge: 10 };
const CONNECTIONS = [1, 8, 32];
const PER_SECOND = 500;

export type AdmissionFigures = Awaited<ReturnType<typeof measure>>;

/**
 * What a review costs: the webhook's bundle, once with its telemetry as it is by default (metrics, to be scraped) and once exporting
 * traces and metrics, beside a bare Fastify handler in the same run; and what our webhooks add to a create through a real API
 * server. Nothing is asserted; goals stand beside the figures.
 */
export async function benchAdmission({ quick, profile }: AdmissionBenchOptions): Promise<unknown> {
  await using stack = new AsyncDisposableStack();
  const before = loadavg();
  const world = await startWorld(stack);
  const figures = await measure(world, quick ? QUICK : FULL, profile);
  return {
    platform: `local platform: client, servers and control plane share the ${cpus().length} cores of this machine`,
    load: { before, after: loadavg() },
    goals: goalsOf(figures),
    ...figures,
  };
}

async function measure(world: World, amount: Amount, profile: string | undefined) {
  const readyMs = await measureStarts(world, amount.starts);
  const webhooks = {
    webhook: await world.startDefault('webhook'),
    exporting: await world.startExporting('exporting', profile),
  };
  const { webhook } = webhooks;
  const lanes: Lanes = { bare: await world.startBare(), ...webhooks };
  const atRest = memoryOf(lanes);
  say('CPU for each review');
  const cpu = await measureCpu(lanes, { ...amount, connections: CONNECTIONS });
  say(`${PER_SECOND} reviews a second`);
  const steady: Record<string, Steady> = {};
  for (const [name, each] of Object.entries(webhooks))
    steady[name] = await measureSteady(each, { perSecond: PER_SECOND, seconds: amount.seconds });
  const afterLoad = memoryOf(lanes);
  say('creates through the API server');
  await installWebhooks(world.client, webhook);
  const create = await measureCreate(world.client, amount.creates);
  say('a Function of 1 MiB');
  const huge = {
    mutate: await measureHuge(webhook, 'mutate', amount.huge),
    validate: await measureHuge(webhook, 'validate', amount.huge),
    bare: await measureHuge(lanes.bare, 'validate', amount.huge),
    acceptedByApiServer: await createHuge(world.client),
  };
  const rssMiB = { atRest, afterLoad, afterHuge: memoryOf(lanes) };
  return { cpu, steady, create, huge, rssMiB, readyMs, exportedBytes: world.exported() };
}

/** From the start of the process until it is ready; the first has no certificate yet and makes it. */
async function measureStarts(world: World, starts: number) {
  const all: number[] = [];
  for (let turn = 0; turn < starts; turn += 1) {
    const webhook: Webhook = await world.startDefault(`start-${turn}`);
    all.push(webhook.readyMs);
    await webhook.process.stop();
  }
  const [first = 0, ...later] = all;
  return { median: median(later), first, later };
}

function memoryOf(lanes: Lanes): Record<string, number> {
  return Object.fromEntries(Object.entries(lanes).map(([name, { process }]) => [name, usageOf(process.pid).rssMiB]));
}

/** The figures go to standard output alone. */
function say(step: string): void {
  console.error(`admission: ${step}`);
}
