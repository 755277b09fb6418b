import {
  ANNOTATION,
  childMeta,
  contentHash,
  DEFAULT_VERSION,
  FUNCTION_PORT,
  type KubeObject,
  knativeServiceName,
  LABEL,
  RESOURCE_REF,
  revisionName,
  type Serving,
  shortHash,
} from '@openfunction/api';
import { makePodSpec } from '../../resources/pod.ts';

/** Name of the Knative Service: as recorded in the Serving's status, else derived from the Serving. */
export function knativeName(serving: Serving): string {
  const recorded = serving.status?.resourceRef?.[RESOURCE_REF.knativeService];
  const { route: _route, ...http } = serving.spec.triggers?.http ?? {};
  const { timeout: _timeout, ...spec } = serving.spec;
  const content = contentHash({ ...spec, triggers: { ...spec.triggers, http } });
  return recorded ?? knativeServiceName(serving.metadata.name, shortHash(serving.metadata.uid ?? '', content));
}

/** The Knative Service (serving.knative.dev/v1) of a Serving: controllers.md §3.9. */
export function makeKnativeService(serving: Serving): KubeObject {
  const name = knativeName(serving);
  const { namespace } = serving.metadata;
  const version = serving.spec.version ?? DEFAULT_VERSION;
  const traceparent = serving.metadata.annotations?.[ANNOTATION.traceparent];
  const reserved = { [LABEL.serving]: serving.metadata.name };
  const annotations = podAnnotations(serving);
  const concurrency = containerConcurrency(annotations);
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: childMeta(serving, name, {
      labels: reserved,
      ...(traceparent !== undefined && { annotations: { [ANNOTATION.traceparent]: traceparent } }),
    }),
    spec: {
      template: {
        metadata: {
          name: revisionName(name, version),
          ...(namespace !== undefined && { namespace }),
          labels: { [LABEL.version]: version, ...serving.spec.labels, ...reserved },
          annotations,
        },
        spec: {
          ...(concurrency !== undefined && { containerConcurrency: concurrency }),
          ...makePodSpec(serving, { containerPort: port(serving) }, annotations),
        },
      },
    },
  };
}

/** Dapr's own keys first, the user's over them, then scaling; `dapr.io/enabled` cannot be overridden (controllers.md §3.3). */
function podAnnotations(serving: Serving): Record<string, string> {
  const functionName = serving.metadata.labels?.[LABEL.function] ?? serving.metadata.name;
  return {
    'dapr.io/app-id': `${functionName}-${serving.metadata.namespace}`,
    'dapr.io/log-as-json': 'true',
    'dapr.io/app-protocol': 'grpc',
    'dapr.io/app-port': String(port(serving)),
    'dapr.io/metrics-port': '19090',
    ...serving.spec.annotations,
    ...scaleAnnotations(serving),
    'dapr.io/enabled': 'false',
  };
}

/** `minReplicas` and `maxReplicas` win over the annotations, as in the original; both spellings that Knative has known are set. */
function scaleAnnotations(serving: Serving): Record<string, string> {
  const { minReplicas, maxReplicas, knative = {} } = serving.spec.scaleOptions ?? {};
  return { ...knative, ...bound('max', maxReplicas), ...bound('min', minReplicas) };
}

function bound(which: 'min' | 'max', replicas: number | undefined): Record<string, string> {
  if (replicas === undefined) return {};
  const value = String(replicas);
  return { [`autoscaling.knative.dev/${which}-scale`]: value, [`autoscaling.knative.dev/${which}Scale`]: value };
}

function containerConcurrency(annotations: Record<string, string>): number | undefined {
  const text = annotations['autoscaling.knative.dev/container-concurrency'];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function port(serving: Serving): number {
  return serving.spec.triggers?.http?.port || FUNCTION_PORT;
}
