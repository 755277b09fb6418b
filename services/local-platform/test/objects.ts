import type { KubeObject } from '@openfunction/api';

/** A Knative Service as the serving-controller writes it. */
export function knativeService(
  namespace: string,
  name: string,
  image: string,
  options: { annotations?: Record<string, string>; spec?: object; revision?: string } = {},
): KubeObject {
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { 'openfunction.io/serving': name } },
    spec: {
      template: {
        metadata: {
          name: options.revision ?? `${name}-v1`,
          annotations: { 'dapr.io/enabled': 'false', ...options.annotations },
        },
        spec: {
          ...options.spec,
          containers: [
            {
              name: 'function',
              image,
              imagePullPolicy: 'IfNotPresent',
              ports: [{ containerPort: 8080 }],
              env: [
                { name: 'FUNC_CONTEXT', value: JSON.stringify({ name, port: '8080' }) },
                { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
                { name: 'POD_NAMESPACE', value: namespace },
                { name: 'COMPOSED', value: '$(POD_NAMESPACE)/x' },
              ],
            },
          ],
        },
      },
    },
  };
}

/** An HTTPRoute as the function-controller writes it, to one revision. */
export function httpRoute(namespace: string, name: string, revision: string): KubeObject {
  const gateway = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'openfunction', name: 'local' };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace },
    spec: {
      parentRefs: [
        { ...gateway, sectionName: 'ofn-http-internal' },
        { ...gateway, sectionName: 'ofn-http-external' },
      ],
      hostnames: [`${name}.${namespace}.localhost`, `${name}.${namespace}.svc.cluster.local`],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          filters: [{ type: 'URLRewrite', urlRewrite: { hostname: `${revision}.${namespace}.svc.cluster.local` } }],
          backendRefs: [{ group: '', kind: 'Service', name: revision, port: 80, weight: 1 }],
        },
      ],
    },
  };
}
