import type { KubeObject } from '@openfunction/api';
import { compareVersions } from './resource-version.ts';

/** What happened to an object in a store. */
export interface Change {
  type: 'added' | 'updated' | 'deleted';
  object: KubeObject;
  old?: KubeObject;
  /** Of a deletion: the version from which on the object is not there. */
  resourceVersion?: string;
}

interface Tombstone {
  resourceVersion: string;
  at: number;
}

const TOMBSTONE_AGE_MS = 120_000;
const TOMBSTONES_KEPT = 5_000;

/** `namespace/name`, or `name` for cluster-scoped objects. */
export function storeKey(key: { namespace?: string | undefined; name: string }): string {
  return key.namespace === undefined ? key.name : `${key.namespace}/${key.name}`;
}

/** The group that a reader looks objects up by, e.g. `namespace/name` of what they belong to. */
export type GroupOf = (object: KubeObject) => string | undefined;

/**
 * The objects of one kind as last heard of. It never goes back in time: an older version of an object than the one it
 * holds (or than its deletion) is ignored, so a reader may put the answers of its own writes in. Objects are shared and
 * must not be changed.
 */
export class Store {
  readonly #objects = new Map<string, KubeObject>();
  readonly #groups = new Map<string, Set<string>>();
  readonly #groupOf: GroupOf;
  readonly #tombstones = new Map<string, Tombstone>();
  readonly #waiters = new Set<() => void>();
  #position = '0';

  /** @param groupOf sets objects in a group of their own choice, beside those of their owners */
  constructor(groupOf: GroupOf = () => undefined) {
    this.#groupOf = groupOf;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  list(): KubeObject[] {
    return [...this.#objects.values()];
  }

  /** Objects with an owner reference to this uid. */
  ownedBy(uid: string): KubeObject[] {
    return this.group(uid);
  }

  /** Objects that were set in this group when they came. */
  group(name: string): KubeObject[] {
    const keys = this.#groups.get(name);
    if (keys === undefined) return [];
    return [...keys].map((key) => this.#objects.get(key)).filter((object) => object !== undefined);
  }

  /** Takes a version of an object in. Returns the change, or undefined when something newer is known. */
  put(object: KubeObject): Change | undefined {
    const key = storeKey(object.metadata);
    const version = object.metadata.resourceVersion ?? '0';
    const old = this.#objects.get(key);
    const known = old?.metadata.resourceVersion ?? this.#tombstones.get(key)?.resourceVersion;
    if (known !== undefined && compareVersions(version, known) <= 0) return undefined;
    this.#tombstones.delete(key);
    this.#index(key, old, object);
    this.#objects.set(key, object);
    this.#wake();
    return old === undefined ? { type: 'added', object } : { type: 'updated', object, old };
  }

  /** Takes a deletion in. `resourceVersion` is that of the deletion. Returns undefined when nothing was known of the object. */
  remove(key: string, resourceVersion: string): Change | undefined {
    const old = this.#objects.get(key);
    if (old !== undefined && compareVersions(old.metadata.resourceVersion ?? '0', resourceVersion) > 0)
      return undefined;
    this.#bury(key, resourceVersion);
    if (old === undefined) return undefined;
    this.#objects.delete(key);
    this.#index(key, old, undefined);
    this.#wake();
    return { type: 'deleted', object: old, resourceVersion };
  }

  /** Every change up to this version has been taken in. */
  advance(resourceVersion: string): void {
    if (compareVersions(resourceVersion, this.#position) <= 0) return;
    this.#position = resourceVersion;
    this.#wake();
  }

  /** Forgets how far the watch has come, e.g. before listing again after the kind was gone. */
  rewind(): void {
    this.#position = '0';
  }

  /** Whether the store shows this object at `resourceVersion` or later (its deletion counts). */
  has(key: string, resourceVersion: string): boolean {
    if (compareVersions(this.#position, resourceVersion) >= 0) return true;
    const known = this.#objects.get(key)?.metadata.resourceVersion ?? this.#tombstones.get(key)?.resourceVersion;
    return known !== undefined && compareVersions(known, resourceVersion) >= 0;
  }

  /** Waits until `has` is true; false when `timeoutMs` is over first. */
  async waitFor(key: string, resourceVersion: string, timeoutMs: number): Promise<boolean> {
    if (this.has(key, resourceVersion)) return true;
    return await new Promise<boolean>((resolve) => {
      const finish = (result: boolean) => {
        clearTimeout(timer);
        this.#waiters.delete(check);
        resolve(result);
      };
      const check = () => this.has(key, resourceVersion) && finish(true);
      const timer = setTimeout(() => finish(false), timeoutMs);
      this.#waiters.add(check);
    });
  }

  #wake(): void {
    for (const check of [...this.#waiters]) check();
  }

  #index(key: string, old: KubeObject | undefined, object: KubeObject | undefined): void {
    for (const group of this.#groupsOf(old)) {
      const keys = this.#groups.get(group);
      keys?.delete(key);
      if (keys?.size === 0) this.#groups.delete(group);
    }
    for (const group of this.#groupsOf(object)) {
      const keys = this.#groups.get(group) ?? new Set();
      this.#groups.set(group, keys.add(key));
    }
  }

  /** The uids of its owners, and the group that it was given. */
  #groupsOf(object: KubeObject | undefined): string[] {
    if (object === undefined) return [];
    const own = this.#groupOf(object);
    return [...(object.metadata.ownerReferences ?? []).map(({ uid }) => uid), ...(own === undefined ? [] : [own])];
  }

  #bury(key: string, resourceVersion: string): void {
    const now = Date.now();
    const known = this.#tombstones.get(key);
    if (known !== undefined && compareVersions(known.resourceVersion, resourceVersion) >= 0) return;
    this.#tombstones.delete(key);
    this.#tombstones.set(key, { resourceVersion, at: now });
    for (const [buried, { at }] of this.#tombstones) {
      if (this.#tombstones.size <= TOMBSTONES_KEPT && now - at < TOMBSTONE_AGE_MS) break;
      this.#tombstones.delete(buried);
    }
  }
}
