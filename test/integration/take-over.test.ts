/** Objects as the Go operator leaves them (controllers.md), met by our controllers: nothing is built again, and no Serving made. */
import {
  BUILDER,
  FUNCTION,
  type Function,
  type FunctionStatus,
  type Kind,
  type KubeObject,
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
  type Outcome,
  sketchFunction,
  startControllerWorld,
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

  it('is built once more when something else is wanted by now, while the old version stays', async () => {
    const [name, ...more] = await waitFor('a Builder', async () => {
      const made = await names(BUILDER, 'changed');
      return made.length > 0 ? made : undefined;
    });
    expect([name, more]).toEqual([expect.stringMatching(/^builder-[0-9a-z]{10}$/), []]);
    expect(await names(SERVING, 'changed')).toContain('serving-changed');
  });

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
  async function leave(name: string, state: 'Succeeded' | 'Building', wanted: object = BUILD): Promise<void> {
    const sketch = sketchFunction({ namespace, name, spec: { image: IMAGE, build: wanted }, serving: SERVE });
    const fn = await applyFunction(client, sketch);
    await leaveServing(fn);
    if (state === 'Building') await leaveBuilder(fn);
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

  async function leaveBuilder(fn: Function): Promise<void> {
    const builder = await child(BUILDER, fn, `builder-${fn.metadata.name}`, { ...fn.spec.build, image: IMAGE });
    const [build, run] = ['build', 'buildrun'].map((part) => `${builder.metadata.name}-${part}-x1y2z`);
    const strategy = { name: 'openfunction', kind: 'ClusterBuildStrategy' };
    const source = { type: 'Git', git: { url: 'https://x' } };
    await child(SHIPWRIGHT_BUILD, builder, build ?? '', { source, strategy, output: { image: IMAGE } });
    await child(SHIPWRIGHT_BUILD_RUN, builder, run ?? '', { build: { name: build } });
    const resourceRef = { [RESOURCE_REF.shipwrightBuild]: build, [RESOURCE_REF.shipwrightBuildRun]: run };
    await writeStatus(BUILDER, builder, { phase: 'Build', state: 'Building', resourceRef });
  }

  async function child(kind: Kind, parent: KubeObject, name: string, spec: object): Promise<KubeObject> {
    const labels = { [`openfunction.io/${parent.kind.toLowerCase()}`]: parent.metadata.name };
    const metadata = { namespace, name, labels, ownerReferences: [ownerReference(parent)] };
    const apiVersion = client.apiVersion(kind);
    return await client.create(kind, { apiVersion, kind: kind.kind, metadata, spec }, { fieldManager: 'manager' });
  }

  async function writeStatus(kind: Kind, { metadata }: KubeObject, status: object): Promise<void> {
    await client.patch(kind, metadata, { status }, { subresource: 'status', fieldManager: 'manager' });
  }
});

function hashesOf({ status }: Function): (string | undefined)[] {
  return [status?.build?.resourceHash, status?.serving?.resourceHash];
}
