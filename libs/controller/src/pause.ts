import { isPaused, type Kind, type KubeObject } from '@openfunction/api';
import { storeKey } from '@openfunction/kube';
import type { Key } from '@openfunction/queue';
import type { Watch, World } from './types.ts';
import { keyOf, ownerOf } from './wake.ts';

/** How often a paused object is looked at, should the end of its pause have been missed. A look reads caches only. */
export const PAUSE_LOOK_MS = 60_000;

/** Whether nothing may be written for the object: it, or the parent that controls it, is paused. */
export function isAtRest(object: KubeObject, parent: Kind | undefined, world: World): boolean {
  if (parent === undefined) return isPaused(object);
  const owner = ownerOf(object, parent.kind);
  const found = owner && world.store(parent).get(storeKey(owner));
  return found !== undefined && found.metadata.uid === owner?.uid && isPaused(found);
}

/** Watches the parents' metadata; what they control is woken when a pause begins or ends. */
export function parentWatch(parent: Kind, primary: Kind): Watch {
  return {
    kind: parent,
    metadataOnly: true,
    trim: bareMetadata,
    wakes: ({ type, object, old }, world): Key[] => {
      if (type !== 'updated' || old === undefined || isPaused(object) === isPaused(old)) return [];
      return world
        .store(primary)
        .ownedBy(object.metadata.uid ?? '')
        .map(keyOf);
    },
  };
}

/** Names, versions and annotations; of those not the copy of the whole object that kubectl keeps. */
function bareMetadata(object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, annotations = {} } = object.metadata;
  const kept = Object.entries(annotations).filter(([key]) => key.startsWith('openfunction.io/'));
  const where = { name, ...(namespace !== undefined && { namespace }) };
  const version = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) };
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { ...where, ...version, annotations: Object.fromEntries(kept) },
  };
}
