import { CLUSTER_TRIGGER_AUTHENTICATION, type Kind, type Serving, TRIGGER_AUTHENTICATION } from '@openfunction/api';
import type { World } from '@openfunction/controller';

/**
 * The authentications (keda.sh) that the scale triggers of a Serving name and nobody has made, one sentence each. KEDA goes on without them,
 * and what it says then is only what the source of events thinks of a stranger.
 */
export async function absentAuthentications({ spec, metadata }: Serving, world: World): Promise<string[]> {
  const triggers = spec.scaleOptions?.keda?.triggers ?? [];
  const sentences = await Promise.all(
    triggers.map(async ({ authenticationRef }, at) => {
      const { name, kind } = authenticationRef ?? {};
      if (name === undefined) return [];
      const [wanted, place] = scopeOf(kind, metadata.namespace);
      if ((await world.exists(wanted, { ...place, name })) !== false) return [];
      const where = place.namespace === undefined ? '' : ` in namespace ${place.namespace}`;
      const path = `spec.serving.scaleOptions.keda.triggers[${at}].authenticationRef`;
      return [`${path}: ${wanted.kind} ${JSON.stringify(name)} does not exist${where}.`];
    }),
  );
  return sentences.flat();
}

/** KEDA reads any other word as the kind of the namespace. */
function scopeOf(kind: string | undefined, namespace: string | undefined): [Kind, { namespace?: string | undefined }] {
  if (kind === CLUSTER_TRIGGER_AUTHENTICATION.kind) return [CLUSTER_TRIGGER_AUTHENTICATION, {}];
  return [TRIGGER_AUTHENTICATION, { namespace }];
}
