import {
  BUILDER,
  type Builder,
  type KubeObject,
  RESOURCE_REF,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import type { Watch, World } from '@openfunction/controller';
import { storeKey } from '@openfunction/kube';
import { shipwrightNames } from './engines/shipwright/make.ts';

/** What the build-controller sees of one Builder. */
export interface BuilderSeen {
  builder: Builder;
  /** Whether the API server serves Shipwright's kinds. */
  installed: boolean;
  run: KubeObject | undefined;
}

export const watches: Watch[] = [
  { kind: BUILDER, wakes: 'self' },
  { kind: SHIPWRIGHT_BUILD, wakes: 'owner' },
  { kind: SHIPWRIGHT_BUILD_RUN, wakes: 'owner' },
];

export async function observe(object: KubeObject, world: World): Promise<BuilderSeen> {
  const builder = object as Builder;
  const installed = world.served(SHIPWRIGHT_BUILD) === true && world.served(SHIPWRIGHT_BUILD_RUN) === true;
  if (!installed) return { builder, installed, run: undefined };
  const key = { namespace: builder.metadata.namespace, name: shipwrightNames(builder).run };
  const recorded = builder.status?.resourceRef?.[RESOURCE_REF.shipwrightBuildRun] !== undefined;
  // A run that was started and is not in the cache decides the build's fate: absence has to be certain.
  const run = recorded
    ? await world.confirm(SHIPWRIGHT_BUILD_RUN, key)
    : world.store(SHIPWRIGHT_BUILD_RUN).get(storeKey(key));
  return { builder, installed, run };
}
