import { type Builder, type KubeObject, RESOURCE_REF, SHIPWRIGHT_BUILD, SHIPWRIGHT_BUILD_RUN } from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { shipwrightNames } from './make.ts';

/**
 * The Builder as if its status named what it owns. The Go operator recorded Build and BuildRun after it had made them, under random
 * names: those that it had no time to record are this Builder's too, and are followed instead of being made once more.
 */
export function withShipwrightObjects(builder: Builder, world: World): Builder {
  const names = shipwrightNames(builder);
  const owned = (kind: typeof SHIPWRIGHT_BUILD) => world.store(kind).ownedBy(builder.metadata.uid ?? '');
  const run = unrecorded(owned(SHIPWRIGHT_BUILD_RUN), names.run);
  const { build: ofV1Beta1, buildRef: ofV1Alpha1 } = run?.['spec'] ?? {};
  const build = (ofV1Beta1 ?? ofV1Alpha1)?.name ?? unrecorded(owned(SHIPWRIGHT_BUILD), names.build)?.metadata.name;
  const { resourceRef = {} } = builder.status ?? {};
  const found = {
    ...(typeof build === 'string' && { [RESOURCE_REF.shipwrightBuild]: build }),
    ...(run !== undefined && { [RESOURCE_REF.shipwrightBuildRun]: run.metadata.name }),
  };
  if (Object.keys(found).length === 0) return builder;
  return { ...builder, status: { ...builder.status, resourceRef: { ...found, ...resourceRef } } };
}

/** The latest of the objects, unless the one that the Builder names, or would make, is among them. */
function unrecorded(owned: KubeObject[], name: string): KubeObject | undefined {
  if (owned.some(({ metadata }) => metadata.name === name)) return undefined;
  const created = ({ metadata }: KubeObject) => metadata.creationTimestamp ?? '';
  return [...owned].sort((a, b) => created(b).localeCompare(created(a)))[0];
}
