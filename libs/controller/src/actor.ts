import { GO_OPERATOR, isOfKind, type Kind, type KubeObject, kindId } from '@openfunction/api';
import { CodedError, explain, isCoded } from '@openfunction/errors';
import {
  isApplied,
  isUpdatedBy,
  type KubeClient,
  mergePatch,
  type Note,
  project,
  recordEvent,
  storeKey,
  takeOver,
  updatedKeys,
} from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import type { Caches } from './caches.ts';
import type { InFlight } from './in-flight.ts';
import { isRefusal } from './refusal.ts';
import type { Adjustment, Plan, Refused } from './types.ts';

export interface ActorOptions {
  client: KubeClient;
  caches: Caches;
  inFlight: InFlight;
  /** Field manager and reporter of events, e.g. `openfunction-build-controller`. */
  fieldManager: string;
  primary: Kind;
  logger: Logger;
  /** Every kind that plans may contain. */
  kinds: readonly Kind[];
}

/** One object that was written, as the API server answered. */
export interface Written {
  kind: Kind;
  object: KubeObject;
}

const REMEMBERED = 10_000;

/** Carries plans out: the difference between the plan and the caches, and nothing else, is written. */
export class Actor {
  readonly #options: ActorOptions;
  /** How the API server (or a defaulting webhook) rewrote what we applied, by uid: `wanted` -> what stood there. */
  readonly #settled = new Map<string, { wanted: string; live: string }>();
  readonly #removed = new Set<string>();

  constructor(options: ActorOptions) {
    this.#options = options;
  }

