import { hasRun, isObject, type KubeObject, type Serving } from '@openfunction/api';

/**
 * The fewest replicas that a scaler is told of. A version that has never run keeps at least one: at zero nothing shows whether it works,
 * and the version before it would go for one that is broken. Once it has run, the user's own number counts.
 * @param asked what the user asks for; undefined where the scaler's default is meant
 */
export function fewestReplicas<Asked extends number | undefined>(serving: Serving, asked: Asked): number | Asked {
  return hasRun(serving) ? asked : Math.max(1, asked ?? 0);
}

/**
 * The replicas that a workload has by our word, or by that of the Go operator: as long as no scaler has set others, they go on being
 * applied. Left out, the API server would put them back to one, however many are at work. Caches hold no managed fields but those two.
 */
export function heldReplicas(live: KubeObject | undefined): number | undefined {
  const isHeld = (live?.metadata.managedFields ?? []).some(({ fieldsV1, subresource = '' }) => {
    const fields = fieldsV1?.['f:spec'];
    return subresource === '' && isObject(fields) && fields['f:replicas'] !== undefined;
  });
  return isHeld ? live?.['spec']?.replicas : undefined;
}
