import { ANNOTATION, type Kind, type KubeObject, kindId } from '@openfunction/api';
import { CodedError, explain, isCoded } from '@openfunction/errors';
import { type Change, type KubeClient, storeKey } from '@openfunction/kube';
import type { Floor, Key, WorkQueue } from '@openfunction/queue';
import { activeTraceparent, type Logger, traceIdOf, withSpan } from '@openfunction/telemetry';
import { Actor, distinctKinds, type Written } from './actor.ts';
import { Caches, floorOf } from './caches.ts';
import { InFlight } from './in-flight.ts';
import { type Instruments, makeInstruments } from './instruments.ts';
import { isAtRest, PAUSE_LOOK_MS, parentWatch } from './pause.ts';
import { isRefusal } from './refusal.ts';
import type { Controller, Gate, Refused, Watch } from './types.ts';
import { keyOf, keysWokenBy, ownerOf } from './wake.ts';

export interface ShellOptions<Seen, Status> {
  controller: Controller<Seen, Status>;
  client: KubeClient;
  queue: WorkQueue;
  /** Queues of other controllers, by the kind they work on: what we make or finish for them is put there at once. */
  handOver: ReadonlyMap<Kind, WorkQueue>;
  fieldManager: string;
  concurrency: number;
  watchDelayMs: number;
  logger: Logger;
  /** While it is shut, jobs are let go; when it opens, every key of the cache is queued again. */
  gate?: Gate;
}

interface Job {
  key: Key;
  floor: Floor;
  traceparent?: string | undefined;
  queuedAt: number;
}

/** What became of one look. */
interface Round {
  /** How many objects were written. */
  writes: number;
  /** What is missing of what the plan wants. */
  refused?: Refused | undefined;
  wakeAt?: Date | undefined;
}

/** A plan that still finds something to write after this many rounds does not settle; it goes on after a pause. */
const MOST_ROUNDS = 5;
const CONFLICT_PAUSE_MS = 100;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;

/**
 * The part of a controller that is the same for each kind: watch, enqueue, observe, plan, act, retry. Every replica runs it
 * in full. It holds nothing that matters: state is in the API server, work to be done in the queue.
 */
export class Shell<Seen, Status> {
  readonly #options: ShellOptions<Seen, Status>;
  readonly #caches: Caches;
  readonly #actor: Actor;
  readonly #inFlight = new InFlight();
  /** Uids of objects with a timer that a plan of ours has asked for; some of them may have rung. */
  readonly #timed = new Set<string>();
  readonly #instruments: Instruments;
  readonly #enqueueing = new Set<Promise<void>>();
  #ready = false;