  /**
   * Brings the children to what the plan wants. `onWrite` hears of each object as soon as it is written. Returns the first refusal that
   * holds up nothing else; any other is thrown.
   */
  async apply<Status>(plan: Plan<Status>, onWrite: (written: Written) => Promise<void>): Promise<Refused | undefined> {
    for (const child of plan.rehearse ?? []) await this.#rehearse(child);
    for (const child of plan.apply) await this.#apply(child, onWrite);
    const refused: Refused[] = [];
    for (const group of plan.apart ?? []) refused.push(...(await this.#applyGroup(group, onWrite)));
    for (const adjustment of plan.adjust ?? []) await this.#adjust(adjustment);
    return refused[0];
  }

  /** Up to the first that is refused, which is returned. */
  async #applyGroup(group: KubeObject[], onWrite: (written: Written) => Promise<void>): Promise<Refused[]> {
    for (const child of group) {
      try {
        await this.#apply(child, onWrite);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return [{ child, error }];
      }
    }
    return [];
  }

  /** Writes the status, tells the events, then removes: nothing goes before the status says what became of it. */
  async conclude<Status>(
    object: KubeObject,
    plan: Plan<Status>,
    now: Date,
    onWrite: (written: Written) => Promise<void>,
  ): Promise<void> {
    const written = await this.writeStatus(object, plan.status);
    if (written !== undefined) await onWrite({ kind: this.#options.primary, object: written });
    for (const note of plan.events) await this.#tell(object, note, now);
    for (const child of plan.remove) await this.#remove(child);
  }

  /** An Event that the API server refuses is lost, and nothing else with it: the status says the same. */
  async #tell(object: KubeObject, note: Note, now: Date): Promise<void> {
    const { client, fieldManager, logger } = this.#options;
    try {
      await recordEvent(client, fieldManager, object, note, now);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const { reason } = note;
      logger.warn({ object: storeKey(object.metadata), reason, error: explain(error) }, 'event cannot be written');
    }
  }

  /** One merge patch with the resourceVersion that was observed, if anything differs. */
  async writeStatus(object: KubeObject, status: unknown): Promise<KubeObject | undefined> {
    const change = status === undefined ? undefined : mergePatch(object['status'] ?? {}, status);
    if (change === undefined) return undefined;
    const { client, caches, fieldManager, primary } = this.#options;
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const patch = { metadata: { uid, resourceVersion }, status: change };
    const written = await client.patch(primary, { namespace, name }, patch, { subresource: 'status', fieldManager });
    caches.keep(primary, written);
    return written;
  }

  /** Throws what making it would be refused with. */
  async #rehearse(wanted: KubeObject): Promise<void> {
    const { client, caches, fieldManager } = this.#options;
    const kind = this.#kindOf(wanted);
    const cached = caches.store(kind).get(storeKey(wanted.metadata));
    if (cached !== undefined) return refuseForeign(wanted, cached);
    try {
      await client.apply(kind, this.#versioned(kind, wanted), { fieldManager, dryRun: true });
    } catch (error) {
      await this.#holderOf(kind, wanted, error);
      // One of ours that the cache does not hold: what becomes of it is decided at its turn.
      if (!isCoded(error, 'api.conflict')) throw error;
    }
  }

  async #apply(wanted: KubeObject, onWrite: (written: Written) => Promise<void>): Promise<void> {
    const { caches, fieldManager, inFlight } = this.#options;
    const kind = this.#kindOf(wanted);
    const cached = caches.store(kind).get(storeKey(wanted.metadata));
    if (cached !== undefined) {
      refuseForeign(wanted, cached);
      const live = await this.#takeOver(kind, cached, onWrite);
      if (isApplied(wanted, live, fieldManager) || this.#isSettled(wanted, live)) return;
    }
    await inFlight.during(kind, wanted, async () => {
      const applied = await this.#write(kind, wanted, cached !== undefined);
      caches.keep(kind, applied);
      this.#settle(wanted, applied);
      await onWrite({ kind, object: applied });
    });
  }

  #write(kind: Kind, wanted: KubeObject, isThere: boolean): Promise<KubeObject> {
    const { client, fieldManager } = this.#options;
    const versioned = this.#versioned(kind, wanted);
    return isThere ? client.apply(kind, versioned, { fieldManager, force: true }) : this.#make(kind, versioned);
  }

  /** Under the version that is served here. */
  #versioned(kind: Kind, wanted: KubeObject): KubeObject {
    return { ...wanted, apiVersion: this.#options.client.apiVersion(kind) };
  }

  /**
   * Applies what the cache does not hold. Without force: where an object of that name is there all the same (a selection of the watch
   * leaves it out), its fields have another manager, or it has another controller, and the API server says so. What it is decides then.
   */
  async #make(kind: Kind, wanted: KubeObject): Promise<KubeObject> {
    const { client, fieldManager } = this.#options;
    try {
      return await client.apply(kind, wanted, { fieldManager });
    } catch (error) {
      const live = await this.#holderOf(kind, wanted, error);
      if (live === undefined) throw error;
      if (!isCoded(error, 'api.conflict')) {
        this.#options.caches.keep(kind, live); // the next plan sees what it has to reckon with
        throw error;
      }
      return await this.#takeBack(kind, wanted, live);
    }
  }

