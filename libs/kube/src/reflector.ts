import { type Kind, type KubeObject, kindId } from '@openfunction/api';
import { explain, isCoded } from '@openfunction/errors';
import type { Logger } from '@openfunction/telemetry';
import { statusOf } from './api-error.ts';
import { Backoff, pause } from './backoff.ts';
import type { KubeClient, Selection, WatchEvent } from './client.ts';
import { DelayLine } from './delay-line.ts';
import { type Change, type GroupOf, Store, storeKey } from './store.ts';

/*
 *   absent ──CRD served──► listing ──all pages──► watching ──410──► listing
 *     ▲                      │ 404                 │  ▲ closed, failed or silent: resumed from the last version
 *     └──────────────────────┴─────────────────────┘──┘
 *   listing ──refused for as long as `patienceMs` before anything was listed──► unreadable ──all pages──► watching
 */

export interface ReflectorOptions extends Selection {
  client: KubeClient;
  kind: Kind;
  logger: Logger;
  /** Called in order for each change that was news to the store. Must not throw. */
  onChange?: (change: Change) => void;
  /** Called when the API server begins (true) or ceases (false) to serve the kind. */
  onServed?: (served: boolean) => void;
  /** Shrinks an object before it is kept, e.g. drops managed fields of others. */
  transform?: (object: KubeObject) => KubeObject;
  /** Only names, labels and versions are wanted: objects come without spec and status. */
  metadataOnly?: boolean;
  /** Sets objects in groups, to be looked up by `store.group`. */
  groupOf?: GroupOf;
  /**
   * Where the first list is refused for so long, the kind counts as not served, and is tried on: nobody waits for it any more. Left out:
   * it is waited for without limit.
   */
  patienceMs?: number;
  /** Test switch: every event is taken in this much later. */
  delayMs?: number;
}

/** The API server sends a bookmark about once a minute: longer silence means a dead connection. */
const SILENCE_MS = 100_000;
const ABSENT_RECHECK_MS = 30_000;
/** A watch that ends sooner counts as a failure, or a server that closes at once would be asked in a hot loop. */
const SHORTEST_WATCH_MS = 1_000;

/**
 * Keeps a store equal to one kind in the API server, for ever: lists in pages, watches with bookmarks, resumes where it was,
 * lists again when the server has forgotten, survives every error, and waits for a kind that is not installed yet.
 */
export class Reflector {
  readonly store: Store;
  readonly kind: Kind;
  readonly #options: ReflectorOptions;
  readonly #stopping = new AbortController();
  readonly #delay: DelayLine;
  #kick = new AbortController();
  #running: Promise<void> | undefined;
  #settled = Promise.withResolvers<void>();
  readonly #backoff = new Backoff(200, 10_000);
  #served: boolean | undefined;
  #refusedSince: number | undefined;
  #unreadable: string | undefined;
  #version: string | undefined;

  constructor(options: ReflectorOptions) {
    this.kind = options.kind;
    this.store = new Store(options.groupOf);
    this.#options = options;
    this.#delay = new DelayLine(options.delayMs ?? 0);
  }

  /** Whether the API server serves the kind; undefined before the first answer. */
  get served(): boolean | undefined {
    return this.#served;
  }

