import type { KubeObject } from '@openfunction/api';
import { type Change, storeKey } from '@openfunction/kube';
import type { Key } from '@openfunction/queue';
import type { Controller, Watch, World } from './types.ts';

/** The keys that a change wakes; none for our own status writes and for changes without meaning. */
export function keysWokenBy(
  change: Change,
  watch: Watch,
  controller: Pick<Controller<never, never>, 'primary'>,
  world: World,
): Key[] {
  if (watch.wakes === 'self') return isOwnStatusWrite(change) ? [] : [keyOf(change.object)];
  if (typeof watch.wakes === 'function') return watch.wakes(change, world);
  const owner = ownerOf(change.object, controller.primary.kind);
  if (owner === undefined) return [];
  // An owner that is not in the cache is gone, with this child after it, or wakes itself when it comes.
  return world.store(controller.primary).get(storeKey(owner)) === undefined ? [] : [owner];
}

/** The queue key of an object. */
export function keyOf(object: KubeObject): Key {
  const { namespace = '', name, uid = '' } = object.metadata;
  return { namespace, name, uid };
}

/** The controlling owner of this kind, as a key; undefined when another kind, or nobody, controls the object. */
export function ownerOf(object: KubeObject, kind: string): Key | undefined {
  const owner = object.metadata.ownerReferences?.find(
    (reference) => reference.controller === true && reference.kind === kind,
  );
  return owner === undefined
    ? undefined
    : { namespace: object.metadata.namespace ?? '', name: owner.name, uid: owner.uid };
}

/** A change of the object's status alone: its one writer is us. */
function isOwnStatusWrite(change: Change): boolean {
  if (change.type !== 'updated' || change.old === undefined) return false;
  return facts(change.old) === facts(change.object);
}

function facts(object: KubeObject): string {
  const { generation, deletionTimestamp, labels, annotations, ownerReferences } = object.metadata;
  return JSON.stringify([generation, deletionTimestamp, labels, annotations, ownerReferences]);
}
