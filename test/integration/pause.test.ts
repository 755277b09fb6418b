/** A paused Function: one status write, and then nothing, neither for it nor for what belongs to it, until the pause ends. */
import {
  ANNOTATION,
  BUILDER,
  FUNCTION,
  type Function,
  HTTP_ROUTE,
  KNATIVE_SERVICE,
  type KubeObject,
  SERVICE,
  SERVING,
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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CHILDREN = [BUILDER, SERVING, SHIPWRIGHT_BUILD_RUN, KNATIVE_SERVICE, HTTP_ROUTE, SERVICE];

describe.skipIf(!(await hasControllerWorld()))('a paused Function', () => {
  let world: ControllerWorld;
  let client: KubeClient;
  let namespace: string;
  let outcome: (object: KubeObject) => Outcome | undefined = () => ({ ok: true });

  beforeAll(async () => {
    world = await startControllerWorld({ outcome: (object) => outcome(object) });
    client = world.client;
    namespace = await freshNamespace(client);
    await world.startSystem({ replicas: 2, env: { DRAIN_SECONDS: '0' } });
  });

  afterAll(async () => {
    await world?.stop();
  });

  it('goes on serving while nothing is written for it, and afterwards with all that has changed', async () => {
    const name = 'serving';
    const fn = await applyFunction(client, sketchFunction({ namespace, name }));
    const before = await untilCondition(client, fn, 'Ready', 'True');
    await atRest();
    const since = await mark();
    const paused = await pauseIt(name);
    const said = conditionOf(paused, 'Paused');
    await client.patch(FUNCTION, { namespace, name }, { spec: { image: 'registry.example.com/acme/other:v2' } });
    await client.delete(HTTP_ROUTE, { namespace, name });
    await client.patch(SERVING, { namespace, name: servingOf(before) }, { spec: { timeout: '7m' } });
    await fence('fence-serving');
    expect((await writesFor(name, before, since)).map(requestOf)).toEqual(['patch functions/status']);
    const meanwhile = await get(name);
    expect(conditionOf(meanwhile, 'Paused')).toEqual(said);
    expect(conditionOf(meanwhile, 'Ready')).toEqual(conditionOf(before, 'Ready'));
    expect(meanwhile.status?.observedGeneration).toBe(1);
    await resume(name);
    const after = await untilCondition(client, fn, 'Ready', 'True');
    expect(conditionOf(after, 'Paused')).toBeUndefined();
    expect(servingOf(after)).not.toBe(servingOf(before));
    const serving = await client.get(SERVING, { namespace, name: servingOf(after) });
    expect(serving?.['spec'].image).toBe('registry.example.com/acme/other:v2');
    expect(await client.get(HTTP_ROUTE, { namespace, name })).toBeDefined();
  });

  it('has its build end in its own time, and hears of it after the pause', async () => {
    const name = 'building';
    outcome = ({ kind, metadata }) =>
      kind === 'BuildRun' && metadata.labels?.['openfunction.io/function'] === name ? undefined : { ok: true };
    const sketch = { namespace, name, build: { successfulBuildsHistoryLimit: 1 } };
    const fn = await applyFunction(client, sketchFunction(sketch));
    const [run] = await waitFor('a BuildRun', async () => {
      const runs = await belongings(SHIPWRIGHT_BUILD_RUN, name);
      return runs.length > 0 && runs;
    });
    await waitFor('the build is under way', async () => (await get(name)).status?.build?.state === 'Building');
    await atRest();
    const since = await mark();
    await pauseIt(name);
    outcome = () => ({ ok: true });
    const touch = { metadata: { annotations: { touched: 'yes' } } };
    await client.patch(SHIPWRIGHT_BUILD_RUN, run?.metadata ?? { name: '' }, touch);
    await waitFor('the run ends', async () => {
      const [ended] = await belongings(SHIPWRIGHT_BUILD_RUN, name);
      return ended?.['status']?.completionTime !== undefined;
    });
    await fence('fence-building');
    expect((await writesFor(name, await get(name), since)).map(requestOf)).toEqual(['patch functions/status']);
    expect((await get(name)).status?.build?.state).toBe('Building');
    await resume(name);
    const built = await untilCondition(client, fn, 'Ready', 'True');
    expect(built.status?.build?.state).toBe('Succeeded');
    expect(await belongings(BUILDER, name)).toHaveLength(1);
    expect(await belongings(SHIPWRIGHT_BUILD_RUN, name)).toHaveLength(1);
  });

  it('can be made so, and has nothing made for it before the pause ends', async () => {
    const name = 'later';
    const sketch = sketchFunction({ namespace, name, build: true });
    sketch.metadata.annotations = { [ANNOTATION.paused]: 'true' };
    const fn = await applyFunction(client, sketch);
    await untilCondition(client, fn, 'Paused', 'True');
    await fence('fence-later');
    expect((await get(name)).status?.conditions?.map(({ type }) => type)).toEqual(['Paused']);
    for (const kind of CHILDREN) expect(await belongings(kind, name)).toEqual([]);
    await resume(name);
    await untilCondition(client, fn, 'Ready', 'True');
  });

  it('goes with all that belongs to it when it is deleted', async () => {
    const name = 'leaving';
    await untilCondition(client, await applyFunction(client, sketchFunction({ namespace, name })), 'Ready', 'True');
    await pauseIt(name);
    await client.delete(FUNCTION, { namespace, name });
    await waitFor('all children go', async () => {
      const left = await Promise.all(CHILDREN.map((kind) => belongings(kind, name)));
      return left.flat().length === 0;
    });
  });

  it('is none of any other text of the annotation', async () => {
    const sketch = sketchFunction({ namespace, name: 'spelled' });
    sketch.metadata.annotations = { [ANNOTATION.paused]: 'True' };
    const { status } = await untilCondition(client, await applyFunction(client, sketch), 'Ready', 'True');
    expect(status?.conditions?.map(({ type }) => type)).not.toContain('Paused');
  });

  it('costs no refused request', async () => {
    const refused = (await ours()).filter(({ responseStatus }) => responseStatus?.code === 403);
    expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
    expect(world.complaints).toEqual([]);
  });

  const get = async (name: string) => (await client.get(FUNCTION, { namespace, name })) as Function;

  async function pauseIt(name: string): Promise<Function> {
    const patch = { metadata: { annotations: { [ANNOTATION.paused]: 'true' } } };
    const fn = (await client.patch(FUNCTION, { namespace, name }, patch)) as Function;
    return await untilCondition(client, fn, 'Paused', 'True');
  }

  async function resume(name: string): Promise<void> {
    await client.patch(FUNCTION, { namespace, name }, { metadata: { annotations: { [ANNOTATION.paused]: null } } });
  }

  /** Another Function, built and served meanwhile: every controller has seen what came before it. */
  async function fence(name: string): Promise<void> {
    const fn = await applyFunction(client, sketchFunction({ namespace, name, build: true }));
    await untilCondition(client, fn, 'Ready', 'True');
    await atRest();
  }

  const ours = async () => (await readAuditLog(world.cluster.auditLogFile)).filter(isOurs);
  const writes = async () => (await ours()).filter(isWrite);
  const mark = async () => (await writes()).length;
  const atRest = () => untilQuiet(mark);

  /** Our writes since the mark at the Function and at all that its status names. */
  async function writesFor(name: string, { status }: Function, since: number): Promise<AuditEvent[]> {
    const names = [name, status?.build?.resourceRef, status?.serving?.resourceRef].filter((each) => each !== undefined);
    const isAbout = (text = '') =>
      names.some(
        (each) => text === each || (each !== name && text.startsWith(`${each}-`)) || text.startsWith(`${each}.`),
      );
    return (await writes()).slice(since).filter(({ objectRef }) => isAbout(objectRef?.name));
  }

  async function belongings(kind: (typeof CHILDREN)[number], name: string): Promise<KubeObject[]> {
    const { items } = await client.list(kind, { namespace });
    return items.filter(
      ({ metadata }) => metadata.labels?.['openfunction.io/function'] === name || metadata.name === name,
    );
  }
});

function conditionOf({ status }: Function, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}

function servingOf({ status }: Function): string {
  return status?.serving?.resourceRef ?? '';
}
