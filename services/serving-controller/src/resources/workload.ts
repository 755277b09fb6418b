import {
  apiVersionOf,
  childMeta,
  type Kind,
  type KubeObject,
  type PodSpec,
  type Serving,
  withoutRepeats,
} from '@openfunction/api';
import { findOwned, isOurs } from './children.ts';
import { fixed, inPlace, traceAnnotations } from './labels.ts';
import { heldReplicas } from './replicas.ts';
import { inWordsOf } from './words.ts';

/** A pod template, as Deployments, StatefulSets and Jobs have it. */
export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  spec: PodSpec;
}

/** A Deployment or StatefulSet to be made. */
export interface Workload {
  kind: Kind;
  name: string;
  /** What the end of the name was made from. */
  key: string;
  selector: Record<string, string>;
  template: PodTemplate;
  /** Unset where a scaler decides: two that write one number would fight. */
  replicas?: number | undefined;
}

/** A Deployment or StatefulSet. What is there keeps its selector, which nobody can change. */
export function makeWorkload(serving: Serving, owned: readonly KubeObject[], workload: Workload): KubeObject {
  const { kind, name, key, template } = workload;
  const child = findOwned(owned, kind, name);
  const live = child?.['spec'];
  const replicas = workload.replicas ?? heldReplicas(child);
  const selector: Record<string, string> = live?.selector?.matchLabels ?? workload.selector;
  const pods = settleTemplate(live?.template, template, isOurs(serving, name, key));
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: childMeta(serving, name, { labels: template.metadata.labels, annotations: traceAnnotations(serving) }),
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: selector },
      template: {
        ...pods,
        metadata: { ...pods.metadata, labels: { ...pods.metadata.labels, ...selector } },
      },
    },
  };
}

/**
 * Pods that the Go operator made say the same in other words (order of variables, contexts): they are not restarted for that. Labels and
 * annotations that are changed in place reach and leave them all the same. Of what they name twice only one can be applied.
 */
function settleTemplate(live: PodTemplate | undefined, wanted: PodTemplate, isOurs: boolean): PodTemplate {
  if (live === undefined) return wanted;
  if (isOurs) return { ...wanted, spec: inWordsOf(live.spec, wanted.spec) };
  return {
    metadata: {
      labels: { ...fixed(live.metadata?.labels), ...inPlace(wanted.metadata.labels) },
      annotations: { ...fixed(live.metadata?.annotations), ...inPlace(wanted.metadata.annotations) },
    },
    spec: withoutRepeats(live.spec),
  };
}
