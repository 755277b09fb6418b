import { SECRET } from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import type { ComponentMetadata, DaprComponent, Pod } from '../objects.ts';

/** Reads the value of one key of a Secret; throws a sentence when there is none. */
export type ReadSecret = (name: string, key: string) => Promise<string>;

const SERVING_LABEL = 'openfunction.io/serving';
/** The secret store that every sidecar on a cluster has: the namespace's own Secrets. */
const BUILT_IN_STORE = 'kubernetes';

/**
 * The Components that a pod's sidecar loads: those of its namespace whose scopes hold its app id or that have none. Of those
 * that belong to a Serving only its own: two versions of one function have the same app id.
 */
export function componentsFor(pod: Pod, appId: string, serving: string, all: readonly DaprComponent[]) {
  return all
    .filter(({ metadata }) => metadata.namespace === pod.metadata.namespace && metadata.deletionTimestamp === undefined)
    .filter(({ scopes = [] }) => scopes.length === 0 || scopes.includes(appId))
    .filter(({ metadata }) => {
      const owner = metadata.labels?.[SERVING_LABEL];
      return owner === undefined || `${metadata.namespace}/${owner}` === serving;
    })
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/**
 * The text of a Component as a file for daprd (JSON, which is YAML too), its Secrets read. Throws a sentence when a Secret is
 * not there.
 */
export async function componentFile(component: DaprComponent, read: ReadSecret): Promise<string> {
  const { apiVersion, kind, metadata, spec, scopes, auth } = component;
  const store = auth?.secretStore || BUILT_IN_STORE;
  const items = await Promise.all(
    (spec.metadata ?? []).map((item: ComponentMetadata) =>
      store === BUILT_IN_STORE ? resolved(item, metadata.name, read) : item,
    ),
  );
  const file = {
    apiVersion,
    kind,
    metadata: { name: metadata.name },
    spec: { ...spec, metadata: items },
    ...(scopes && { scopes }),
    ...(store !== BUILT_IN_STORE && { auth }),
  };
  return `${JSON.stringify(file, undefined, 1)}\n`;
}

/** Reads Secrets of one namespace, and nothing else of it. */
export function secretsOf(client: KubeClient, namespace: string): ReadSecret {
  return async (name, key) => {
    const secret = await client.get(SECRET, { namespace, name });
    if (secret === undefined) throw new Error(`Secret ${JSON.stringify(name)} does not exist`);
    const value: unknown = secret['data']?.[key];
    if (typeof value !== 'string') throw new Error(`Secret ${JSON.stringify(name)} has no key ${JSON.stringify(key)}`);
    return Buffer.from(value, 'base64').toString('utf8');
  };
}

async function resolved(item: ComponentMetadata, component: string, read: ReadSecret): Promise<ComponentMetadata> {
  const { secretKeyRef, ...plain } = item;
  if (!secretKeyRef?.name) return plain;
  const { name, key = '' } = secretKeyRef;
  try {
    return { name: item.name, value: await read(name, key) };
  } catch (error) {
    throw new Error(`Component ${JSON.stringify(component)}: ${(error as Error).message}`, { cause: error });
  }
}
