import { availableParallelism, loadavg } from 'node:os';
import { FUNCTION, type Function } from '@openfunction/api';
import { type KubeClient, Reflector } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import {
  type AuditEvent,
  applyFunction,
  type FunctionSketch,
  freshNamespace,
  isOurs,
  isWrite,
  readAuditLog,
  SERVINGS,
  type StartedCluster,
  type System,
  sketchFunction,
  startControllerWorld,
  untilQuiet,
  waitFor,
} from '@openfunction/testing';
import { countLooks, looksPerFunction } from './looks.ts';
import { type Usage, usageOf } from './process-usage.ts';

/** What is done for each Function: served by Knative, built and served so, or served by one of the other engines. */
export const MODES = ['serve', 'build', 'async', 'keda-http'] as const;
export type Mode = (typeof MODES)[number];

interface BenchOptions {
  modes: readonly Mode[];
  replicas: number;
  /** Default: 100 to serve, 50 to build and serve. */
  functions?: number;
}

interface ModeFacts {
  /** Beside the namespace and the name. */
  sketch: Omit<FunctionSketch, 'namespace' | 'name'>;
  /** How many at once, unless the caller says. */
  usual: number;
  /** What a Function may cost, and how many must become Ready in a second (on two idle cores). */
  goals?: { writes: number; perSecond: number };
}

const FACTS: Record<Mode, ModeFacts> = {
  serve: { sketch: {}, usual: 100, goals: { writes: 8, perSecond: 50 } },
  build: { sketch: { build: true }, usual: 50, goals: { writes: 14, perSecond: 20 } },
  async: { sketch: { serving: SERVINGS.async }, usual: 100 },
  'keda-http': { sketch: { serving: SERVINGS.kedaHttp }, usual: 100 },
};
const WARM_UP = 5;
/** This process: it applies, plays the neighbours and watches. */
const BENCH = 'bench';

/**
 * Applies many Functions at once to the three controllers on a real API server and Redis, the neighbours played at once, and
 * measures from the API server's own records. Figures of a control plane on this machine, which shares its cores.
 */
export async function benchReconcile(options: BenchOptions): Promise<unknown> {
  const world = await startControllerWorld({ podMs: 0, scalerMs: 0 });
  try {
    const system = await world.startSystem({ replicas: options.replicas });
    const bench: Bench = { ...world, system };
    const results: Record<string, unknown> = {};
    for (const mode of new Set<Mode>(['serve', 'build', ...options.modes])) await burst(bench, mode, WARM_UP);
    for (const mode of options.modes) {
      results[mode] = await burst(bench, mode, options.functions ?? FACTS[mode].usual);
    }
    const platform = 'control plane, Redis, services and played neighbours on one machine';
    return { platform, load: loadavg(), replicas: options.replicas, ...results, complaints: world.complaints };
  } finally {
    await world.stop();
  }
}

interface Bench {
  cluster: StartedCluster;
  client: KubeClient;
  system: System;
}

async function burst(bench: Bench, mode: Mode, count: number): Promise<unknown> {
  const { client, cluster, system } = bench;
  const namespace = await freshNamespace(client, mode);
  const follower = follow(client, namespace);
  await follower.reflector.ready();
  const before = usages(bench);
  const looksBefore = await countLooks(system);
  const startedAt = Date.now();
  const names = Array.from({ length: count }, (_, index) => `${mode}-${index}`);
  const applied = new Map<string, number>();
  await Promise.all(
    names.map(async (name) => {
      applied.set(name, Date.now());
      await applyFunction(client, sketchFunction({ namespace, name, ...FACTS[mode].sketch }));
    }),
  );
  await waitFor(`${count} Functions are ready`, () => follower.readyAt.size === count, 120_000);
  const elapsedMs = Date.now() - startedAt;
  await follower.reflector.stop();
  // What they do after Ready counts too.
  await untilQuiet(async () => (await readAuditLog(cluster.auditLogFile)).filter(isOurs).filter(isWrite).length);
  const after = usages(bench);
  const looksAfter = await countLooks(system);
  const delays = names
    .map((name) => (follower.readyAt.get(name) ?? 0) - (applied.get(name) ?? 0))
    .sort((a, b) => a - b);
  const functionsPerSecond = round((count * 1000) / elapsedMs);
  const writesPerFunction = perFunction(await writesIn(cluster, namespace), count);
  return {
    functions: count,
    functionsPerSecond,
    readyMs: { p50: delays[Math.floor(count * 0.5)], p99: delays[Math.min(count - 1, Math.floor(count * 0.99))] },
    writesPerFunction,
    looksPerFunction: looksPerFunction(looksBefore, looksAfter, count),
    ...cpuFigures(bench, before, after, count),
    rssMiB: Object.fromEntries(ours(bench).map((name) => [name, after.get(name)?.rssMiB])),
    replicas: system.replicas.size,
    ...judged(mode, functionsPerSecond, writesPerFunction.total),
  };
}

