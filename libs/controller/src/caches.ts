import { CRD, GO_OPERATOR, type Kind, kindId } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import {
  type Change,
  type KubeClient,
  keepFieldsOf,
  type LogTail,
  Reflector,
  type Store,
  storeKey,
} from '@openfunction/kube';
import type { Floor } from '@openfunction/queue';
import type { Logger } from '@openfunction/telemetry';
import type { Watch, World } from './types.ts';

/** How long a worker waits for its cache to catch up with what the sender of a job saw, before it reads once live. */
const CATCH_UP_MS = 250;
const OWN_GROUP = 'openfunction.io';

export interface CachesOptions {
  client: KubeClient;
  watches: readonly Watch[];
  fieldManager: string;
  logger: Logger;
  /** Test switch: events of our own kinds are taken in this much later. */
  watchDelayMs: number;
  onChange: (watch: Watch, change: Change) => void;
  onServed: (kind: Kind, served: boolean) => void;
}

/** The watch caches of one controller: one reflector a kind, and one over CRD names that finds kinds installed later. */
export class Caches implements World {
  readonly #reflectors = new Map<string, Reflector>();
  readonly #crds: Reflector;
  readonly #client: KubeClient;
  readonly #logger: Logger;

  constructor(options: CachesOptions) {
    this.#client = options.client;
    this.#logger = options.logger;
    for (const watch of options.watches) this.#reflectors.set(kindId(watch.kind), this.#reflect(watch, options));
    const { client, logger } = options;
    this.#crds = new Reflector({
      client,
      logger,
      kind: CRD,
      metadataOnly: true,
      onChange: ({ object }) => this.#reflectors.get(object.metadata.name)?.recheck(),
    });
  }

  start(): void {
    for (const reflector of this.#all()) reflector.start();
  }

  /** Resolves when every cache holds its first list. */
  async ready(): Promise<void> {
    await Promise.all(this.#all().map((reflector) => reflector.ready()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all().map((reflector) => reflector.stop()));
  }

  store(kind: Kind): Store {
    return this.#of(kind).store;
  }

  served(kind: Kind): boolean | undefined {
    return this.#of(kind).served;
  }

  version(kind: Kind): string | undefined {
    return this.served(kind) === true ? this.#client.apiVersion(kind).split('/').at(-1) : undefined;
  }

  async confirm(kind: Kind, key: { namespace?: string | undefined; name: string }) {
    return this.store(kind).get(storeKey(key)) ?? (await this.latest(kind, key));
  }

  async latest(kind: Kind, key: { namespace?: string | undefined; name: string }) {
    const live = await this.#client.get(kind, key);
    if (live !== undefined) this.store(kind).put(live);
    return live;
  }

  async logTail(pod: { namespace?: string | undefined; name: string }, tail: LogTail): Promise<string | undefined> {
    try {
      return await this.#client.logTail(pod, tail);
    } catch (error) {
      this.#logger.info({ pod: storeKey(pod), container: tail.container, error: explain(error) }, 'log cannot be read');
      return undefined;
    }
  }

  /** Brings the caches up to the floor: waits a moment for the watch, then reads what is still older once live. */
  async catchUp(floor: Floor): Promise<void> {
    await Promise.all(Object.entries(floor).map(([id, version]) => this.#reach(id, version)));
  }

  async #reach(id: string, version: string): Promise<void> {
    const [kindName = '', ...rest] = id.split('/');
    const reflector = this.#reflectors.get(kindName);
    const name = rest.join('/');
    if (reflector === undefined || (await reflector.store.waitFor(name, version, CATCH_UP_MS))) return;
    const [first = '', second] = rest;
    const key = second === undefined ? { name: first } : { namespace: first, name: second };
    const live = await this.#client.get(reflector.kind, key);
    if (live === undefined) reflector.store.remove(name, version);
    else reflector.store.put(live);
  }

  #reflect(watch: Watch, options: CachesOptions): Reflector {
    const ours = watch.kind.group.endsWith(OWN_GROUP);
    const keepFields = keepFieldsOf(options.fieldManager, GO_OPERATOR.fieldManagers);
    const { trim, labelSelector } = watch;
    return new Reflector({
      client: options.client,
      logger: options.logger,
      kind: watch.kind,
      transform: trim === undefined ? keepFields : (object) => keepFields(trim(object)),
      delayMs: ours ? options.watchDelayMs : 0,
      ...(labelSelector !== undefined && { labelSelector }),
      ...(watch.metadataOnly !== undefined && { metadataOnly: watch.metadataOnly }),
      onChange: (change) => options.onChange(watch, change),
      onServed: (served) => options.onServed(watch.kind, served),
    });
  }

  #of(kind: Kind): Reflector {
    const reflector = this.#reflectors.get(kindId(kind));
    if (reflector === undefined) throw new Error(`the controller does not watch ${kindId(kind)}`);
    return reflector;
  }

  #all(): Reflector[] {
    return [...this.#reflectors.values(), this.#crds];
  }
}

/** The floor entry of one object: `builders.core.openfunction.io/namespace/name` at its resourceVersion. */
export function floorOf(
  kind: Kind,
  object: { metadata: { namespace?: string; name: string; resourceVersion?: string } },
): Floor {
  return { [`${kindId(kind)}/${storeKey(object.metadata)}`]: object.metadata.resourceVersion ?? '0' };
}