  /** The object of ours that is in the way, as this refusal hints; undefined when it hints at none. Throws when it is somebody else's. */
  async #holderOf(kind: Kind, wanted: KubeObject, refusal: unknown): Promise<KubeObject | undefined> {
    if (!isCoded(refusal, 'api.conflict') && !isCoded(refusal, 'api.invalid')) return undefined;
    const live = await this.#options.client.get(kind, wanted.metadata);
    if (live !== undefined) refuseForeign(wanted, live);
    return live;
  }

  /** What others have changed in a child of ours that the watch no longer selects. */
  async #takeBack(kind: Kind, wanted: KubeObject, live: KubeObject): Promise<KubeObject> {
    const { client, fieldManager: manager } = this.#options;
    const predecessors = GO_OPERATOR.fieldManagers;
    if (isUpdatedBy(live, predecessors)) await takeOver(client, kind, live.metadata, { predecessors, manager });
    return await client.apply(kind, wanted, { fieldManager: manager, force: true });
  }

  /** One merge patch of the metadata, if anything differs; nothing when the object is no longer the one that was observed. */
  async #adjust({ object, labels, annotations }: Adjustment): Promise<void> {
    const { client, caches, fieldManager } = this.#options;
    const kind = this.#kindOf(object);
    const { uid, namespace, name } = object.metadata;
    const live = caches.store(kind).get(storeKey(object.metadata));
    if (live === undefined || live.metadata.uid !== uid) return;
    const earlier = updatedKeys(live, fieldManager);
    const change = {
      labels: changedKeys(live.metadata.labels, labels, earlier.labels),
      annotations: changedKeys(live.metadata.annotations, annotations, earlier.annotations),
    };
    if (change.labels === undefined && change.annotations === undefined) return;
    const written = await client.patch(kind, { namespace, name }, { metadata: { uid, ...change } }, { fieldManager });
    caches.keep(kind, written);
  }

  /** What the Go operator wrote becomes ours first, or what is no longer wanted of it would stay for ever. */
  async #takeOver(kind: Kind, cached: KubeObject, onWrite: (written: Written) => Promise<void>): Promise<KubeObject> {
    const { client, caches, fieldManager: manager } = this.#options;
    const predecessors = GO_OPERATOR.fieldManagers;
    if (!isUpdatedBy(cached, predecessors)) return cached;
    const object = await takeOver(client, kind, cached.metadata, { predecessors, manager });
    if (object === undefined || object.metadata.uid !== cached.metadata.uid) return cached;
    caches.keep(kind, object);
    await onWrite({ kind, object });
    return object;
  }

  async #remove(child: KubeObject): Promise<void> {
    const { uid, namespace, name } = child.metadata;
    if (uid === undefined || child.metadata.deletionTimestamp !== undefined || this.#removed.has(uid)) return;
    await this.#options.client.delete(this.#kindOf(child), { namespace, name }, { uid });
    this.#removed.add(uid);
    forgetOldest(this.#removed);
  }

  /** Whether `live` still reads as it did right after this very content was applied. */
  #isSettled(wanted: KubeObject, live: KubeObject): boolean {
    const memory = this.#settled.get(live.metadata.uid ?? '');
    return (
      memory !== undefined &&
      memory.wanted === JSON.stringify(wanted) &&
      memory.live === JSON.stringify(project(live, wanted))
    );
  }

  #settle(wanted: KubeObject, applied: KubeObject): void {
    const uid = applied.metadata.uid ?? '';
    this.#settled.delete(uid);
    if (isApplied(wanted, applied, this.#options.fieldManager)) return;
    this.#settled.set(uid, { wanted: JSON.stringify(wanted), live: JSON.stringify(project(applied, wanted)) });
    forgetOldest(this.#settled);
  }

  #kindOf(object: KubeObject): Kind {
    const kind = this.#options.kinds.find((known) => isOfKind(object, known));
    if (kind === undefined) throw new Error(`plan contains ${object.apiVersion} ${object.kind}, which is not declared`);
    return kind;
  }
}

/** Names of children are ours only if we own the object that bears them (design: a name is never adopted). */
function refuseForeign(wanted: KubeObject, live: KubeObject): void {
  const ours = wanted.metadata.ownerReferences?.[0]?.uid;
  const controller = live.metadata.ownerReferences?.find((owner) => owner.controller === true);
  if (ours === undefined || controller?.uid === ours) return;
  const holder = controller === undefined ? 'nobody in particular' : `${controller.kind} "${controller.name}"`;
  const what = `${wanted.kind} "${wanted.metadata.name}"`;
  throw new CodedError(
    'name.taken',
    `${what} exists and belongs to ${holder}: delete or rename it, or rename this object`,
  );
}

/** The part of a merge patch that makes `wanted` of these keys; undefined when nothing differs. */
function changedKeys(
  live: Record<string, string> = {},
  wanted: Record<string, string | null>,
  earlier: readonly string[],
): Record<string, string | null> | undefined {
  const gone = earlier.filter((key) => wanted[key] === undefined).map((key) => [key, null] as const);
  const differing = [...gone, ...Object.entries(wanted)].filter(([key, value]) => (live[key] ?? null) !== value);
  return differing.length === 0 ? undefined : Object.fromEntries(differing);
}

function forgetOldest(memory: Set<string> | Map<string, unknown>): void {
  if (memory.size <= REMEMBERED) return;
  const [oldest] = memory.keys();
  if (oldest !== undefined) memory.delete(oldest);
}

/** A stable list of the kinds that a controller's plans may contain. */
export function distinctKinds(kinds: readonly Kind[]): Kind[] {
  return [...new Map(kinds.map((kind) => [kindId(kind), kind])).values()];
}
