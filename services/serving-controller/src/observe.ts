import { KNATIVE_SERVICE, type KubeObject, SERVING, type Serving } from '@openfunction/api';
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
  const serving = object as Serving;
  const key = storeKey({ namespace: serving.metadata.namespace, name: knativeName(serving) });
  return {
    serving,
    installed: world.served(KNATIVE_SERVICE) === true,
    knativeService: world.store(KNATIVE_SERVICE).get(key),
  };
}
