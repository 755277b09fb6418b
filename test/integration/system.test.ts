/** The three controllers as processes, two of each, under their own identities, against the CRDs of their neighbours' owners. */
import {
  BUILDER,
  FUNCTION,
  type Function,
  HTTP_ROUTE,
  KNATIVE_SERVICE,
  type KubeObject,
  SERVICE,
  SERVING,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
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
  sketchFunction,
  startControllerWorld,
  untilCondition,
  untilQuiet,
  waitFor,
} from '@openfunction/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CHILDREN = [BUILDER, SERVING, SHIPWRIGHT_BUILD, SHIPWRIGHT_BUILD_RUN, KNATIVE_SERVICE, HTTP_ROUTE, SERVICE];

/** Status writes of one half: one when neighbours answer within 2 s (the bench counts them), more when they are slow. */
const MOST_STATUS_WRITES = 8;

describe.skipIf(!(await hasControllerWorld()))('the controllers', () => {
  let world: ControllerWorld;
  let client: KubeClient;
  let namespace: string;
  let outcome: (object: KubeObject) => Outcome | undefined = () => ({ ok: true });

  beforeAll(async () => {
    world = await startControllerWorld({ outcome: (object) => outcome(object) });
    client = world.client;
    namespace = await freshNamespace(client);
    await world.startSystem({ replicas: 2, env: { DRAIN_SECONDS: '1' } });
  });

  afterAll(async () => {
    await world?.stop();
  });

  const get = (name: string) => client.get(FUNCTION, { namespace, name }) as Promise<Function>;
  const children = async () =>
    (await Promise.all(CHILDREN.map((kind) => client.list(kind, { namespace })))).flatMap(({ items }) => items);

  it('serve an existing image, each child written once', async () => {
    const fn = await applyFunction(client, sketchFunction({ namespace, name: 'serve-only' }));
    const { status } = await untilCondition(client, fn, 'Ready', 'True');
    expect(status?.build?.state).toBe('Skipped');
    expect(status?.serving?.state).toBe('Running');
    expect(status?.url).toBe(`http://serve-only.${namespace}.ofn.io/`);
    expect(status?.addresses?.map(({ type }) => type)).toEqual(['External', 'Internal']);
    expect(status?.observedGeneration).toBe(1);
    await eventsOf('serve-only', 1);
    await settled();
    const writes = summary(await writesFor('serve-only'));
    expect(writes.filter(isNoStatus)).toEqual([
      'create events',
      'patch controllerrevisions',
      'patch httproutes',
      'patch services',
      'patch services',
      'patch servings',
    ]);
    expect(writes.length - 6).toBeLessThanOrEqual(MOST_STATUS_WRITES);
  });

  it('build and serve, with the image by its digest, each child written once', async () => {
    const fn = await applyFunction(client, sketchFunction({ namespace, name: 'build-and-serve', build: true }));
    const { status } = await untilCondition(client, fn, 'Ready', 'True');
    expect(status?.build?.state).toBe('Succeeded');
    expect(status?.revision?.imageDigest).toMatch(/^sha256:/);
    const serving = await client.get(SERVING, { namespace, name: status?.serving?.resourceRef ?? '' });
    expect(serving?.['spec'].image).toBe(`${fn.spec.image}@${status?.revision?.imageDigest}`);
    await eventsOf('build-and-serve', 2);
    await settled();
    const writes = summary(await writesFor('build-and-serve'));
    expect(writes.filter(isNoStatus)).toEqual([
      'create events',
      'create events',
      'delete builders',
      'patch builders',
      'patch buildruns',
      'patch builds',
      'patch controllerrevisions',
      'patch httproutes',
      'patch services',
      'patch services',
      'patch servings',
    ]);
    expect(writes.length - 11).toBeLessThanOrEqual(2 * MOST_STATUS_WRITES);
  });

  it('build only', async () => {
    const sketch = sketchFunction({
      namespace,
      name: 'build-only',
      build: { successfulBuildsHistoryLimit: 1 },
      serving: false,
    });
    const { status } = await untilCondition(client, await applyFunction(client, sketch), 'Ready', 'True');
    expect(status?.serving?.state).toBe('Skipped');
    expect(status?.build?.state).toBe('Succeeded');
    const builder = await client.get(BUILDER, { namespace, name: status?.build?.resourceRef ?? '' });
    expect(builder?.['status'].resourceRef['shipwright.io/buildRun']).toMatch(/-buildrun-/);
  });

  it('replace a version only when the new one is ready and the route has moved', async () => {
    const fn = await applyFunction(client, sketchFunction({ namespace, name: 'switching' }));
    const before = (await untilCondition(client, fn, 'Ready', 'True')).status?.serving?.resourceRef ?? '';
    outcome = (object) => (object.kind === 'Service' ? undefined : { ok: true });
    const changed = { ...sketchFunction({ namespace, name: 'switching' }), spec: { ...fn.spec, version: 'v2.0.0' } };
    await applyFunction(client, changed);
    const waiting = await untilCondition(client, fn, 'Ready', 'Unknown');
    const after = waiting.status?.serving?.resourceRef ?? '';
    expect(after).not.toBe(before);
    expect(waiting.status?.serving?.lastSuccessfulResourceRef).toBe(before);
    const route = await client.get(HTTP_ROUTE, { namespace, name: 'switching' });
    expect(route?.['spec'].rules[0].backendRefs[0].name).toContain(before);
    expect(await client.get(SERVING, { namespace, name: before })).toBeDefined();
    outcome = () => ({ ok: true });
    await touchKnative(after);
    await untilCondition(client, fn, 'Ready', 'True');
    await waitFor(
      'the old Serving goes',
      async () => (await client.get(SERVING, { namespace, name: before })) === undefined,
    );
    const moved = await client.get(HTTP_ROUTE, { namespace, name: 'switching' });
    expect(moved?.['spec'].rules[0].backendRefs[0].name).toContain(after);
  });

  it('keep the running version when a new build fails, and say why', async () => {
    const name = 'bad-build';
    const fn = await applyFunction(client, sketchFunction({ namespace, name, build: true }));
    const good = await untilCondition(client, fn, 'Ready', 'True');
    outcome = (object) =>
      object.kind === 'BuildRun'
        ? { ok: false, reason: 'StepFailed', message: 'step build: exit code 1: no such module' }
        : { ok: true };
    const source = { ...fn.spec.build?.srcRepo, revision: 'broken' };
    await applyFunction(client, sketchFunction({ namespace, name, build: { srcRepo: source } }));
    const { status } = await untilCondition(client, fn, 'Ready', 'False');
    outcome = () => ({ ok: true });
    const of = (type: string) => status?.conditions?.find((condition) => condition.type === type);
    expect(of('Built')).toMatchObject({
      status: 'False',
      reason: 'StepFailed',
      message: expect.stringContaining('no such module'),
    });
    expect(of('Served')?.status).toBe('True');
    expect(of('Stalled')?.status).toBe('True');
    expect(status?.serving?.resourceRef).toBe(good.status?.serving?.resourceRef);
  });

  it('put drift right', async () => {
    const fn = await applyFunction(client, sketchFunction({ namespace, name: 'drifting' }));
    const { status } = await untilCondition(client, fn, 'Ready', 'True');
    const key = { namespace, name: 'drifting' };
    await client.patch(HTTP_ROUTE, key, { spec: { hostnames: ['elsewhere.example.com'] } });
    await waitFor('hostnames are back', async () =>
      JSON.stringify((await client.get(HTTP_ROUTE, key))?.['spec'].hostnames).includes(`drifting.${namespace}.ofn.io`),
    );
    const service = { namespace, name: status?.serving?.service ?? '' };
    await client.delete(KNATIVE_SERVICE, service);
    await waitFor('the Knative Service is back', () => client.get(KNATIVE_SERVICE, service));
    await untilCondition(client, fn, 'Ready', 'True');
  });

  it('remove what spec.serving made when it is taken away', async () => {
    const name = 'unserved';
    const fn = await applyFunction(client, sketchFunction({ namespace, name, build: true }));
    await untilCondition(client, fn, 'Ready', 'True');
    await applyFunction(client, sketchFunction({ namespace, name, build: true, serving: false }));
    await waitFor('route, Service and Servings go', async () => {
      const left = (await children()).filter((child) =>
        [HTTP_ROUTE.kind, SERVICE.kind, SERVING.kind].includes(child.kind),
      );
      return !left.some(
        ({ metadata }) => metadata.name === name || metadata.labels?.['openfunction.io/function'] === name,
      );
    });
    const { status } = await untilCondition(client, fn, 'Ready', 'True');
    expect(status?.serving?.state).toBe('Skipped');
    expect([status?.route, status?.addresses, status?.url]).toEqual([undefined, undefined, undefined]);
  });

  it('refuse a name that somebody else holds, and go on when it is free', async () => {
    const key = { namespace, name: 'taken' };
    const foreign = { apiVersion: 'v1', kind: 'Service', metadata: key, spec: { ports: [{ port: 80 }] } };
    await client.create(SERVICE, foreign);
    const fn = await applyFunction(client, sketchFunction(key));
    const { status } = await untilCondition(client, fn, 'Ready', 'False');
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ reason: 'NameTaken', message: expect.stringContaining('Service "taken"') });
    await client.delete(SERVICE, key);
    await untilCondition(client, fn, 'Ready', 'True', 40_000);
  });

  it('leave nothing behind after a deletion', async () => {
    const name = 'leaving';
    const fn = await applyFunction(
      client,
      sketchFunction({ namespace, name, build: { successfulBuildsHistoryLimit: 1 } }),
    );
    await untilCondition(client, fn, 'Ready', 'True');
    const belongsToIt = ({ metadata }: KubeObject) =>
      metadata.name === name ||
      metadata.labels?.['openfunction.io/function'] === name ||
      JSON.stringify(metadata.ownerReferences).includes(name);
    expect((await children()).filter(belongsToIt).length).toBeGreaterThan(4);
    await client.delete(FUNCTION, { namespace, name });
    await waitFor('all children go', async () => (await children()).filter(belongsToIt).length === 0, 10_000);
    await waitFor('Redis forgets it', async () => !(await redisMentions(world.cluster.redisUrl, name)), 10_000);
  });

  it('write nothing at rest, and are never refused by the API server', async () => {
    const before = await settled();
    await new Promise((resolve) => setTimeout(resolve, 3_000)); // the time without writes is what is looked at
    expect((await ourWrites()).length).toBe(before);
    const refused = (await ours()).filter(({ responseStatus }) => responseStatus?.code === 403);
    expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
    expect(world.complaints).toEqual([]);
  });

  const ours = async () => (await readAuditLog(world.cluster.auditLogFile)).filter(isOurs);
  const ourWrites = async () => (await ours()).filter(isWrite);

  /** Writes about one Function: by its own name, or by the name of one of its children. */
  const writesFor = async (name: string): Promise<AuditEvent[]> => {
    const { status } = await get(name);
    const names = [name, status?.build?.resourceRef, status?.serving?.resourceRef].filter((each) => each !== undefined);
    return (await ourWrites()).filter(({ objectRef }) =>
      names.some(
        (each) =>
          objectRef?.name === each ||
          objectRef?.name?.startsWith(`${each}-`) ||
          objectRef?.name?.startsWith(`${each}.`),
      ),
    );
  };

  /** Events are written beside the status, not before it: a busy machine may take its time. */
  const eventsOf = (name: string, count: number) =>
    waitFor(`${count} events of ${name}`, async () => {
      const events = (await writesFor(name)).filter(({ objectRef }) => objectRef?.resource === 'events');
      return events.length >= count || undefined;
    });

  const settled = () => untilQuiet(async () => (await ourWrites()).length);

  const touchKnative = async (serving: string) => {
    const { items } = await client.list(KNATIVE_SERVICE, {
      namespace,
      labelSelector: `openfunction.io/serving=${serving}`,
    });
    for (const item of items)
      await client.patch(KNATIVE_SERVICE, item.metadata, { metadata: { labels: { touched: 'yes' } } });
  };
});

function summary(events: AuditEvent[]): string[] {
  return events.map(requestOf).sort();
}

function isNoStatus(write: string): boolean {
  return !write.endsWith('/status');
}

async function redisMentions(url: string, text: string): Promise<boolean> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys('*');
    const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
    return keys.some((key) => key.includes(text)) || dumps.some((dump) => dump?.includes(text) === true);
  } finally {
    redis.disconnect();
  }
}
