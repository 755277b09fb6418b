import type { KubeObject } from '@openfunction/api';

/** What an event-driven function of the tests is made of, in the shape that the serving-controller emits. */
export interface AsyncFunction {
  namespace: string;
  name: string;
  image: string;
  /** What the sidecar speaks to the function; default http. */
  protocol?: 'http' | 'grpc';
  mode?: 'standalone' | 'sidecar';
  kind?: 'Deployment' | 'StatefulSet';
  replicas?: number;
  env?: Record<string, string>;
}

const servingOf = (fn: AsyncFunction) => `serving-${fn.name}`;

/** The workload, and its proxy in standalone mode. */
export function asyncFunction(fn: AsyncFunction): KubeObject[] {
  const standalone = fn.mode !== 'sidecar';
  return [workload(fn), ...(standalone ? [proxy(fn)] : [])];
}

/** A Component of the function, as the engine makes it. */
export function component(
  fn: AsyncFunction,
  name: string,
  type: string,
  metadata: Record<string, unknown> | object[],
): KubeObject {
  const items = Array.isArray(metadata)
    ? metadata
    : Object.entries(metadata).map(([key, value]) => ({ name: key, value }));
  return {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name, namespace: fn.namespace, labels: { 'openfunction.io/serving': servingOf(fn) } },
    spec: { type, version: 'v1', metadata: items },
    scopes: [appIdOf(fn)],
  };
}

/** A ScaledObject of the function's workload, or of another target. */
export function scaledObject(fn: AsyncFunction, spec: object, target: string = workloadName(fn)): KubeObject {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: `${target}-scaler`, namespace: fn.namespace },
    spec: {
      scaleTargetRef: { kind: fn.kind ?? 'Deployment', name: target, envSourceContainerName: 'function' },
      ...spec,
    },
  };
}

export function workloadName(fn: AsyncFunction): string {
  return `${servingOf(fn)}-deployment-v1`;
}

export function proxyName(fn: AsyncFunction): string {
  return `${servingOf(fn)}-proxy-deployment-v1`;
}

/** By which Dapr knows the function. */
export function appIdOf(fn: AsyncFunction): string {
  return `${fn.name}-${fn.namespace}`;
}

function workload(fn: AsyncFunction): KubeObject {
  const labels = { 'openfunction.io/managed': 'true', 'openfunction.io/serving': servingOf(fn) };
  const sidecar = fn.mode === 'sidecar';
  const host = `${appIdOf(fn)}-dapr.${fn.namespace}.svc.cluster.local`;
  const env = { APP_PROTOCOL: fn.protocol ?? 'http', POD_NAMESPACE: fn.namespace, ...fn.env };
  return {
    apiVersion: 'apps/v1',
    kind: fn.kind ?? 'Deployment',
    metadata: { name: workloadName(fn), namespace: fn.namespace, labels },
    spec: {
      replicas: fn.replicas ?? 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: annotations(fn, sidecar) },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: 'function',
              image: fn.image,
              imagePullPolicy: 'IfNotPresent',
              ports: [{ name: 'function-port', containerPort: 8080, protocol: 'TCP' }],
              env: [
                ...Object.entries({ ...env, ...(!sidecar && { DAPR_HOST: host, DAPR_SIDECAR_IP: host }) }).map(
                  ([name, value]) => ({ name, value }),
                ),
                { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
              ],
            },
          ],
        },
      },
    },
  };
}

function proxy(fn: AsyncFunction): KubeObject {
  const labels = { 'openfunction.io/managed': 'true', 'openfunction.io/proxy': servingOf(fn) };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: proxyName(fn), namespace: fn.namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: annotations(fn, true) },
        spec: {
          containers: [
            {
              name: 'dapr-proxy',
              image: 'openfunction/dapr-proxy:v0.1.0',
              imagePullPolicy: 'IfNotPresent',
              ports: [{ name: 'function-port', containerPort: 8080, protocol: 'TCP' }],
            },
          ],
        },
      },
    },
  };
}

function annotations(fn: AsyncFunction, enabled: boolean): Record<string, string> {
  return {
    'dapr.io/enabled': String(enabled),
    'dapr.io/app-id': appIdOf(fn),
    'dapr.io/log-as-json': 'true',
    'dapr.io/app-protocol': fn.protocol ?? 'http',
    'dapr.io/app-port': '8080',
  };
}