  constructor(options: ShellOptions<Seen, Status>) {
    const { controller, client, fieldManager, logger, watchDelayMs } = options;
    const { parent, primary } = controller;
    const watches = [...controller.watches, ...(parent === undefined ? [] : [parentWatch(parent, primary)])];
    this.#options = options;
    this.#instruments = makeInstruments(controller.name, options.queue);
    this.#caches = new Caches({
      client,
      fieldManager,
      logger,
      watchDelayMs,
      watches,
      onChange: (watch, change) => this.#onChange(watch, change),
      onServed: () => this.#ready && this.#resync(),
    });
    const kinds = distinctKinds(watches.map(({ kind }) => kind));
    const parts = { caches: this.#caches, inFlight: this.#inFlight };
    this.#actor = new Actor({ client, fieldManager, primary, kinds, logger, ...parts });
  }

  /** Fills the caches, then takes jobs. */
  async start(): Promise<void> {
    const { queue, concurrency } = this.#options;
    this.#caches.start();
    await this.#caches.ready();
    await this.#options.gate?.start(() => void this.#resync().catch((error: unknown) => this.#notQueued(error)));
    this.#ready = true;
    queue.onResync(() => this.#resync());
    queue.work((job) => this.#work(job), { concurrency });
  }

  /** For `/readyz`. */
  check(): true | string {
    if (!this.#ready) return 'the first lists are not complete';
    return this.#options.queue.ready() || 'Redis cannot be reached';
  }

  async stop(): Promise<void> {
    await this.#options.gate?.stop();
    await this.#caches.stop();
    await Promise.allSettled(this.#enqueueing);
    await this.#options.queue.close();
  }

  #onChange(watch: Watch, change: Change): void {
    const keys = keysWokenBy(change, watch, this.#options.controller, this.#caches);
    if (keys.length === 0) return;
    const adding = this.#enqueue(watch, change, keys).catch((error: unknown) => this.#notQueued(error));
    this.#enqueueing.add(adding);
    adding.finally(() => this.#enqueueing.delete(adding));
  }

  #notQueued(error: unknown): void {
    this.#options.logger.error({ error: explain(error) }, 'could not enqueue; the next resync will');
  }

  /**
   * Wakes the keys unless another replica has done so already, or it is our own write, marked when that is over; the mark comes after the
   * adds, so that none is lost.
   */
  async #enqueue(watch: Watch, change: Change, keys: Key[]): Promise<void> {
    const { queue } = this.#options;
    const { uid = '', resourceVersion = '', annotations } = change.object.metadata;
    const deleted = change.type === 'deleted';
    const mark = deleted ? `${resourceVersion}-deleted` : resourceVersion;
    await this.#inFlight.over(watch.kind, change.object);
    if (await queue.isSeen(uid, mark)) return;
    const traceparent = annotations?.[ANNOTATION.traceparent];
    const wake = {
      // Whichever replica takes the job has to have seen the deletion, too: it will not be told again.
      floor: floorOf(watch.kind, seenLast(change), watch.view),
      failureReset: watch.wakes !== 'self' && change.type === 'updated',
      ...(traceparent !== undefined && { traceparent }),
    };
    await Promise.all(keys.map((key) => queue.add(key, wake)));
    await queue.markSeen(uid, mark);
  }

  /** Queues every key of the cache at low priority: after Redis lost its memory, a kind was installed, or time has passed. */
  async #resync(): Promise<void> {
    const { queue, controller } = this.#options;
    for (const object of this.#caches.store(controller.primary).list()) {
      await queue.add(keyOf(object), { priority: 'low' });
    }
  }

  async #work(job: Job): Promise<void> {
    const { controller } = this.#options;
    const { namespace, name } = job.key;
    this.#instruments.waited(Date.now() - job.queuedAt);
    const startedAt = performance.now();
    const attributes = { 'openfunction.namespace': namespace, 'openfunction.name': name };
    const outcome = await withSpan(
      `reconcile ${controller.name}`,
      { traceparent: job.traceparent, attributes, kind: 'CONSUMER' },
      () => this.#reconcile(job),
    );
    this.#instruments.reconciled(outcome, performance.now() - startedAt);
  }

  async #reconcile(job: Job): Promise<string> {
    const { queue, controller, logger } = this.#options;
    const key = { namespace: job.key.namespace, name: job.key.name };
    const log = logger.child({ key: storeKey(key), ...traceField(job.traceparent) });
    if (!this.#mayWrite()) return 'waiting';
    try {
      await this.#caches.catchUp(job.floor);
      const object = this.#caches.store(controller.primary).get(storeKey(key));
      if (object === undefined || object.metadata.uid !== job.key.uid) return await this.#gone(job.key);
      if (object.metadata.deletionTimestamp !== undefined) return 'deleting';
      return await this.#settle(object, log);
    } catch (error) {
      if (isCoded(error, 'api.conflict')) {
        await this.#refresh(job.key);
        await queue.addAt(job.key, new Date(Date.now() + CONFLICT_PAUSE_MS * (1 + Math.random())));
        return 'conflict';
      }
      await this.#retryLater(job.key, error, log);
      return 'error';
    }
  }

  /** Observes, plans and acts until there is nothing left to do. */
  async #settle(first: KubeObject, log: Logger): Promise<string> {
    const { controller, queue } = this.#options;
    let object = first;
    let rounds = 0;
    for (; rounds < MOST_ROUNDS; rounds += 1) {
      if (!this.#mayWrite()) return 'waiting';
      if (isAtRest(object, controller.parent, this.#caches)) return await this.#rest(object);
      const isLast = rounds === MOST_ROUNDS - 1;
      const { writes, refused, wakeAt } = await this.#round(object, isLast);
      if (refused !== undefined && (writes === 0 || isLast)) {
        await this.#retryLater(keyOf(object), refused.error, log, wakeAt);
        return 'error';
      }
      if (writes === 0) break;
      log.debug({ writes }, 'acted');
      const next = this.#caches.store(controller.primary).get(storeKey(object.metadata));
      // Deleted meanwhile: its children go with it, and must not be made again.
      if (next === undefined || next.metadata.uid !== object.metadata.uid) return await this.#gone(keyOf(object));
      if (next.metadata.deletionTimestamp !== undefined) return 'deleting';
      object = next;
    }
    if (rounds === MOST_ROUNDS) {
      log.warn({ rounds }, 'plan does not settle');
      await queue.addAt(keyOf(object), new Date(Date.now() + FIRST_RETRY_MS));
    }
    return rounds === 0 ? 'unchanged' : 'changed';
  }

  #mayWrite(): boolean {
    return this.#options.gate?.isOpen() ?? true;
  }

  /** The object is paused: that is said, once, and nothing else is done. Its one timer is for another look. */
  async #rest(object: KubeObject): Promise<string> {
    const { controller, queue } = this.#options;
    const now = new Date();
    const written = await this.#actor.writeStatus(object, controller.markPaused?.(object, now));
    if (written !== undefined) await queue.raiseFloor(keyOf(object), floorOf(controller.primary, written));
    await queue.addAt(keyOf(object), new Date(now.getTime() + PAUSE_LOOK_MS));
    return 'paused';
  }

  /**
   * One observe, plan, act. While children have to be written, the status waits for the next round, which sees them: states that
   * last no longer than a reconcile cost no write.
   */
  async #round(object: KubeObject, last: boolean): Promise<Round> {
    const { controller, queue } = this.#options;
    const now = new Date();
    const seen = await controller.observe(object, this.#caches);
    const plan = controller.plan(seen, now);
    let writes = 0;
    const onWrite = async (written: Written) => {
      writes += 1;
      await queue.raiseFloor(keyOf(object), floorOf(written.kind, written.object));
      await this.#handOver(written, object);
    };
    try {
      const refused = await this.#actor.apply(plan, onWrite);
      if (writes > 0 && !last) return { writes };
      const status = await this.#laidOver(seen, plan.status, refused, now);
      await this.#actor.conclude(object, { ...plan, status }, now, onWrite);
      await this.#wakeAt(keyOf(object), plan.wakeAt);
      return { writes, refused, wakeAt: plan.wakeAt };
    } catch (error) {
      const said = isRefusal(error) ? await this.#remedy(error) : undefined;
      if (said !== undefined) await this.#tellUser(seen, object, said, onWrite);
      throw error;
    }
  }

  /** The planned status, and what it does not know: that a child was refused. A plan without status waits with that, too. */
  async #laidOver(
    seen: Seen,
    status: Status | undefined,
    refused: Refused | undefined,
    now: Date,
  ): Promise<Status | undefined> {
    if (status === undefined || refused === undefined) return status;
    const { child, error } = refused;
    const said = await this.#remedy(error);
    return said === undefined ? status : this.#options.controller.markFailed(seen, said, now, { child, status });
  }

  /** A timer that the newest plan no longer needs would only bring a look at what is done. Those of other replicas may. */
  async #wakeAt(key: Key, when: Date | undefined): Promise<void> {
    const { queue } = this.#options;
    const isSet = this.#timed.delete(key.uid);
    if (when !== undefined) {
      this.#timed.add(key.uid);
      await queue.addAt(key, when);
    } else if (isSet) await queue.cancelTimer(key);
  }

  /** What the user is to be told of a refusal; nothing when the controller has done something about it. */
  async #remedy(refusal: CodedError): Promise<CodedError | undefined> {
    const { controller, client } = this.#options;
    try {
      return (await controller.remedy?.(refusal, client)) === true ? undefined : refusal;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return error;
    }
  }

  async #tellUser(
    seen: Seen,
    object: KubeObject,
    error: CodedError,
    onWrite: (written: Written) => Promise<void>,
  ): Promise<void> {
    const { controller } = this.#options;
    const current = this.#caches.store(controller.primary).get(storeKey(object.metadata)) ?? object;
    const written = await this.#actor.writeStatus(current, controller.markFailed(seen, error, new Date()));
    if (written !== undefined) await onWrite({ kind: controller.primary, object: written });
  }

  /** Puts what was written for another controller on its queue, and a status change on the queue of the owner's kind. */
  async #handOver(written: Written, parent: KubeObject): Promise<void> {
    const { handOver, controller, queue } = this.#options;
    const { uid = '', resourceVersion = '' } = written.object.metadata;
    const traceparent = activeTraceparent() ?? parent.metadata.annotations?.[ANNOTATION.traceparent];
    const wake = {
      floor: floorOf(written.kind, written.object),
      failureReset: true,
      ...(traceparent !== undefined && { traceparent }),
    };
    if (kindId(written.kind) !== kindId(controller.primary)) {
      await queue.markSeen(uid, resourceVersion);
      const target = partnerFor(handOver, written.kind);
      if (target === undefined) return;
      await target.add(keyOf(written.object), wake);
      await target.markSeen(uid, resourceVersion);
      return;
    }
    for (const [kind, target] of handOver) {
      const owner = ownerOf(written.object, kind.kind);
      if (owner === undefined) continue;
      await target.add(owner, wake);
      await target.markSeen(uid, resourceVersion);
    }
  }

  async #gone(key: Key): Promise<string> {
    const { controller, queue, client } = this.#options;
    const live = await client.get(controller.primary, { namespace: key.namespace, name: key.name });
    if (live?.metadata.uid === key.uid) {
      this.#caches.keep(controller.primary, live);
      await queue.addAt(key, new Date(Date.now() + CONFLICT_PAUSE_MS));
      return 'stale';
    }
    this.#timed.delete(key.uid);
    await queue.forget(key);
    return 'gone';
  }

  async #refresh(key: Key): Promise<void> {
    const { controller, client } = this.#options;
    const live = await client.get(controller.primary, { namespace: key.namespace, name: key.name });
    if (live !== undefined) this.#caches.keep(controller.primary, live);
  }

  /** The next try; where the plan asks for a look before that, it comes with it: a key has one timer. */
  async #retryLater(key: Key, error: unknown, log: Logger, wakeAt?: Date): Promise<void> {
    const { queue, controller } = this.#options;
    const object = this.#caches.store(controller.primary).get(storeKey({ namespace: key.namespace, name: key.name }));
    const failures = await queue.recordFailure(key, object?.metadata.generation ?? 0);
    const delay =
      Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10)) * (0.8 + Math.random() * 0.4);
    const details = { failures, retryInMs: Math.round(delay), error: explain(error) };
    if (error instanceof CodedError) log.warn(details, 'reconcile failed');
    else log.error({ ...details, stack: (error as Error)?.stack }, 'reconcile failed unexpectedly');
    const retryAt = new Date(Date.now() + delay);
    await queue.addAt(key, wakeAt !== undefined && wakeAt < retryAt ? wakeAt : retryAt);
  }
}

/** The object of a change, at the version that a reader has to have come to. */
function seenLast({ object, resourceVersion }: Change): KubeObject {
  return resourceVersion === undefined ? object : { ...object, metadata: { ...object.metadata, resourceVersion } };
}

function traceField(traceparent: string | undefined): { traceId?: string } {
  const traceId = traceIdOf(traceparent);
  return traceId === undefined ? {} : { traceId };
}

function partnerFor(handOver: ReadonlyMap<Kind, WorkQueue>, kind: Kind): WorkQueue | undefined {
  return [...handOver].find(([partner]) => kindId(partner) === kindId(kind))?.[1];
}
