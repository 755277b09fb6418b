import { KNATIVE_SERVICE, type KubeObject, RESOURCE_REF, SERVING, type Serving } from '@openfunction/api';
import type { Watch, World } from '@openfunction/controller';
import { storeKey } from '@openfunction/kube';
import { knativeName } from './engines/knative/make.ts';

/** What the serving-controller sees of one Serving. */
export interface ServingSeen {
  serving: Serving;
  /** Whether the API server serves the engine's kind. */
  installed: boolean;
  knativeService: KubeObject | undefined;
}

export const watches: Watch[] = [
  { kind: SERVING, wakes: 'self' },
  { kind: KNATIVE_SERVICE, wakes: 'owner' },
];

export function observe(object: KubeObject, world: World): ServingSeen {
  const serving = withWorkload(object as Serving, world);
  const key = storeKey({ namespace: serving.metadata.namespace, name: knativeName(serving) });
  return {
    serving,
    installed: world.served(KNATIVE_SERVICE) === true,
    knativeService: world.store(KNATIVE_SERVICE).get(key),
  };
}

/** The Go operator recorded a workload after it had made it, under a random name: one that it had no time to record is this Serving's too. */
function withWorkload(serving: Serving, world: World): Serving {
  const { resourceRef } = serving.status ?? {};
  if (resourceRef?.[RESOURCE_REF.knativeService] !== undefined) return serving;
  const owned = world.store(KNATIVE_SERVICE).ownedBy(serving.metadata.uid ?? '');
  const names = owned.map(({ metadata }) => metadata.name).sort();
  const [name] = names.includes(knativeName(serving)) ? [] : names;
  if (name === undefined) return serving;
  return {
    ...serving,
    status: { ...serving.status, resourceRef: { ...resourceRef, [RESOURCE_REF.knativeService]: name } },
  };
}
