import { ANNOTATION, CONFIG_MAP, type Kind, type KubeObject, SERVING } from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { CodedError } from '@openfunction/errors';
import { type Note, Store } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from './operator-config.ts';
import { OperatorConfigSource } from './operator-config-source.ts';

const KEY = 'openfunction.dapr-proxy.image';
const NAME = { name: 'openfunction-config', namespace: 'system' };

/** A cluster with one Serving and the ConfigMap of the operator, and any number of replicas that look at it. */
class Cluster {
  readonly told: Note[] = [];
  writes = 0;
  /** What a write comes to; nothing when it works. */
  refusal: Error | undefined;
  #servings = new Store();
  #configMap: KubeObject | undefined;
  #version = 0;

  constructor() {
    this.#servings.put({
      ...SERVING,
      apiVersion: 'v1',
      metadata: { name: 's', namespace: 'ns', uid: 'u', resourceVersion: '1' },
    });
  }

  /** What somebody says in the ConfigMap; the annotations stay unless the whole of it is replaced. */
  say(data: Record<string, string> | undefined, { replaced = false } = {}): void {
    const annotations = replaced ? {} : (this.#configMap?.metadata.annotations ?? {});
    this.#set(data, annotations);
  }

  get remembered(): unknown {
    return JSON.parse(this.#configMap?.metadata.annotations?.[ANNOTATION.lastGood] ?? 'null');
  }

  /** A process with a cache of its own. */
  start() {
    const configMaps = new Store();
    const world = {
      store: (kind: Kind) => (kind === CONFIG_MAP ? configMaps : this.#servings),
      tell: (_map: KubeObject, note: Note) => this.told.push(note),
      annotate: async (_kind: Kind, seen: KubeObject, annotations: Record<string, string>) => {
        this.writes += 1;
        if (this.refusal !== undefined) throw this.refusal;
        if (seen.metadata.resourceVersion !== this.#configMap?.metadata.resourceVersion)
          throw new CodedError('api.conflict', 'changed');
        this.#set(this.#configMap?.['data'], { ...this.#configMap?.metadata.annotations, ...annotations });
      },
    } as unknown as World;
    const source = new OperatorConfigSource('system', silentLogger());
    /** The cache learns what there is, as by a read for a job of another replica. */
    const learn = () => {
      const object = this.#configMap;
      return object === undefined ? configMaps.remove('system/openfunction-config', '99') : configMaps.put(object);
    };
    /** The watch tells what there is; returns how many Servings are woken. */
    const watch = () => {
      const change = learn();
      if (change === undefined) return 0;
      if (typeof source.watch.wakes !== 'function') throw new Error('no mapping');
      return source.watch.wakes(change, world).length;
    };
    const image = async () => (await source.read(world)).daprProxyImage;
    return { source, world, learn, watch, image };
  }

  #set(data: Record<string, string> | undefined, annotations: Record<string, string>): void {
    this.#version += 1;
    const metadata = { ...NAME, annotations, resourceVersion: String(this.#version) };
    this.#configMap = data && { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  }
}

describe('the ConfigMap of the operator', () => {
  it('is the only one that is asked for', () => {
    const { watch } = new Cluster().start().source;
    expect([watch.namespace, watch.fieldSelector]).toEqual(['system', 'metadata.name=openfunction-config']);
  });

  it('wakes every Serving when it says something else, and nobody otherwise', () => {
    const cluster = new Cluster();
    const { watch, source } = cluster.start();
    const woken = (data: Record<string, string> | undefined) => {
      cluster.say(data);
      return watch();
    };
    expect(woken({})).toBe(0);
    expect(woken({ [KEY]: 'acme/proxy:v9' })).toBe(1);
    expect(source.current.daprProxyImage).toBe('acme/proxy:v9');
    expect(woken({ [KEY]: 'acme/proxy:v9', 'not.ours': 'x' })).toBe(0);
    expect(woken(undefined)).toBe(1);
    expect(source.current).toEqual(DEFAULT_CONFIG);
  });

  it('holds as the cache knows it, however that learnt of it', async () => {
    const cluster = new Cluster();
    const { learn, watch, image } = cluster.start();
    cluster.say({ [KEY]: 'acme/proxy:v8' });
    watch();
    cluster.say({ [KEY]: 'acme/proxy:v9' });
    learn();
    expect(watch()).toBe(0);
    expect(await image()).toBe('acme/proxy:v9');
  });

  it('tells of a broken key once for each change, whoever looks', async () => {
    const cluster = new Cluster();
    const { watch, image } = cluster.start();
    cluster.say({ [KEY]: 'acme/proxy:v9' });
    watch();
    await image();
    cluster.say({ [KEY]: 'acme/proxy v9', tracing: 'enabled: false' });
    expect(watch()).toBe(1);
    await image();
    watch();
    expect(cluster.told).toMatchObject([
      {
        type: 'Warning',
        message: expect.stringMatching(/^openfunction\.dapr-proxy\.image: .* The last value .* stays\.$/),
      },
    ]);
  });
});

describe('the last good value of a key', () => {
  /** A cluster whose key was good, and given to functions, and is broken now. */
  async function broken() {
    const cluster = new Cluster();
    const first = cluster.start();
    cluster.say({ [KEY]: 'acme/proxy:v9' });
    first.watch();
    await first.image();
    cluster.say({ [KEY]: 'acme/proxy v9' });
    return { cluster, first };
  }

  it('stays, for a replica that has seen it and for one that starts later', async () => {
    const { cluster, first } = await broken();
    const later = cluster.start();
    expect([first.watch(), await first.image()]).toEqual([0, 'acme/proxy:v9']);
    later.watch();
    expect(await later.image()).toBe('acme/proxy:v9');
    expect(cluster.remembered).toEqual({ [KEY]: 'acme/proxy:v9' });
  });

  it('is written down once, by whoever looks first, before a Serving is made from it', async () => {
    const cluster = new Cluster();
    const [one, other] = [cluster.start(), cluster.start()];
    cluster.say({ [KEY]: 'acme/proxy:v9' });
    for (const replica of [one, other]) replica.watch();
    await Promise.all([one.image(), one.image()]);
    expect([cluster.writes, cluster.remembered]).toEqual([1, { [KEY]: 'acme/proxy:v9' }]);
    for (const replica of [one, other]) replica.watch();
    await Promise.all([one.image(), other.image()]);
    expect(cluster.writes).toBe(1);
  });

  it('is written down again when the whole ConfigMap is replaced by a broken one', async () => {
    const { cluster, first } = await broken();
    first.watch();
    cluster.say({ [KEY]: 'acme/proxy v9' }, { replaced: true });
    first.watch();
    expect(await first.image()).toBe('acme/proxy:v9');
    expect(cluster.remembered).toEqual({ [KEY]: 'acme/proxy:v9' });
  });

  it('is forgotten when the key goes', async () => {
    const { cluster, first } = await broken();
    cluster.say({});
    first.watch();
    expect(await first.image()).toBe(DEFAULT_CONFIG.daprProxyImage);
    expect(cluster.remembered).toEqual({});
  });

  it('is the default where there never was one, and nothing is written', async () => {
    const cluster = new Cluster();
    const { watch, image } = cluster.start();
    cluster.say({ [KEY]: 'acme/proxy v9' });
    watch();
    expect(await image()).toBe(DEFAULT_CONFIG.daprProxyImage);
    expect(cluster.writes).toBe(0);
    expect(cluster.told[0]?.message).toMatch(/The default holds\.$/);
  });

  it.each([
    ['may not be written down', new CodedError('api.forbidden', 'no')],
    ['has just been written down by another replica', new CodedError('api.conflict', 'changed')],
  ])('holds even where it %s, and that is not tried at every look', async (_why, refusal) => {
    const cluster = new Cluster();
    const { watch, image } = cluster.start();
    cluster.refusal = refusal;
    cluster.say({ [KEY]: 'acme/proxy:v9' });
    watch();
    expect([await image(), await image(), cluster.writes]).toEqual(['acme/proxy:v9', 'acme/proxy:v9', 1]);
  });
});
