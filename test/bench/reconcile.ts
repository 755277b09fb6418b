import { loadavg } from 'node:os';
import { FUNCTION, type Function } from '@openfunction/api';
import { type KubeClient, Reflector } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import {
  type AuditEvent,
  applyFunction,
  freshNamespace,
  readAuditLog,
  type StartedCluster,
  type System,
  sketchFunction,
  startControllerWorld,
  untilQuiet,
  waitFor,
} from '@openfunction/testing';
import { type Usage, usageOf } from './process-usage.ts';

type Mode = 'serve' | 'build';

interface BenchOptions {
  modes: readonly Mode[];
  replicas: number;
  /** Default: 100 to serve, 50 to build and serve. */
  functions?: number;
}

const USUAL: Record<Mode, number> = { serve: 100, build: 50 };
const WARM_UP = 5;
/** What a Function may cost, and how many must become Ready in a second (design.md; on two idle cores). */
const GOALS: Record<Mode, { writes: number; perSecond?: number }> = {
  serve: { writes: 8 },
  build: { writes: 14, perSecond: 20 },
};

/**
 * Applies many Functions at once to the three controllers on a real API server and Redis, the neighbours played at once, and
 * measures from the API server's own records. Figures of a control plane on this machine, which shares its cores.
 */
export async function benchReconcile(options: BenchOptions): Promise<unknown> {
  const world = await startControllerWorld();
  try {
    const system = await world.startSystem({ replicas: options.replicas });
    const bench: Bench = { ...world, system };
    const results: Record<string, unknown> = {};
    await burst(bench, 'serve', WARM_UP);
    await burst(bench, 'build', WARM_UP);
    for (const mode of options.modes) results[mode] = await burst(bench, mode, options.functions ?? USUAL[mode]);
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
  const startedAt = Date.now();
  const names = Array.from({ length: count }, (_, index) => `${mode}-${index}`);
  const applied = new Map<string, number>();
  await Promise.all(
    names.map(async (name) => {
      applied.set(name, Date.now());
      await applyFunction(client, sketchFunction({ namespace, name, build: mode === 'build' }));
    }),
  );
  await waitFor(`${count} Functions are ready`, () => follower.readyAt.size === count, 120_000);
  const elapsedMs = Date.now() - startedAt;
  await follower.reflector.stop();
  // What they do after Ready counts too.
  await untilQuiet(async () => (await readAuditLog(cluster.auditLogFile)).filter(isOurWrite).length);
  const after = usages(bench);
  const delays = names
    .map((name) => (follower.readyAt.get(name) ?? 0) - (applied.get(name) ?? 0))
    .sort((a, b) => a - b);
  const cpuMs = [...after].reduce((sum, [name, usage]) => sum + usage.cpuMs - (before.get(name)?.cpuMs ?? 0), 0);
  const functionsPerSecond = round((count * 1000) / elapsedMs);
  const writesPerFunction = perFunction(await writesIn(cluster, namespace), count);
  return {
    functions: count,
    functionsPerSecond,
    readyMs: { p50: delays[Math.floor(count * 0.5)], p99: delays[Math.min(count - 1, Math.floor(count * 0.99))] },
    writesPerFunction,
    cpuMsPerFunction: round(cpuMs / count),
    cpuMsPerFunctionBy: Object.fromEntries(
      [...after].map(([name, usage]) => [name, round((usage.cpuMs - (before.get(name)?.cpuMs ?? 0)) / count)]),
    ),
    rssMiB: Object.fromEntries([...after].map(([name, usage]) => [name, usage.rssMiB])),
    replicas: system.replicas.size,
    goals: judged(mode, functionsPerSecond, writesPerFunction.total),
  };
}

function judged(mode: Mode, functionsPerSecond: number, writes: number) {
  const { perSecond, writes: most } = GOALS[mode];
  return {
    writes: { atMost: most, met: writes <= most },
    ...(perSecond !== undefined && {
      functionsPerSecond: { atLeast: perSecond, met: functionsPerSecond >= perSecond },
    }),
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
    (event) => isOurWrite(event) && event.objectRef?.namespace === namespace,
  );
}

function isOurWrite({ verb, user }: AuditEvent): boolean {
  return user.username.startsWith('system:serviceaccount:openfunction:') && !['get', 'list', 'watch'].includes(verb);
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
  const services = [...system.replicas].map(([name, { process }]) => [name, usageOf(process.pid)] as const);
  return new Map([...services, ['redis', usageOf(cluster.redisPid)]]);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
