/**
 * Functions whose builds all fail: each is built once, then nothing is written, also by controllers that start anew; one that is
 * mended is built at once, and it alone. `FAILING_FUNCTIONS` (100) and `FAILING_SECONDS` (30, how long nothing may happen) ask for more.
 */
import { FUNCTION, type Function, type KubeObject } from '@openfunction/api';
import { type KubeClient, Reflector } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import {
  type AuditEvent,
  applyFunction,
  type ControllerWorld,
  freshNamespace,
  hasControllerWorld,
  isOurs,
  isWrite,
  type Outcome,
  readAuditLog,
  requestOf,
  type System,
  sketchFunction,
  startControllerWorld,
  untilCondition,
  untilQuiet,
  waitFor,
} from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QueuedKeys } from './queued-keys.ts';

const COUNT = Number(process.env['FAILING_FUNCTIONS'] ?? 100);
const SECONDS = Number(process.env['FAILING_SECONDS'] ?? 30);
const MOST_WRITES_PER_SECOND = 0.1;
const AT_ONCE = 25;
/** Far less than any retry or resync takes: only a change of the Function itself is answered so soon. */
const REBUILT_WITHIN_MS = 2_000;
const PATIENCE_MS = 60_000 + COUNT * 500;

describe.skipIf(!(await hasControllerWorld()))(`${COUNT} Functions whose builds all fail`, () => {
  let world: ControllerWorld;
  let client: KubeClient;
  let system: System;
  let queued: QueuedKeys;
  /** All but one live here, so that what is written for them is told by its namespace. */
  let crowd: string;
  let alone: string;
  let mended = false;

  beforeAll(async () => {
    world = await startControllerWorld({ outcome: (object) => (mended ? { ok: true } : failed(object)) });
    client = world.client;
    queued = new QueuedKeys(world.cluster.redisUrl);
    system = await world.startSystem({ replicas: 1 });
    crowd = await freshNamespace(client, 'crowd');
    alone = await freshNamespace(client, 'alone');
    await applyFunction(client, sketchFunction({ namespace: alone, name: 'one', build: true }));
    await applyCrowd();
  }, PATIENCE_MS);

  afterAll(async () => {
    queued?.close();
    await world?.stop();
  });

  it('are built once each, and say what failed', { timeout: PATIENCE_MS }, async () => {
    const failures = await untilAllFailed();
    expect(failures.size).toBe(COUNT - 1);
    const { status } = await untilCondition(client, one(), 'Ready', 'False', PATIENCE_MS);
    const of = (type: string) => status?.conditions?.find((condition) => condition.type === type);
    expect(of('Built')?.message).toContain('no such module');
    expect(of('Stalled')?.status).toBe('True');
    await settled();
    expect((await runsMade()).length).toBe(COUNT);
  });

  it(`cost next to nothing for ${SECONDS} s`, { timeout: PATIENCE_MS + SECONDS * 1_000 }, async () => {
    const before = await settled();
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000)); // the time without writes is what is looked at
    const since = (await ourWrites()).slice(before);
    console.log(JSON.stringify({ functions: COUNT, seconds: SECONDS, writes: since.map(describeWrite) }));
    expect(since.length / SECONDS).toBeLessThanOrEqual(MOST_WRITES_PER_SECOND);
  });

  it('are not built again by controllers that start anew and know nothing', { timeout: PATIENCE_MS }, async () => {
    const before = await settled();
    system = await world.startSystem({ replicas: 1 });
    await waitFor('each was looked at', lookedAtAll, PATIENCE_MS);
    await settled();
    expect((await ourWrites()).slice(before).map(describeWrite)).toEqual([]);
  });

  it('are built at once when they are mended, and no other is', { timeout: PATIENCE_MS }, async () => {
    const before = await settled();
    mended = true;
    const source = { ...one().spec.build?.srcRepo, revision: 'mended' };
    const changedAt = Date.now();
    await applyFunction(client, sketchFunction({ namespace: alone, name: 'one', build: { srcRepo: source } }));
    await untilCondition(client, one(), 'Ready', 'True', PATIENCE_MS);
    await settled();
    const since = (await ourWrites()).slice(before);
    const runs = since.filter(isMadeRun);
    const tookMs = Date.parse(runs[0]?.requestReceivedTimestamp ?? '') - changedAt;
    console.log(JSON.stringify({ functions: COUNT, rebuiltAfterMs: tookMs, writes: since.length }));
    expect(runs.map(({ objectRef }) => objectRef?.namespace)).toEqual([alone]);
    expect(tookMs).toBeLessThanOrEqual(REBUILT_WITHIN_MS);
    expect(since.filter(({ objectRef }) => objectRef?.namespace === crowd).map(describeWrite)).toEqual([]);
    expect(world.complaints).toEqual([]);
  });

  function one(): Function {
    return sketchFunction({ namespace: alone, name: 'one', build: true });
  }

  async function applyCrowd(): Promise<void> {
    const names = Array.from({ length: COUNT - 1 }, (_, index) => `failing-${index}`);
    while (names.length > 0) {
      const some = names.splice(0, AT_ONCE);
      await Promise.all(
        some.map((name) => applyFunction(client, sketchFunction({ namespace: crowd, name, build: true }))),
      );
    }
  }

  /** Names of the crowd whose status says that the build failed. */
  async function untilAllFailed(): Promise<Set<string>> {
    const failures = new Set<string>();
    const onChange = ({ object }: { object: KubeObject }) => {
      if ((object as Function).status?.build?.state === 'Failed') failures.add(object.metadata.name);
    };
    const reflector = new Reflector({ client, kind: FUNCTION, namespace: crowd, logger: silentLogger(), onChange });
    reflector.start();
    try {
      await waitFor('all have failed', () => failures.size >= COUNT - 1, PATIENCE_MS);
      return failures;
    } finally {
      await reflector.stop();
    }
  }

  /** New controllers queue every object of their first lists, and have worked it off when no key is left. */
  async function lookedAtAll(): Promise<boolean> {
    if ((await queued.seen(system.queuePrefix, 'function')) < COUNT) return false;
    return !(await queued.all(system.queuePrefix)).some((key) => key.includes(':de:'));
  }

  async function ourWrites(): Promise<AuditEvent[]> {
    return (await readAuditLog(world.cluster.auditLogFile)).filter(isOurs).filter(isWrite);
  }

  async function runsMade(): Promise<AuditEvent[]> {
    return (await ourWrites()).filter(isMadeRun);
  }

  function settled(): Promise<number> {
    return untilQuiet(async () => (await ourWrites()).length, PATIENCE_MS);
  }
});

/** As Shipwright tells of a step that ended badly. */
function failed({ kind, metadata }: KubeObject): Outcome {
  if (kind !== 'BuildRun') return { ok: true };
  const pod = `${metadata.name}-pod`;
  const message = `"step-build" exited with code 1: for logs run: kubectl -n ${metadata.namespace} logs ${pod} -c step-build`;
  return {
    ok: false,
    reason: 'Failed',
    message,
    details: {
      reason: 'BuildFailed',
      message: 'building\nerror: no such module',
      location: { pod, container: 'step-build' },
    },
  };
}

function isMadeRun({ objectRef, responseStatus }: AuditEvent): boolean {
  return objectRef?.resource === 'buildruns' && responseStatus?.code === 201;
}

function describeWrite(event: AuditEvent): string {
  const { objectRef, user } = event;
  return `${user.username.split(':').at(-1)} ${requestOf(event)} ${objectRef?.namespace}/${objectRef?.name}`;
}
