/**
 * The function-controller with functions that Knative does not run, against the CRDs of the Gateway API and of the KEDA HTTP add-on. The
 * test plays the serving-controller.
 */
import {
  ANNOTATION,
  FUNCTION,
  type Function,
  HTTP_ROUTE,
  HTTP_SCALED_OBJECT,
  KEDA_INTERCEPTOR,
  NAMESPACE,
  ownerReference,
  REFERENCE_GRANT,
  SERVICE,
  SERVING,
  type Serving,
  withheldHost,
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

const KEDA = 'keda';
describe.skipIf(!(await hasControllerWorld()))('functions that Knative does not run', () => {
  let world: ControllerWorld;
  let client: KubeClient;
  let namespace: string;

  beforeAll(async () => {
    world = await startControllerWorld();
    client = world.client;
    const keda = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: KEDA } };
    await client.apply(NAMESPACE, keda, { fieldManager: 'test', force: true });
    namespace = await freshNamespace(client);
    await world.startSystem({ replicas: 2, services: ['function-controller'], env: { DRAIN_SECONDS: '2' } });
  });

  afterAll(async () => {
    await world?.stop();
  });

  const get = (name: string) => client.get(FUNCTION, { namespace, name }) as Promise<Function>;
  const route = (name: string) => client.get(HTTP_ROUTE, { namespace, name });
  const service = (name: string) => client.get(SERVICE, { namespace, name });
  const grant = () => client.get(REFERENCE_GRANT, { namespace: KEDA, name: `openfunction-${namespace}` });

  const servingsOf = async (name: string) =>
    (await client.list(SERVING, { namespace, labelSelector: `openfunction.io/function=${name}` })).items as Serving[];

  /** The Serving of this version, as soon as it is there. */
  const servingOf = (name: string, version: string) =>
    waitFor(`Serving of ${name} ${version}`, async () =>
      (await servingsOf(name)).find(({ spec }) => spec.version === version),
    );

  const sketch = (name: string, version: string, serving: Record<string, unknown>) =>
    sketchFunction({ namespace, name, serving, spec: { version } });

  /** What the serving-controller writes: the HTTPScaledObject of a Serving, with the hosts that it may have. */
  const intercept = async ({ metadata }: Serving) => {
    const live = (await client.get(SERVING, metadata)) as Serving;
    const fn = live.metadata.labels?.['openfunction.io/function'];
    const isWithheld = live.metadata.annotations?.[ANNOTATION.hosts] === 'withheld';
    const hosts = [`${fn}.${namespace}.ofn.io`, `${fn}.${namespace}.svc.cluster.local`];
    const object = {
      apiVersion: 'http.keda.sh/v1alpha1',
      kind: 'HTTPScaledObject',
      metadata: { name: `${metadata.name}-scaler`, namespace, ownerReferences: [ownerReference(live)] },
      spec: {
        hosts: isWithheld ? [withheldHost(live, 'cluster.local')] : hosts,
        scaleTargetRef: { name: 'a', service: 'a', port: 80 },
      },
    };
    await client.apply(HTTP_SCALED_OBJECT, object, { fieldManager: 'serving-controller', force: true });
  };

  const run = async ({ metadata }: Serving) => {
    const name = `${metadata.name}-service`;
    const status = {
      phase: 'Serving',
      state: 'Running',
      reason: 'Running',
      message: 'Running',
      url: name,
      service: name,
    };
    await client.patch(SERVING, metadata, { status }, { subresource: 'status', fieldManager: 'serving-controller' });
  };

  const isWithheld = async ({ metadata }: Serving) =>
    (await client.get(SERVING, metadata))?.metadata.annotations?.[ANNOTATION.hosts] === 'withheld';

  const scaled = {
    triggers: { http: { port: 8080, engine: 'keda' } },
    scaleOptions: { keda: { httpScaledObject: {} } },
  };

  it('are routed through the add-on, which changes versions without a gap, and whose leave goes with the last of them', {
    timeout: 120_000,
  }, async () => {
    const name = 'scaled';
    const fn = await applyFunction(client, sketch(name, 'v1', scaled));
    const first = await servingOf(name, 'v1');
    await run(first);
    await untilCondition(client, fn, 'Routed', 'Unknown');
    expect(await route(name)).toBeUndefined();
    await intercept(first);
    const { status } = await untilCondition(client, fn, 'Ready', 'True');
    expect(status?.url).toBe(`http://${name}.${namespace}.ofn.io/`);
    const [rule] = (await route(name))?.['spec'].rules ?? [];
    expect(rule.backendRefs).toMatchObject([{ name: KEDA_INTERCEPTOR.name, namespace: KEDA, port: 8080 }]);
    expect((await grant())?.['spec'].from).toEqual([
      { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace },
    ]);

    await applyFunction(client, sketch(name, 'v2', scaled));
    const second = await servingOf(name, 'v2');
    expect(await isWithheld(second)).toBe(true);
    await intercept(second);
    await run(second);
    await waitFor('the new one may answer', async () => !(await isWithheld(second)));
    expect(await isWithheld(first)).toBe(false);
    await intercept(second);
    await waitFor('the old one may not', () => isWithheld(first));
    await intercept(first);
    const handedAt = Date.now();
    await waitFor('the old one goes', async () => (await client.get(SERVING, first.metadata)) === undefined);
    expect(Date.now() - handedAt).toBeGreaterThan(900); // of 2 s, as the API server keeps whole seconds
    await untilCondition(client, fn, 'Ready', 'True');

    await client.delete(FUNCTION, { namespace, name });
    await waitFor('the grant goes', async () => (await grant()) === undefined, 45_000);
  });

  it('say that a grant of their name is somebody else’s, and go on when it is gone', async () => {
    const name = 'foreign-grant';
    const foreign = {
      apiVersion: client.apiVersion(REFERENCE_GRANT),
      kind: 'ReferenceGrant',
      metadata: { name: `openfunction-${namespace}`, namespace: KEDA },
      spec: {
        from: [{ group: 'example.com', kind: 'Other', namespace: 'other' }],
        to: [{ group: '', kind: 'Service' }],
      },
    };
    await client.create(REFERENCE_GRANT, foreign);
    const fn = await applyFunction(client, sketch(name, 'v1', scaled));
    const serving = await servingOf(name, 'v1');
    await intercept(serving);
    await run(serving);
    const refused = await untilCondition(client, fn, 'Routed', 'False');
    expect(refused.status?.conditions?.find(({ type }) => type === 'Routed')?.reason).toBe('NameTaken');
    expect((await grant())?.['spec'].from[0].group).toBe('example.com');
    await client.delete(REFERENCE_GRANT, { namespace: KEDA, name: foreign.metadata.name });
    await untilCondition(client, fn, 'Ready', 'True');
    expect((await grant())?.['spec'].from[0].namespace).toBe(namespace);
  });

  it('have a Service for events that follows the version that runs, and is made anew when the triggers change', async () => {
    const name = 'events';
    const events = { triggers: { dapr: [{ name: 'orders', type: 'bindings.kafka' }] } };
    const fn = await applyFunction(client, sketch(name, 'v1', events));
    const first = await servingOf(name, 'v1');
    await run(first);
    const ready = await untilCondition(client, fn, 'Ready', 'True');
    expect([ready.status?.addresses, ready.status?.route]).toEqual([undefined, undefined]);
    expect((await service(name))?.['spec']).toMatchObject({
      clusterIP: 'None',
      selector: { 'openfunction.io/serving': first.metadata.name },
    });
    await applyFunction(client, sketch(name, 'v2', events));
    const second = await servingOf(name, 'v2');
    expect((await service(name))?.['spec'].selector).toEqual({ 'openfunction.io/serving': first.metadata.name });
    await run(second);
    await waitFor('the Service follows', async () => {
      const { selector } = (await service(name))?.['spec'] ?? {};
      return selector?.['openfunction.io/serving'] === second.metadata.name;
    });
    await waitFor('the old one goes', async () => (await servingsOf(name)).length === 1);

    const http = { triggers: { http: { port: 8080, engine: 'keda' } } };
    await applyFunction(client, sketch(name, 'v3', http));
    const third = await servingOf(name, 'v3');
    await run(third);
    await waitFor(
      'the Service leads to the gateway',
      async () => (await service(name))?.['spec'].type === 'ExternalName',
    );
    await untilCondition(client, fn, 'Ready', 'True');
    const [rule] = (await route(name))?.['spec'].rules ?? [];
    expect(rule.backendRefs).toMatchObject([{ name: `${third.metadata.name}-service`, port: 80 }]);
    await waitFor('the event-driven one goes', async () => (await servingsOf(name)).length === 1);

    await applyFunction(client, sketch(name, 'v4', events));
    await run(await servingOf(name, 'v4'));
    await waitFor('the Service is for events again', async () => (await service(name))?.['spec'].clusterIP === 'None');
    const back = await untilCondition(client, fn, 'Ready', 'True');
    expect([await route(name), back.status?.url]).toEqual([undefined, undefined]);
  });

  it('cost nothing at rest, and ask for nothing that is not allowed', async () => {
    const ours = async () => (await readAuditLog(world.cluster.auditLogFile)).filter(isOurs);
    await untilQuiet(async () => (await ours()).filter(isWrite).length);
    const refused = (await ours()).filter(({ responseStatus }) => responseStatus?.code === 403);
    expect(
      refused.map(({ verb, requestURI }: { verb: string; requestURI: string }) => `${verb} ${requestURI}`),
    ).toEqual([]);
    expect(world.complaints).toEqual([]);
    expect((await get('events')).status?.serving?.state).toBe('Running');
  });
});
