import { GO_OPERATOR, type Kind, type KubeObject, kindId } from '@openfunction/api';
import { CodedError } from '@openfunction/errors';
import {
  isApplied,
  isUpdatedBy,
  type KubeClient,
  mergePatch,
  project,
  recordEvent,
  storeKey,
  takeOver,
} from '@openfunction/kube';
import type { Caches } from './caches.ts';
import type { Plan } from './types.ts';

export interface ActorOptions {
  client: KubeClient;
  caches: Caches;
  /** Field manager and reporter of events, e.g. `openfunction-build-controller`. */
  fieldManager: string;
  primary: Kind;
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

  /** Brings the children to what the plan wants. `onWrite` hears of each object as soon as it is written. */
  async apply<Status>(plan: Plan<Status>, onWrite: (written: Written) => Promise<void>): Promise<void> {
    for (const child of plan.apply) await this.#apply(child, onWrite);
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
    for (const note of plan.events) {
      await recordEvent(this.#options.client, this.#options.fieldManager, object, note, now);
    }
    for (const child of plan.remove) await this.#remove(child);
  }

  /** One merge patch with the resourceVersion that was observed, if anything differs. */
  async writeStatus(object: KubeObject, status: unknown): Promise<KubeObject | undefined> {
    const change = status === undefined ? undefined : mergePatch(object['status'] ?? {}, status);
    if (change === undefined) return undefined;
    const { client, caches, fieldManager, primary } = this.#options;
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const patch = { metadata: { uid, resourceVersion }, status: change };
    const written = await client.patch(primary, { namespace, name }, patch, { subresource: 'status', fieldManager });
    caches.store(primary).put(written);
    return written;
  }

  async #apply(wanted: KubeObject, onWrite: (written: Written) => Promise<void>): Promise<void> {
    const { client, caches, fieldManager } = this.#options;
    const kind = this.#kindOf(wanted);
    const store = caches.store(kind);
    const cached = store.get(storeKey(wanted.metadata));
    if (cached !== undefined) {
      refuseForeign(wanted, cached);
      const live = await this.#takeOver(kind, cached, onWrite);
      if (isApplied(wanted, live, fieldManager) || this.#isSettled(wanted, live)) return;
    }
    const versioned = { ...wanted, apiVersion: client.apiVersion(kind) };
    const applied = await client.apply(kind, versioned, { fieldManager, force: true });
    store.put(applied);
    this.#settle(wanted, applied);
    await onWrite({ kind, object: applied });
  }

  /** What the Go operator wrote becomes ours first, or what is no longer wanted of it would stay for ever. */
  async #takeOver(kind: Kind, cached: KubeObject, onWrite: (written: Written) => Promise<void>): Promise<KubeObject> {
    const { client, caches, fieldManager: manager } = this.#options;
    const predecessors = GO_OPERATOR.fieldManagers;
    if (!isUpdatedBy(cached, predecessors)) return cached;
    const object = await takeOver(client, kind, cached.metadata, { predecessors, manager });
    if (object === undefined || object.metadata.uid !== cached.metadata.uid) return cached;
    caches.store(kind).put(object);
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
    const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
    const kind = this.#options.kinds.find((known) => known.kind === object.kind && known.group === group);
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

function forgetOldest(memory: Set<string> | Map<string, unknown>): void {
  if (memory.size <= REMEMBERED) return;
  const [oldest] = memory.keys();
  if (oldest !== undefined) memory.delete(oldest);
}

/** A stable list of the kinds that a controller's plans may contain. */
export function distinctKinds(kinds: readonly Kind[]): Kind[] {
  return [...new Map(kinds.map((kind) => [kindId(kind), kind])).values()];
}
