import { CRD, EVENT, GO_OPERATOR, type Kind, type KubeObject, kindId } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import {
  type Change,
  type KubeClient,
  keepFieldsOf,
  type LogTail,
  type Note,
  Reflector,
  recordEvent,
  type Store,
  storeKey,
} from '@openfunction/kube';
import type { Floor } from '@openfunction/queue';
import type { Logger } from '@openfunction/telemetry';
import { Definitions } from './definitions.ts';
import type { Pruned } from './pruning.ts';
import type { Watch, World } from './types.ts';

/** How long a worker waits for its cache to catch up with what the sender of a job saw, before it reads once live. */
const CATCH_UP_MS = 250;
/** How long the first list of a kind that is dispensable may be refused. */
const PATIENCE_MS = 20_000;
/** How many lines of a log are asked for where more of them are too long for one answer. */
const FEWER_LINES = [5, 1];
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
  readonly #fieldManager: string;
  readonly #definitions: Definitions;

  constructor(options: CachesOptions) {
    this.#client = options.client;
    this.#logger = options.logger;
    for (const watch of options.watches)
      this.#reflectors.set(cacheId(watch.kind, watch.view), this.#reflect(watch, options));
    const { client, logger, fieldManager } = options;
    this.#fieldManager = fieldManager;
    this.#crds = new Reflector({
      client,
      logger,
      kind: CRD,
      metadataOnly: true,
      onChange: ({ object }) => this.#recheck(object.metadata.name),
    });
    this.#definitions = new Definitions(client, this.#crds.store);
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

  store(kind: Kind, view?: string): Store {
    return this.#of(kind, view).store;
  }

  /** Takes the API server's answer to a read or write of our own in, as the watch would. */
  keep(kind: Kind, object: KubeObject): void {
    this.#of(kind).keep(object);
  }

  served(kind: Kind): boolean | undefined {
    return this.#of(kind).served;
  }

  unreadable(kind: Kind): string | undefined {
    return this.#of(kind).unreadable;
  }

  version(kind: Kind): string | undefined {
    return this.served(kind) === true ? this.#client.apiVersion(kind).split('/').at(-1) : undefined;
  }

  async confirm(kind: Kind, key: { namespace?: string | undefined; name: string }) {
    return this.store(kind).get(storeKey(key)) ?? (await this.latest(kind, key));
  }

  async latest(kind: Kind, key: { namespace?: string | undefined; name: string }) {
    const live = await this.#client.get(kind, key);
    if (live !== undefined) this.keep(kind, live);
    return live;
  }

  async exists(kind: Kind, key: { namespace?: string | undefined; name: string }): Promise<boolean | undefined> {
    try {
      return (await this.#client.get(kind, key, { metadataOnly: true })) !== undefined;
    } catch (error) {
      this.#logger.info(
        { kind: kind.kind, object: storeKey(key), error: explain(error) },
        'object cannot be looked up',
      );
      return undefined;
    }
  }

  async hasField(kind: Kind, path: string): Promise<boolean> {
    const version = this.version(kind);
    return version !== undefined && (await this.#definitions.hasField(kind, version, path));
  }

  async prune<Value>(kind: Kind, object: Value): Promise<Pruned<Value>> {
    const version = this.version(kind);
    return version === undefined ? { object, left: [] } : await this.#definitions.prune(kind, version, object);
  }

  tell(regarding: KubeObject, note: Note): void {
    recordEvent(this.#client, this.#fieldManager, regarding, note, new Date()).catch((error: unknown) =>
      this.#logger.warn({ object: storeKey(regarding.metadata), error: explain(error) }, 'event cannot be written'),
    );
  }

  async annotate(kind: Kind, observed: KubeObject, annotations: Record<string, string>): Promise<void> {
    const { namespace, name, uid, resourceVersion } = observed.metadata;
    const metadata = { uid, resourceVersion, annotations };
    const options = { fieldManager: this.#fieldManager };
    this.keep(kind, await this.#client.patch(kind, { namespace, name }, { metadata }, options));
  }

  async logTail(pod: { namespace?: string | undefined; name: string }, tail: LogTail): Promise<string | undefined> {
    try {
      return await this.#lastLines(pod, tail);
    } catch (error) {
      this.#logger.info({ pod: storeKey(pod), container: tail.container, error: explain(error) }, 'log cannot be read');
      return undefined;
    }
  }

  async eventsOf({ metadata: { namespace, name, uid } }: KubeObject): Promise<KubeObject[]> {
    try {
      return (await this.#client.list(EVENT, { namespace, fieldSelector: `regarding.uid=${uid}` })).items;
    } catch (error) {
      this.#logger.info({ object: storeKey({ namespace, name }), error: explain(error) }, 'events cannot be read');
      return [];
    }
  }

  /**
   * The limit in bytes cuts off the end: one long line, and the error below it is not in the answer. So fewer lines are asked for then,
   * the last one at last; where even that is too long, the first answer says most.
   */
  async #lastLines(pod: { namespace?: string | undefined; name: string }, tail: LogTail): Promise<string> {
    const first = await this.#client.logTail(pod, tail);
    if (!isCut(first, tail)) return first;
    for (const lines of FEWER_LINES.filter((fewer) => fewer < tail.lines)) {
      const log = await this.#client.logTail(pod, { ...tail, lines });
      if (!isCut(log, tail)) return log;
    }
    return first;
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
    else reflector.keep(live);
  }

  #reflect(watch: Watch, options: CachesOptions): Reflector {
    const ours = watch.kind.group.endsWith(OWN_GROUP);
    const keepFields = keepFieldsOf(options.fieldManager, GO_OPERATOR.fieldManagers);
    const { trim, labelSelector, namespace, fieldSelector, groupOf } = watch;
    return new Reflector({
      client: options.client,
      logger: options.logger,
      kind: watch.kind,
      transform: trim === undefined ? keepFields : (object) => keepFields(trim(object)),
      delayMs: ours ? options.watchDelayMs : 0,
      ...(watch.dispensable === true && { patienceMs: PATIENCE_MS }),
      ...(labelSelector !== undefined && { labelSelector }),
      ...(namespace !== undefined && { namespace }),
      ...(groupOf !== undefined && { groupOf }),
      ...(fieldSelector !== undefined && { fieldSelector }),
      ...(watch.metadataOnly !== undefined && { metadataOnly: watch.metadataOnly }),
      onChange: (change) => options.onChange(watch, change),
      onServed: (served) => options.onServed(watch.kind, served),
    });
  }

  #of(kind: Kind, view?: string): Reflector {
    const id = cacheId(kind, view);
    const reflector = this.#reflectors.get(id);
    if (reflector === undefined) throw new Error(`the controller does not watch ${id}`);
    return reflector;
  }

  #recheck(crd: string): void {
    for (const reflector of this.#reflectors.values()) if (kindId(reflector.kind) === crd) reflector.recheck();
  }

  #all(): Reflector[] {
    return [...this.#reflectors.values(), this.#crds];
  }
}

function isCut(log: string, { bytes }: LogTail): boolean {
  return Buffer.byteLength(log) >= bytes;
}

/** The floor entry of one object: `builders.core.openfunction.io/namespace/name` at its resourceVersion. */
export function floorOf(
  kind: Kind,
  object: { metadata: { namespace?: string; name: string; resourceVersion?: string } },
  view?: string,
): Floor {
  return { [`${cacheId(kind, view)}/${storeKey(object.metadata)}`]: object.metadata.resourceVersion ?? '0' };
}

/** The name of one cache: no kind's has a `#`. */
function cacheId(kind: Kind, view: string | undefined): string {
  return view === undefined ? kindId(kind) : `${kindId(kind)}#${view}`;
}
