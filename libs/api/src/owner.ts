import type { KubeObject, ObjectMeta, OwnerReference } from './object.ts';

/** The owner reference of a child: its parent controls it, and it goes when the parent goes (controllers.md §0). */
export function ownerReference(parent: KubeObject): OwnerReference {
  const { name, uid = '' } = parent.metadata;
  return { apiVersion: parent.apiVersion, kind: parent.kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** Metadata of a child in the parent's namespace, owned by the parent. Empty labels and annotations are left out. */
export function childMeta(
  parent: KubeObject,
  name: string,
  extra: { labels?: Record<string, string>; annotations?: Record<string, string> } = {},
): ObjectMeta {
  const { labels = {}, annotations = {} } = extra;
  return {
    name,
    ...(parent.metadata.namespace !== undefined && { namespace: parent.metadata.namespace }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ownerReferences: [ownerReference(parent)],
  };
}

/** Whether this very object (by uid) controls the child. */
export function isControlledBy(child: KubeObject, parent: KubeObject): boolean {
  return (child.metadata.ownerReferences ?? []).some(
    (owner) => owner.controller === true && owner.uid === parent.metadata.uid,
  );
}
