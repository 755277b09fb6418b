import { ANNOTATION, type KubeObject } from '@openfunction/api';

/** What each container has to say where a quota bounds it (the evaluator of pods in Kubernetes): the quota's words, and ours. */
const DEMANDS: Record<string, string> = {
  cpu: 'requests.cpu',
  memory: 'requests.memory',
  'requests.cpu': 'requests.cpu',
  'requests.memory': 'requests.memory',
  'limits.cpu': 'limits.cpu',
  'limits.memory': 'limits.memory',
};

interface RangeItem {
  type: string;
  default?: Record<string, string>;
  defaultRequest?: Record<string, string>;
}

/**
 * In one sentence, why the quotas of a namespace will most likely refuse the pod of a build; undefined when they have no such reason.
 * Shipwright and Tekton add containers to those of the strategy, which say nothing of resources unless they are configured to, so what a
 * quota bounds needs a default. A quota with scopes may not be about the pod, and is passed over.
 */
export function foretellQuota(namespace: string, quotas: KubeObject[], ranges: KubeObject[]): string | undefined {
  const given = new Set(ranges.flatMap(defaultsOf));
  for (const quota of quotas.filter(({ spec }) => spec?.scopes === undefined && spec?.scopeSelector === undefined)) {
    const demands = Object.keys(quota['spec']?.hard ?? {}).map((word) => DEMANDS[word]);
    const missing = [...new Set(demands)].filter((demand) => demand !== undefined && !given.has(demand));
    if (missing.length === 0) continue;
    const cause = `ResourceQuota ${namespace}/${quota.metadata.name} takes no container without ${missing.join(', ')}, and there are no defaults`;
    return `${cause}: the pod will most likely be refused. Set the annotation ${ANNOTATION.buildLimits} of Namespace ${namespace} (e.g. cpu=1,memory=1Gi), or make a LimitRange there.`;
  }
  return undefined;
}

/** What containers get by default; a limit is a request too. */
function defaultsOf(range: KubeObject): string[] {
  const items = ((range['spec']?.limits ?? []) as RangeItem[]).filter(({ type }) => type === 'Container');
  return items.flatMap(({ default: limits = {}, defaultRequest = {} }) => [
    ...Object.keys(limits).flatMap((resource) => [`limits.${resource}`, `requests.${resource}`]),
    ...Object.keys(defaultRequest).map((resource) => `requests.${resource}`),
  ]);
}

/** A quota without its status, which changes with every pod. */
export function trimQuota(quota: KubeObject): KubeObject {
  const { status: _status, ...rest } = quota;
  return rest as KubeObject;
}