  /** Why the kind counts as not served although it is; undefined when that is not so. In the words of the first such refusal. */
  get unreadable(): string | undefined {
    return this.#unreadable;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the store holds the first list, or the kind is known to be absent, or it is not waited for any more. */
  ready(): Promise<void> {
    return this.#settled.promise;
  }

  /** Puts an object into the store as the watch would, e.g. the answer of a write; something newer stays. */
  keep(object: KubeObject): void {
    this.store.put(this.#options.transform?.(object) ?? object);
  }

  /** Looks again at once whether an absent kind is served now. */
  recheck(): void {
    if (this.#served === false) this.#kick.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#kick.abort();
    this.#delay.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedAt = Date.now();
      try {
        if (this.#version === undefined) await this.#list();
        if (this.#version === undefined) await this.#awaitKind();
        else await this.#watch(this.#version);
        if (Date.now() - startedAt < SHORTEST_WATCH_MS) await pause(this.#backoff.next(), signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#onError(error);
        await pause(this.#backoff.next(), signal);
      }
    }
  }

  #onError(error: unknown): void {
    if (isCoded(error, 'api.gone') || isCoded(error, 'api.not-found')) this.#version = undefined;
    this.#options.logger.warn({ kind: kindId(this.kind), error: explain(error) }, 'watch interrupted');
    if (this.#served === undefined) this.#loseHope(error);
  }

  /** Only what the API server answers counts: while it is away, nothing can be said of a kind. */
  #loseHope(error: unknown): void {
    const { patienceMs, logger } = this.#options;
    if (patienceMs === undefined) return;
    this.#refusedSince = statusOf(error) === undefined ? undefined : (this.#refusedSince ?? Date.now());
    if (this.#refusedSince === undefined || Date.now() - this.#refusedSince < patienceMs) return;
    logger.error({ kind: kindId(this.kind), error: explain(error) }, 'kind cannot be listed: it counts as not served');
    this.#announce(false, explain(error));
  }

  async #list(): Promise<void> {
    const { client } = this.#options;
    if ((await client.discover(this.kind)) === undefined) return this.#absent();
    const result = await client.list(this.kind, this.#selection());
    const present = new Set<string>();
    for (const item of result.items) {
      present.add(storeKey(item.metadata));
      this.#take(item);
    }
    for (const object of this.store.list()) {
      const key = storeKey(object.metadata);
      if (!present.has(key)) this.#drop(key, result.resourceVersion);
    }
    this.store.advance(result.resourceVersion);
    this.#version = result.resourceVersion;
    this.#announce(true);
  }

  #absent(): void {
    for (const object of this.store.list()) {
      this.#drop(storeKey(object.metadata), object.metadata.resourceVersion ?? '0');
    }
    this.store.rewind();
    this.#announce(false);
  }

  async #awaitKind(): Promise<void> {
    this.#kick = new AbortController();
    await pause(ABSENT_RECHECK_MS, AbortSignal.any([this.#kick.signal, this.#stopping.signal]));
  }

  async #watch(from: string): Promise<void> {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), SILENCE_MS);
    const signal = AbortSignal.any([silence.signal, this.#stopping.signal]);
    const timeoutSeconds = Math.round(270 + Math.random() * 60);
    try {
      const events = this.#options.client.watch(this.kind, {
        ...this.#selection(),
        resourceVersion: from,
        signal,
        timeoutSeconds,
      });
      for await (const event of events) {
        timer.refresh();
        if (event.type === 'ERROR') return this.#interrupted(event);
        this.#backoff.reset();
        this.#version = event.object.metadata.resourceVersion ?? this.#version;
        this.#delay.push(() => this.#receive(event));
      }
    } catch (error) {
      if (!silence.signal.aborted || this.#stopping.signal.aborted) throw error;
      this.#options.logger.warn({ kind: kindId(this.kind) }, 'watch was silent, opened again');
    } finally {
      clearTimeout(timer);
    }
  }

  /** An error inside the stream is a Status; 410 means: list again. */
  #interrupted(event: WatchEvent): void {
    const { code, message } = event.object as unknown as { code?: number; message?: string };
    if (code === 410) this.#version = undefined;
    this.#options.logger.info({ kind: kindId(this.kind), code, error: message }, 'watch ended by the server');
  }

  #receive(event: WatchEvent): void {
    const version = event.object.metadata.resourceVersion ?? '0';
    if (event.type === 'DELETED') this.#drop(storeKey(event.object.metadata), version);
    else if (event.type !== 'BOOKMARK') this.#take(event.object);
    this.store.advance(version);
  }

  #take(object: KubeObject): void {
    const change = this.store.put(this.#options.transform?.(object) ?? object);
    if (change !== undefined) this.#options.onChange?.(change);
  }

  #drop(key: string, version: string): void {
    const change = this.store.remove(key, version);
    if (change !== undefined) this.#options.onChange?.(change);
  }

  #announce(served: boolean, unreadable?: string): void {
    const news = this.#served !== served || this.#unreadable !== unreadable;
    this.#served = served;
    this.#unreadable = unreadable;
    this.#settled.resolve();
    if (!news) return;
    const state = served ? 'watching' : 'kind is not installed';
    if (unreadable === undefined) this.#options.logger.info({ kind: kindId(this.kind), served }, state);
    this.#options.onServed?.(served);
  }

  #selection(): Selection & { metadataOnly?: boolean } {
    const { namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    return { namespace, labelSelector, fieldSelector, ...(metadataOnly !== undefined && { metadataOnly }) };
  }
}
