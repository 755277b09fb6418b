import {
  ANNOTATION,
  bareOf,
  childMeta,
  type Function,
  HOSTS_WITHHELD,
  type KubeObject,
  LABEL,
  type Serving,
  withheldHost,
} from '@openfunction/api';
import { isInterceptable, meaningful } from './content.ts';
import { traceOf } from './trace.ts';

/*
 * Who answers for the hosts of a Function behind the KEDA HTTP add-on (docs/adr/0014):
 *
 *   new Serving, withheld ──runs──► annotation gone ──its hosts are seen──► the old one withheld ──seen──► drained, old one goes
 */

/** What a HTTPScaledObject says to the add-on, as far as it concerns the Function. */
export interface Interception {
  hosts: readonly string[];
  /** When its spec was last changed; undefined when nobody has recorded it. */
  changedAt: Date | undefined;
}

/** What is kept of a HTTPScaledObject: its hosts, and when its content was last written. */
export function trimScaledObject(object: KubeObject): KubeObject {
  const { ownerReferences, managedFields = [] } = object.metadata;
  const times = managedFields.flatMap(({ time, subresource }) => (subresource || time === undefined ? [] : [time]));
  const bare = bareOf(object);
  return {
    ...bare,
    metadata: { ...bare.metadata, ...(ownerReferences !== undefined && { ownerReferences }) },
    hosts: object['spec']?.hosts ?? [],
    ...(times.length > 0 && { changedAt: times.sort().at(-1) }),
  };
}

export function readInterception(trimmed: KubeObject): Interception {
  const changedAt = trimmed['changedAt'] as string | undefined;
  return {
    hosts: (trimmed['hosts'] ?? []) as string[],
    changedAt: changedAt === undefined ? undefined : new Date(changedAt),
  };
}

/** Whether the add-on leads requests for the hosts of the Function to this Serving: any but the one that is its own. */
export function answers(serving: Serving, said: Interception | undefined): boolean {
  const own = withheldHost(serving, '');
  return (said?.hosts ?? []).some((host) => !host.startsWith(own));
}

export function isWithheld(serving: Serving): boolean {
  return serving.metadata.annotations?.[ANNOTATION.hosts] === HOSTS_WITHHELD;
}

/** Whether a version that does not run yet must not answer: another one does, through the add-on. */
export function mustWait(name: string, spec: Serving['spec'], active: Serving | undefined): boolean {
  return active !== undefined && active.metadata.name !== name && isInterceptable(spec) && isInterceptable(active.spec);
}

/** A Serving that is left as it is, but for whether it answers. */
export function withHosts(fn: Function, serving: Serving, answering: boolean): Serving {
  return {
    apiVersion: serving.apiVersion,
    kind: serving.kind,
    metadata: childMeta(fn, serving.metadata.name, {
      labels: { [LABEL.function]: fn.metadata.name },
      annotations: {
        ...meaningful(serving.metadata),
        ...traceOf(fn, serving),
        ...(!answering && { [ANNOTATION.hosts]: HOSTS_WITHHELD }),
      },
    }),
    spec: serving.spec,
  };
}
