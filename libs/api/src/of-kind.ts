import type { Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';

/** The group of an object; the core group is empty. */
export function groupOf({ apiVersion }: Pick<KubeObject, 'apiVersion'>): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

/** Whether the object is of this kind, in any of its versions: `Service` is a word of more than one group. */
export function isOfKind(object: KubeObject, wanted: Kind): boolean {
  return object.kind === wanted.kind && groupOf(object) === wanted.group;
}

/** Whether both are the same object of a namespace, in whatever version and state. */
export function isSameObject(a: KubeObject, b: KubeObject): boolean {
  return a.kind === b.kind && a.metadata.name === b.metadata.name && groupOf(a) === groupOf(b);
}
