/** Versions of a Function on a real API server: what makes one, and going back to one. */
import {
  ANNOTATION,
  CONTROLLER_REVISION,
  FUNCTION,
  type Function,
  type FunctionVersion,
  KNATIVE_SERVICE,
  SERVICE,
  SERVING,
  type Serving,
} from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import {
  applyFunction,
  type ControllerWorld,
  freshNamespace,
  hasControllerWorld,
  isOurs,
  isWrite,
  readAuditLog,
  sketchFunction,
  startControllerWorld,
  untilCondition,
  untilQuiet,
  waitFor,
} from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe.skipIf(!(await hasControllerWorld()))('versions of a Function', () => {
  let world: ControllerWorld;
  let client: KubeClient;
  let namespace: string;

  beforeAll(async () => {
    world = await startControllerWorld();
    client = world.client;
    namespace = await freshNamespace(client);
    await world.startSystem({ replicas: 2, env: { DRAIN_SECONDS: '0' } });
  });

  afterAll(async () => {
    await world?.stop();
  });

  const get = (name: string) => client.get(FUNCTION, { namespace, name }) as Promise<Function>;

  /** The manifest of one version of a function. */
  const manifest = (name: string, number: number, serving: Record<string, unknown> = {}) =>
    sketchFunction({
      namespace,
      name,
      serving: { params: { LEVEL: `${number}` }, ...serving },
      spec: { version: `v${number}`, image: `registry.example.com/acme/${name}:v${number}` },
    });

  /** Waits until this version is served and everything before it is gone. */
  const untilServed = (name: string, number: number) =>
    waitFor(`version ${number} of ${name}`, async () => {
      const fn = await get(name);
      const servings = await servingsOf(name);
      const ready = fn.status?.conditions?.find(({ type }) => type === 'Ready');
      const isServed = activeOf(fn) === number && ready?.status === 'True' && servings.length === 1;
      if (isServed && servings[0]?.spec.params?.['LEVEL'] === `${number}`) return fn;
      throw new Error(JSON.stringify([fn.status?.versions, ready, servings.map(({ spec }) => spec.params)]));
    });

  const servingsOf = async (name: string) =>
    (await client.list(SERVING, { namespace, labelSelector: `openfunction.io/function=${name}` })).items as Serving[];

  /** Serves the versions 1 to `count` one after the other. */
  const withVersions = async (name: string, count: number) => {
    for (let number = 1; number <= count; number += 1) {
      await applyFunction(client, manifest(name, number));
      await untilServed(name, number);
    }
  };

  const rollBack = (name: string, to: string | null) =>
    client.patch(FUNCTION, { namespace, name }, { metadata: { annotations: { [ANNOTATION.rollbackTo]: to } } });

  const condition = (fn: Function, type: string) => fn.status?.conditions?.find((each) => each.type === type);

  it('are not made by limits of scaling, labels and annotations', async () => {
    const name = 'in-place';
    await withVersions(name, 1);
    const [before] = await servingsOf(name);
    const scaleOptions = { minReplicas: 1, maxReplicas: 3 };
    const more = { scaleOptions, labels: { team: 'blue' }, annotations: { 'example.com/owner': 'me' } };
    await applyFunction(client, manifest(name, 1, more));
    await waitFor('the Serving is brought up to date', async () => {
      const [serving] = await servingsOf(name);
      return serving?.spec.scaleOptions?.maxReplicas === 3 && serving.spec.labels?.['team'] === 'blue';
    });
    const fn = await untilCondition(client, { metadata: { namespace, name } }, 'Ready', 'True');
    expect((await servingsOf(name)).map(({ metadata }) => metadata.uid)).toEqual([before?.metadata.uid]);
    expect(fn.status?.versions).toHaveLength(1);
    const { items } = await client.list(KNATIVE_SERVICE, { namespace });
    expect(items.filter(({ metadata }) => metadata.name.startsWith(before?.metadata.name ?? '-'))).toHaveLength(1);
    const emptied = { scaleOptions: { minReplicas: null, maxReplicas: null }, labels: { team: null } };
    await client.patch(FUNCTION, { namespace, name }, { spec: { serving: emptied } });
    await waitFor('the Serving has lost them', async () => {
      const [serving] = await servingsOf(name);
      return serving?.spec.scaleOptions === undefined && serving?.spec.labels === undefined;
    });
  });

  it('are recorded, served again on demand, and left again', async () => {
    const name = 'three';
    await withVersions(name, 3);
    const listed = (await get(name)).status?.versions ?? [];
    expect(listed.map(({ number, version, active }) => [number, version, active])).toEqual([
      [3, 'v3', true],
      [2, 'v2', false],
      [1, 'v1', false],
    ]);
    const { items } = await client.list(CONTROLLER_REVISION, {
      namespace,
      labelSelector: `openfunction.io/function=${name}`,
    });
    expect(items.map(({ revision }) => revision as number).sort()).toEqual([1, 2, 3]);
    expect(items.every(({ metadata }) => metadata.ownerReferences?.[0]?.name === name)).toBe(true);

    await rollBack(name, '1');
    const back = await untilServed(name, 1);
    expect((await servingsOf(name))[0]?.spec.image).toBe(`registry.example.com/acme/${name}:v1`);
    expect(condition(back, 'Served')).toMatchObject({ status: 'True', reason: 'RolledBack' });

    await applyFunction(client, manifest(name, 3));
    await applyFunction(client, manifest(name, 4));
    const edited = await untilCondition(client, back, 'Ready', 'True');
    expect([activeOf(edited), condition(edited, 'Served')?.reason]).toEqual([1, 'RolledBack']);
    expect((await servingsOf(name)).map(({ spec }) => spec.params)).toEqual([{ LEVEL: '1' }]);

    await rollBack(name, null);
    const forward = await untilServed(name, 4);
    expect(condition(forward, 'Served')?.reason).toBe('Running');
    expect(forward.status?.versions?.map(({ number }) => number)).toEqual([4, 3, 2, 1]);
  });

  it('that is not kept: what runs goes on, and the condition names those that are', async () => {
    const name = 'unknown';
    await withVersions(name, 2);
    const before = await servingsOf(name);
    await rollBack(name, '7');
    const fn = await untilCondition(client, { metadata: { namespace, name } }, 'Served', 'False');
    expect(condition(fn, 'Served')).toMatchObject({
      reason: 'VersionUnknown',
      message: expect.stringContaining('there are 2, 1.'),
    });
    expect((await servingsOf(name)).map(({ metadata }) => metadata.uid)).toEqual(
      before.map(({ metadata }) => metadata.uid),
    );
    await rollBack(name, null);
    await untilCondition(client, fn, 'Ready', 'True');
  });

  it('take over while a Service of their name is somebody else’s, and are reached when it goes', async () => {
    const name = 'taken';
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name },
      spec: { ports: [{ port: 80 }] },
    };
    await client.create(SERVICE, service);
    for (let number = 1; number <= 3; number += 1) {
      await applyFunction(client, manifest(name, number));
      await waitFor(`version ${number} alone`, async () => {
        const [fn, servings] = [await get(name), await servingsOf(name)];
        const isAlone = servings.length === 1 && servings[0]?.spec.params?.['LEVEL'] === `${number}`;
        return isAlone && activeOf(fn) === number && fn.status?.serving?.resourceRef === servings[0]?.metadata.name;
      });
    }
    const fn = await get(name);
    expect(condition(fn, 'Served')).toMatchObject({ status: 'True' });
    for (const type of ['Routed', 'Ready'])
      expect(condition(fn, type)).toMatchObject({
        status: 'False',
        reason: 'NameTaken',
        message: expect.stringContaining(`Service "${name}"`),
      });
    await client.delete(SERVICE, service.metadata);
    await untilServed(name, 3);
  });

  it('cost one write more than what they are of, none at rest, and go with the Function', async () => {
    const name = 'leaving';
    await withVersions(name, 2);
    const ours = async () => (await readAuditLog(world.cluster.auditLogFile)).filter(isOurs);
    const quiet = await untilQuiet(async () => (await ours()).filter(isWrite).length);
    await new Promise((resolve) => setTimeout(resolve, 2_000)); // the time without writes is what is looked at
    const writes = (await ours()).filter(isWrite);
    expect(writes.length).toBe(quiet);
    const recorded = writes.filter(
      ({ objectRef }) => objectRef?.resource === 'controllerrevisions' && objectRef.name?.startsWith(`${name}-`),
    );
    expect(recorded.map(({ verb }) => verb)).toEqual(['patch', 'patch']);
    await client.delete(FUNCTION, { namespace, name });
    await waitFor('its versions go', async () => {
      const { items } = await client.list(CONTROLLER_REVISION, {
        namespace,
        labelSelector: `openfunction.io/function=${name}`,
      });
      return items.length === 0;
    });
    const refused = (await ours()).filter(({ responseStatus }) => responseStatus?.code === 403);
    expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
    expect(world.complaints).toEqual([]);
  });
});

function activeOf({ status }: Function): number | undefined {
  return status?.versions?.find(({ active }: FunctionVersion) => active)?.number;
}
