import type { KubeObject } from '@openfunction/api';
import { plain, quotaCause, quotaDemand, REFUSED_POD, securityCause } from '@openfunction/controller/pods';
import { describe, type Trouble } from './verdict.ts';

type Said = Omit<Trouble, 'more'>;

/** Why the API server refused a pod, from the words of the controller that wanted to make it; any other words are passed on. */
export function refusedPod(object: KubeObject, reason: string, message: string): Trouble {
  const { namespace = '' } = object.metadata;
  return { ...explainRefusedPod(namespace, reason, plain(message)), more: describe(object) };
}

/** Whether these words are about a pod that was refused. */
export function isRefusedPod(message: string | undefined): boolean {
  return Object.values(REFUSED_POD).some((pattern) => pattern.test(message ?? ''));
}

function explainRefusedPod(namespace: string, reason: string, message: string): Said {
  if (REFUSED_POD.security.test(message)) {
    return {
      reason: 'PodSecurity',
      cause: `namespace ${namespace} does not admit the pod: ${securityCause(message)}`,
      next: `Set securityContext in spec.serving.template, or ask for a wider level: label pod-security.kubernetes.io/enforce of Namespace ${namespace}`,
    };
  }
  if (REFUSED_POD.quotaIncomplete.test(message)) {
    return {
      reason: 'QuotaIncomplete',
      cause: `a ResourceQuota of namespace ${namespace} refuses the pod: ${quotaDemand(message)}`,
      next: `Set resources in spec.serving.template, or defaults by a LimitRange in namespace ${namespace}`,
    };
  }
  if (REFUSED_POD.quotaExceeded.test(message)) {
    return {
      reason: 'QuotaExceeded',
      cause: `a ResourceQuota of namespace ${namespace} leaves no room for the pod: ${quotaCause(message)}`,
      next: `Ask for less in spec.serving.template, or raise the quota (kubectl describe quota -n ${namespace})`,
    };
  }
  return { reason, cause: message || 'its pods cannot be made', next: 'Correct spec.serving.template' };
}
