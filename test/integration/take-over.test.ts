/** Objects as the Go operator leaves them (controllers.md), met by our controllers: nothing is built again, and no Serving made. */
import {
  BUILDER,
  EVENT,
  FUNCTION,
  type Function,
  type FunctionStatus,
  GO_OPERATOR,
  HTTP_ROUTE,
  type Kind,
  KNATIVE_SERVICE,
  type KubeObject,
  LEASE,
  ownerReference,
  RESOURCE_REF,
  SERVING,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import { type KubeClient, Reflector } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import {
  applyFunction,
  type ControllerWorld,
  freshNamespace,
  hasControllerWorld,
  isOurs,
  isWrite,
  type Outcome,
  readAuditLog,
  sketchFunction,
  startControllerWorld,
  untilCondition,
  untilQuiet,
  waitFor,
} from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const IMAGE = 'repo/img:v1';
const DIGEST = `sha256:${'0'.repeat(64)}`;
const BUILD = { builder: 'b', srcRepo: { url: 'https://x' } };
/** What v1.2 computed for IMAGE and BUILD (appendix A), and what it may have for a serving. */
const HASH = { build: '9662436686479197285', serving: '16094209176066618941' };
const SERVE = {
  triggers: { http: { port: 8080 } },
  timeout: '60s',
  template: { containers: [{ name: 'function', resources: { limits: { cpu: '1000m' } } }] },
};
/** The same as Go's client writes it. */
const GO_SERVE = {
  ...SERVE,
  timeout: '1m0s',
  template: { containers: [{ name: 'function', resources: { limits: { cpu: '1' } } }] },
  scaleOptions: {},
};

/** Of the Function `written`: what that operator wrote, and whose it is then. */
const WRITTEN: [Kind, string, string][] = [
  [BUILDER, 'builder-written', 'openfunction-function-controller'],
  [SERVING, 'serving-written', 'openfunction-function-controller'],
  [HTTP_ROUTE, 'written', 'openfunction-function-controller'],
  [SHIPWRIGHT_BUILD_RUN, 'builder-written-buildrun-x1y2z', 'openfunction-build-controller'],
  [KNATIVE_SERVICE, 'serving-written-ksvc-5w8rd', 'openfunction-serving-controller'],
];
/** Its workload; where words differ from ours, Knative would see a change of a revision that exists. */
const KSVC = 'serving-written-ksvc-5w8rd';
const TEMPLATE = {
  metadata: { name: `${KSVC}-latest`, annotations: { 'dapr.io/enabled': 'false' } },
  spec: {
    containers: [{ name: 'function', image: `${IMAGE}@${DIGEST}`, ports: [{ containerPort: 8080, protocol: 'TCP' }] }],
  },
};

describe.skipIf(!(await hasControllerWorld()))('what the Go operator left', () => {
  let world: ControllerWorld;
  let client: KubeClient;
  let namespace: string;
  let history: Reflector;
  const versions: Function[] = [];
  let outcome: (object: KubeObject) => Outcome | undefined = ({ kind }) =>
    kind === 'BuildRun' ? undefined : { ok: true };

  beforeAll(async () => {
    world = await startControllerWorld({ outcome: (object) => outcome(object) });
    client = world.client;
    namespace = await freshNamespace(client);
    await leave('served', 'Succeeded');
    await leave('building', 'Building');
    await leave('changed', 'Succeeded', { ...BUILD, env: { ADDED: 'since' } });
    await leave('unnamed', 'Building', BUILD, {});
    await leave('written', 'Building');
    await leaveMore('written');
    history = new Reflector({
      client,
      kind: FUNCTION,
      logger: silentLogger(),
      onChange: ({ object }) => versions.push(object as Function),
    });
    history.start();
    await history.ready();
    await world.startSystem({ replicas: 2 });
  });

  afterAll(async () => {
    await history?.stop();
    await world?.stop();
  });

  it('is taken over when it is what is wanted: hashes rewritten in one write, no Builder, no Serving', async () => {
    const { status } = await untilTakenOver('served');
    expect(status).toMatchObject({
      build: { state: 'Succeeded', resourceRef: 'builder-served' },
      serving: { resourceRef: 'serving-served', lastSuccessfulResourceRef: 'serving-served' },
      revision: { imageDigest: DIGEST },
    });
    expect(await names(BUILDER, 'served')).toEqual([]);
    expect(await names(SERVING, 'served')).toEqual(['serving-served']);
  });

  it('is followed when it is still being built: no Builder, no BuildRun', async () => {
    await untilTakenOver('building');
    expect(await names(BUILDER, 'building')).toEqual(['builder-building']);
    expect(await names(SHIPWRIGHT_BUILD_RUN, 'building')).toEqual(['builder-building-buildrun-x1y2z']);
    outcome = () => ({ ok: true });
    const run = { namespace, name: 'builder-building-buildrun-x1y2z' };
    await client.patch(SHIPWRIGHT_BUILD_RUN, run, { metadata: { annotations: { touched: 'yes' } } });
    const built = await waitFor('the build ends', async () => {
      const fn = await get('building');
      return fn.status?.build?.state === 'Succeeded' ? fn : undefined;
    });
    expect(built.status?.build?.resourceRef).toBe('builder-building');
    expect(built.status?.revision?.imageDigest).toMatch(/^sha256:/);
  });

  it('is followed, too, when that operator made the BuildRun and had no time to record it', async () => {
    await untilTakenOver('unnamed');
    const run = { namespace, name: 'builder-unnamed-buildrun-x1y2z' };
    await waitFor('it is recorded', async () => {
      const builder = await client.get(BUILDER, { namespace, name: 'builder-unnamed' });
      return builder?.['status']?.resourceRef?.['shipwright.io/buildRun'] === run.name;
    });
    expect(await names(SHIPWRIGHT_BUILD_RUN, 'unnamed')).toEqual([run.name]);
    expect(await names(SHIPWRIGHT_BUILD, 'unnamed')).toEqual(['builder-unnamed-build-x1y2z']);
    outcome = () => ({ ok: true });
    await client.patch(SHIPWRIGHT_BUILD_RUN, run, { metadata: { annotations: { touched: 'yes' } } });
    await waitFor('the build ends', async () => (await get('unnamed')).status?.build?.state === 'Succeeded');
  });

  it('is built once more when something else is wanted by now, while the old version stays', async () => {
    const [name, ...more] = await waitFor('a Builder', async () => {
      const made = await names(BUILDER, 'changed');
      return made.length > 0 ? made : undefined;
    });
    expect([name, more]).toEqual([expect.stringMatching(/^builder-[0-9a-z]{10}$/), []]);
    expect(await names(SERVING, 'changed')).toContain('serving-changed');
  });

  it('keeps no field that only that operator wanted, and every field of others', async () => {
    await untilTakenOver('written');
    for (const [kind, name, ours] of WRITTEN) {
      const live = await waitFor(`${kind.kind} ${name} is ours`, async () => {
        const object = await client.get(kind, { namespace, name });
        return managersOf(object).includes(`Apply ${ours}`) ? object : undefined;
      });
      expect({ name, annotations: live.metadata.annotations }).toEqual({ name, annotations: { theirs: 'stays' } });
      expect(managersOf(live).filter((entry) => entry.startsWith('Update openfunction'))).toEqual([]);
      expect(managersOf(live)).toContain('Update somebody');
    }
    const workload = await client.get(KNATIVE_SERVICE, { namespace, name: KSVC });
    expect(workload).toMatchObject({ metadata: { generation: 1 }, spec: { template: TEMPLATE } });
    const route = await client.get(HTTP_ROUTE, { namespace, name: 'written' });
    expect(route?.['spec'].hostnames).not.toContain('old.example.com');
    expect(await names(SERVING, 'written')).toEqual(['serving-written']);
    expect(await names(SHIPWRIGHT_BUILD_RUN, 'written')).toEqual(['builder-written-buildrun-x1y2z']);
  });

  it('waits while that operator renews its lease, says so, and goes on when it ends', async () => {
    const operator = playLeader(client);
    try {
      await operator.lead('go_1');
      await world.startSystem({ replicas: 2 });
      const first = await applyFunction(client, sketchFunction({ namespace, name: 'first' }));
      await untilSaid('go_1');
      expect(await writesAbout('first')).toEqual([]);
      await operator.resign();
      await untilCondition(client, first, 'Ready', 'True');
      await operator.lead('go_2');
      await untilSaid('go_2');
      const second = await applyFunction(client, sketchFunction({ namespace, name: 'second' }));
      await new Promise((resolve) => setTimeout(resolve, 3_000)); // the time without writes is what is looked at
      expect(await writesAbout('second')).toEqual([]);
      operator.crash();
      await untilCondition(client, second, 'Ready', 'True', 20_000);
    } finally {
      operator.crash();
    }
  });

  /** Each of our three controllers has told at the lease that it waits for this leader; and none writes any more. */
  async function untilSaid(leader: string): Promise<void> {
    await waitFor(`all wait for ${leader}`, async () => {
      const { items } = await client.list(EVENT, { namespace: 'openfunction' });
      const said = items.filter(({ reason, note }) => reason === 'GoOperatorActive' && note.includes(leader));
      return said.length === 3;
    });
    await untilQuiet(async () => (await writesAbout('')).length);
  }

  async function writesAbout(name: string): Promise<string[]> {
    const events = await readAuditLog(world.cluster.auditLogFile);
    return events
      .filter((event) => isOurs(event) && isWrite(event))
      .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
      .filter((write) => write.includes(name));
  }

  /** Waits for hashes of ours; no version of the object may have had one of each kind. */
  async function untilTakenOver(name: string): Promise<Function> {
    const fn = await waitFor(`${name} is taken over`, async () => {
      const live = await get(name);
      return hashesOf(live).every((hash) => hash?.startsWith('v1:')) ? live : undefined;
    });
    const seen = versions.filter(({ metadata }) => metadata.name === name).map(hashesOf);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((hashes) => new Set(hashes.map((hash) => hash?.startsWith('v1:'))).size > 1)).toEqual([]);
    return fn;
  }

  async function get(name: string): Promise<Function> {
    return (await client.get(FUNCTION, { namespace, name })) as Function;
  }

  /** Names of the objects of a kind that bear the Function's name in theirs, or its label. */
  async function names(kind: Kind, fn: string): Promise<string[]> {
    const { items } = await client.list(kind, { namespace });
    const own = ({ metadata }: KubeObject) =>
      metadata.labels?.['openfunction.io/function'] === fn || metadata.name.includes(`-${fn}`);
    return items.filter(own).map(({ metadata }) => metadata.name);
  }

  /** A Function with its children, as v1.2 leaves them. A Builder that succeeded is gone by default. */
  async function leave(
    name: string,
    state: 'Succeeded' | 'Building',
    wanted: object = BUILD,
    builder?: object,
  ): Promise<void> {
    const sketch = sketchFunction({ namespace, name, spec: { image: IMAGE, build: wanted }, serving: SERVE });
    const fn = await applyFunction(client, sketch);
    await leaveServing(fn);
    if (state === 'Building') await leaveBuilder(fn, builder);
    const serving = `serving-${name}`;
    await writeStatus(FUNCTION, fn, {
      build: { state, resourceRef: `builder-${name}`, resourceHash: HASH.build },
      serving: {
        state: 'Running',
        resourceRef: serving,
        lastSuccessfulResourceRef: serving,
        resourceHash: HASH.serving,
        service: `${serving}-ksvc-5w8rd`,
      },
      revision: { imageDigest: DIGEST },
    } satisfies FunctionStatus);
  }

  async function leaveServing(fn: Function): Promise<void> {
    const spec = { ...GO_SERVE, version: fn.spec.version, image: `${IMAGE}@${DIGEST}` };
    const serving = await child(SERVING, fn, `serving-${fn.metadata.name}`, spec);
    await writeStatus(SERVING, serving, { phase: 'Serving', state: 'Running' });
  }

  /** A workload and a route as well, and at each object something that only that operator wanted, and something of somebody else. */
  async function leaveMore(name: string): Promise<void> {
    const fn = await get(name);
    const serving = (await client.get(SERVING, { namespace, name: `serving-${name}` })) as KubeObject;
    await child(KNATIVE_SERVICE, serving, KSVC, { template: TEMPLATE });
    const resourceRef = { [RESOURCE_REF.knativeService]: KSVC };
    await writeStatus(SERVING, serving, { phase: 'Serving', state: 'Running', resourceRef, service: KSVC });
    await child(HTTP_ROUTE, fn, name, { hostnames: ['old.example.com'] });
    for (const [kind, object] of WRITTEN) {
      const key = { namespace, name: object };
      const annotate = (annotations: object) => ({ metadata: { annotations } });
      await client.patch(kind, key, annotate({ copied: 'by v1.2' }), { fieldManager: 'openfunction' });
      await client.patch(kind, key, annotate({ theirs: 'stays' }), { fieldManager: 'somebody' });
    }
  }

  async function leaveBuilder(fn: Function, status?: object): Promise<void> {
    const builder = await child(BUILDER, fn, `builder-${fn.metadata.name}`, { ...fn.spec.build, image: IMAGE });
    const [build, run] = ['build', 'buildrun'].map((part) => `${builder.metadata.name}-${part}-x1y2z`);
    const strategy = { name: 'openfunction', kind: 'ClusterBuildStrategy' };
    const source = { type: 'Git', git: { url: 'https://x' } };
    await child(SHIPWRIGHT_BUILD, builder, build ?? '', { source, strategy, output: { image: IMAGE } });
    await child(SHIPWRIGHT_BUILD_RUN, builder, run ?? '', { build: { name: build } });
    const resourceRef = { [RESOURCE_REF.shipwrightBuild]: build, [RESOURCE_REF.shipwrightBuildRun]: run };
    await writeStatus(BUILDER, builder, status ?? { phase: 'Build', state: 'Building', resourceRef });
  }

  async function child(kind: Kind, parent: KubeObject, name: string, spec: object): Promise<KubeObject> {
    const labels = { [`openfunction.io/${parent.kind.toLowerCase()}`]: parent.metadata.name };
    const metadata = { namespace, name, labels, ownerReferences: [ownerReference(parent)] };
    const apiVersion = client.apiVersion(kind);
    return await client.create(kind, { apiVersion, kind: kind.kind, metadata, spec }, { fieldManager: 'openfunction' });
  }

  async function writeStatus(kind: Kind, { metadata }: KubeObject, status: object): Promise<void> {
    await client.patch(kind, metadata, { status }, { subresource: 'status', fieldManager: 'openfunction' });
  }
});

function hashesOf({ status }: Function): (string | undefined)[] {
  return [status?.build?.resourceHash, status?.serving?.resourceHash];
}

function managersOf(object: KubeObject | undefined): string[] {
  const entries = (object?.metadata.managedFields ?? []).filter(({ subresource }) => subresource === undefined);
  return entries.map(({ operation, manager }) => `${operation} ${manager}`);
}

/** The Go operator as its Lease shows it (client-go's leader election), with a lease of 2 s. Its clock is an hour late. */
function playLeader(client: KubeClient) {
  const key = { namespace: 'openfunction', name: GO_OPERATOR.lease };
  let timer: NodeJS.Timeout | undefined;
  const write = async (holderIdentity: string) => {
    const renewTime = new Date(Date.now() - 3_600_000).toISOString().replace('Z', '000Z');
    const spec = { holderIdentity, leaseDurationSeconds: 2, renewTime };
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key, spec };
    await client.apply(LEASE, lease, { fieldManager: 'go', force: true });
  };
  const crash = () => clearInterval(timer);
  return {
    crash,
    lead: async (holder: string) => {
      await write(holder);
      timer = setInterval(() => void write(holder), 500);
    },
    resign: async () => {
      crash();
      await write('');
    },
  };
}
