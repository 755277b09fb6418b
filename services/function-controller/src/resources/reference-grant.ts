import {
  apiVersionOf,
  HTTP_ROUTE,
  KEDA_INTERCEPTOR,
  type KubeObject,
  LABEL,
  REFERENCE_GRANT,
  referenceGrantName,
} from '@openfunction/api';

/** Lets the HTTPRoutes of a namespace lead to the interceptor of the KEDA HTTP add-on. Shared by all of them, so nobody's child. */
export function makeReferenceGrant(namespace: string, kedaHttpNamespace: string): KubeObject {
  return {
    apiVersion: apiVersionOf(REFERENCE_GRANT),
    kind: REFERENCE_GRANT.kind,
    metadata: {
      name: referenceGrantName(namespace),
      namespace: kedaHttpNamespace,
      labels: { [LABEL.managed]: 'true' },
    },
    spec: {
      from: [{ group: HTTP_ROUTE.group, kind: HTTP_ROUTE.kind, namespace }],
      to: [{ group: '', kind: 'Service', name: KEDA_INTERCEPTOR.name }],
    },
  };
}

/** Whether a grant is one that this project made. */
export function isOurGrant(grant: KubeObject): boolean {
  return grant.metadata.labels?.[LABEL.managed] === 'true';
}

/** The namespace whose routes a grant of ours is for. */
export function grantedNamespace(grant: KubeObject): string | undefined {
  return grant['spec']?.from?.[0]?.namespace;
}

/** Whether a route leads to a Service in this namespace, which is not its own. */
export function leadsTo(route: KubeObject, namespace: string): boolean {
  const rules = (route['spec']?.rules ?? []) as { backendRefs?: { namespace?: string }[] }[];
  return rules.some(({ backendRefs = [] }) => backendRefs.some((backend) => backend.namespace === namespace));
}
