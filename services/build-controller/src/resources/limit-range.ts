import { type KubeObject, LABEL, LIMIT_RANGE } from '@openfunction/api';
import type { Defaults } from './defaults.ts';

export const LIMIT_RANGE_NAME = 'openfunction-build-defaults';

/**
 * The LimitRange that gives a namespace's containers what its annotations ask for. It has no owner: it is the namespace's, not one
 * Builder's. Without requests of their own, the API server takes the limits for them.
 */
export function makeLimitRange(namespace: string, { limits, requests }: Defaults): KubeObject {
  const range = {
    type: 'Container',
    ...(Object.keys(limits).length > 0 && { default: limits }),
    ...(Object.keys(requests).length > 0 && { defaultRequest: requests }),
  };
  return {
    apiVersion: 'v1',
    kind: LIMIT_RANGE.kind,
    metadata: { namespace, name: LIMIT_RANGE_NAME, labels: { [LABEL.managed]: 'true' } },
    spec: { limits: [range] },
  };
}

/** Whether it was made here; one of the same name that somebody else made is left alone. */
export function isMadeHere({ metadata }: KubeObject): boolean {
  return metadata.name === LIMIT_RANGE_NAME && metadata.labels?.[LABEL.managed] === 'true';
}
