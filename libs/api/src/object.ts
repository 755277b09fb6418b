/** Shapes shared by every Kubernetes object (apimachinery meta/v1), as far as this project uses them. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFields {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFields[];
}

/** Any object of the API. Kinds that this project owns refine it with `spec` and `status`. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  // biome-ignore lint/suspicious/noExplicitAny: the rest of a foreign object has no type here
  [field: string]: any;
}

/** What names an object and its state, and nothing of its content: enough in a cache of what others own. */
export function bareOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
  };
}

/** When the API server made an object, in milliseconds; NaN for one that it has not made. */
export function createdAt({ metadata }: KubeObject): number {
  return Date.parse(metadata.creationTimestamp ?? '');
}

/**
 * Until when an object is no older than `ms`; undefined when that time is over, or it is not made, or it was made in the future: a
 * clock that is behind the API server's may be so for hours.
 */
export function youngUntil(object: KubeObject | undefined, ms: number, now: Date): Date | undefined {
  const created = object === undefined ? Number.NaN : createdAt(object);
  return created <= now.getTime() && created + ms > now.getTime() ? new Date(created + ms) : undefined;
}

/** An object of the API with typed spec and status. */
export interface TypedObject<Spec, Status> extends KubeObject {
  spec: Spec;
  status?: Status;
}

/** meta/v1 Condition. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}