/** The goals of the mode, and whether they are met; nothing where there are none. */
function judged(mode: Mode, functionsPerSecond: number, writes: number) {
  const { goals } = FACTS[mode];
  if (goals === undefined) return {};
  return {
    goals: {
      writes: { atMost: goals.writes, met: writes <= goals.writes },
      functionsPerSecond: { atLeast: goals.perSecond, met: functionsPerSecond >= goals.perSecond },
    },
  };
}

/** When each Function of the namespace was first seen Ready. */
function follow(client: KubeClient, namespace: string) {
  const readyAt = new Map<string, number>();
  const reflector = new Reflector({
    client,
    kind: FUNCTION,
    namespace,
    logger: silentLogger(),
    onChange: ({ object }) => {
      const ready = (object as Function).status?.conditions?.some(
        ({ type, status }) => type === 'Ready' && status === 'True',
      );
      if (ready === true && !readyAt.has(object.metadata.name)) readyAt.set(object.metadata.name, Date.now());
    },
  });
  reflector.start();
  return { readyAt, reflector };
}

async function writesIn(cluster: StartedCluster, namespace: string): Promise<AuditEvent[]> {
  return (await readAuditLog(cluster.auditLogFile)).filter(
    (event) => isOurs(event) && isWrite(event) && event.objectRef?.namespace === namespace,
  );
}

/** Writes of one Function, in all and by the service that makes them. */
function perFunction(events: AuditEvent[], count: number) {
  const by: Record<string, Record<string, number>> = {};
  for (const event of events) {
    const service = event.user.username.split(':openfunction-').at(-1) ?? '';
    const writes = by[service] ?? {};
    const name = nameOf(event);
    by[service] = { ...writes, [name]: (writes[name] ?? 0) + 1 };
  }
  const each = Object.entries(by)
    .sort()
    .map(([service, writes]) => [service, shares(writes, count)]);
  return { total: round(events.length / count), by: Object.fromEntries(each) as Record<string, unknown> };
}

function shares(totals: Record<string, number>, count: number): Record<string, number> {
  const sorted = Object.entries(totals).sort();
  const all = sorted.reduce((sum, [, total]) => sum + total, 0);
  return Object.fromEntries([
    ['total', round(all / count)],
    ...sorted.map(([name, total]) => [name, round(total / count)]),
  ]);
}

/** E.g. `patch builders.core.openfunction.io/status`, with the code of the answer when it is not a success. */
function nameOf({ verb, objectRef, responseStatus }: AuditEvent): string {
  const refused = (responseStatus?.code ?? 0) >= 300 ? ` ${responseStatus?.code}` : '';
  const kind = [objectRef?.resource, objectRef?.apiGroup].filter(Boolean).join('.');
  return `${verb} ${[kind, objectRef?.subresource].filter(Boolean).join('/')}${refused}`;
}

function usages({ system, cluster }: Bench): Map<string, Usage> {
  const services = [...system.replicas].map(([name, each]): [string, number] => [name, each.process.pid]);
  const pids = [...services, ...Object.entries(cluster.pids), [BENCH, process.pid] as const];
  return new Map(pids.map(([name, pid]) => [name, usageOf(pid)]));
}

/** The processes that are counted as the operator: the services and their Redis. */
function ours({ system }: Bench): string[] {
  return [...system.replicas.keys(), 'redis'];
}

/** CPU of the operator and, beside it, of all else that a Function costs: its share is what better controllers could not save. */
function cpuFigures(bench: Bench, before: Map<string, Usage>, after: Map<string, Usage>, count: number) {
  const used = (name: string) => ((after.get(name)?.cpuMs ?? 0) - (before.get(name)?.cpuMs ?? 0)) / count;
  const sum = (names: readonly string[]) => names.reduce((total, name) => total + used(name), 0);
  const by = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, round(used(name))]));
  const rest = [...after.keys()].filter((name) => !ours(bench).includes(name));
  return {
    cpuMsPerFunction: round(sum(ours(bench))),
    cpuMsPerFunctionBy: by(ours(bench)),
    rest: {
      cpuMsPerFunction: round(sum(rest)),
      cpuMsPerFunctionBy: by(rest),
      /** Functions a second if the operator took no time at all. */
      atMostPerSecond: round((availableParallelism() * 1000) / sum(rest)),
    },
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
