import {
  apiVersionOf,
  childMeta,
  DEPLOYMENT,
  FUNCTION_PORT_NAME,
  HTTP_SCALED_OBJECT,
  type Kind,
  type KubeObject,
  RESOURCE_REF,
  SERVICE,
  SERVICE_PORT,
  type Serving,
} from '@openfunction/api';
import { podAnnotations, portOf } from '../../dapr/annotations.ts';
import { makeComponents, neededByDapr, refsOfDapr } from '../../dapr/components.ts';
import { makeProxy, proxyRef } from '../../dapr/proxy.ts';
import { makeProxyServices } from '../../dapr/proxy-service.ts';
import { nameChild, type Owner } from '../../resources/children.ts';
import { ENV_ORDER, makeEnv } from '../../resources/env.ts';
import { managedLabels, plainVersion, workloadLabels } from '../../resources/labels.ts';
import { makePodSpec } from '../../resources/pod.ts';
import { fewestReplicas } from '../../resources/replicas.ts';
import { makeWorkload } from '../../resources/workload.ts';
import type { Engine, EngineInput } from '../engine.ts';
import { hostsOf, pathPrefixesOf, rulesOf } from './interception.ts';

/** The HTTP add-on of KEDA (controllers.md §3.10). Without `scaleOptions.keda` nothing scales, and the add-on is not needed. */
export const kedaHttpEngine: Engine = {
  name: 'KEDA HTTP',
  needs,
  make: (input) => [
    ...makeComponents(input),
    ...makeProxyServices(input),
    makeDeployment(input),
    makeService(input),
    ...(isScaled(input.serving) ? [makeHttpScaledObject(input)] : []),
    ...makeProxy(input),
  ],
  refer: (input) => ({
    resourceRef: {
      [RESOURCE_REF.kedaHttpDeployment]: deploymentOf(input),
      ...(isScaled(input.serving) && { [RESOURCE_REF.kedaHttpScaledObject]: scalerOf(input) }),
      ...refsOfDapr(input),
      ...proxyRef(input),
    },
    service: serviceOf(input),
  }),
};

const DEFAULT_PENDING_REQUESTS = 100;
const DEFAULT_SCALE_DOWN_SECONDS = 300;

function needs(serving: Serving): Kind[] {
  return [DEPLOYMENT, ...(isScaled(serving) ? [HTTP_SCALED_OBJECT] : []), ...neededByDapr(serving.spec)];
}

function isScaled({ spec }: Serving): boolean {
  return (spec.scaleOptions?.keda ?? undefined) !== undefined;
}

function deploymentOf(owner: Owner): string {
  const recorded = owner.serving.status?.resourceRef?.[RESOURCE_REF.kedaHttpDeployment];
  const what = `deployment-${plainVersion(owner.serving)}`;
  return nameChild(owner, { kind: DEPLOYMENT, what, key: 'deployment', recorded });
}

function serviceOf(owner: Owner): string {
  const { service, url } = owner.serving.status ?? {};
  const what = `service-${plainVersion(owner.serving)}`;
  return nameChild(owner, { kind: SERVICE, what, key: 'service', recorded: service ?? url });
}

function scalerOf(owner: Owner): string {
  const recorded = owner.serving.status?.resourceRef?.[RESOURCE_REF.kedaHttpScaledObject];
  return nameChild(owner, { kind: HTTP_SCALED_OBJECT, what: 'scaler', recorded });
}

function makeDeployment(input: EngineInput): KubeObject {
  const { serving, owned } = input;
  const { minReplicas = 0 } = serving.spec.scaleOptions ?? {};
  const labels = workloadLabels(serving, managedLabels(serving), plainVersion(serving));
  const spec = makePodSpec(serving, {
    port: { name: FUNCTION_PORT_NAME, containerPort: portOf(serving), protocol: 'TCP' },
    readinessProbe: listens(portOf(serving)),
    env: (given) => makeEnv(given, ENV_ORDER.kedaHttp, input),
  });
  return makeWorkload(serving, owned, {
    kind: DEPLOYMENT,
    name: deploymentOf(input),
    key: 'deployment',
    selector: managedLabels(serving),
    template: { metadata: { labels, annotations: podAnnotations(serving) }, spec },
    replicas: isScaled(serving) ? undefined : Math.max(1, minReplicas),
  });
}

/** Running alone says nothing of requests: as Knative does, ask whether something listens, often enough for a start from zero. */
function listens(port: number) {
  return { tcpSocket: { port }, periodSeconds: 1 };
}

function makeService(input: EngineInput): KubeObject {
  const { serving } = input;
  return {
    apiVersion: apiVersionOf(SERVICE),
    kind: SERVICE.kind,
    metadata: childMeta(serving, serviceOf(input), { labels: managedLabels(serving) }),
    spec: {
      selector: managedLabels(serving),
      ports: [{ port: SERVICE_PORT, targetPort: portOf(serving), protocol: 'TCP' }],
    },
  };
}

/** The fewest replicas are always said: the add-on merges into its ScaledObject, where a number that is left out stays as it was. */
function makeHttpScaledObject(input: EngineInput): KubeObject {
  const { serving, scaleTargetByName } = input;
  const { minReplicas = 0, maxReplicas, keda } = serving.spec.scaleOptions ?? {};
  const { targetPendingRequests, cooldownPeriod } = keda?.httpScaledObject ?? {};
  const deployment = deploymentOf(input);
  const target = scaleTargetByName
    ? { name: deployment, kind: DEPLOYMENT.kind, apiVersion: apiVersionOf(DEPLOYMENT) }
    : { deployment };
  const pathPrefixes = pathPrefixesOf(rulesOf(serving));
  return {
    apiVersion: apiVersionOf(HTTP_SCALED_OBJECT),
    kind: HTTP_SCALED_OBJECT.kind,
    metadata: childMeta(serving, scalerOf(input), { labels: managedLabels(serving) }),
    spec: {
      hosts: hostsOf(input),
      ...(pathPrefixes.length > 0 && { pathPrefixes }),
      scaleTargetRef: { ...target, service: serviceOf(input), port: SERVICE_PORT },
      replicas: { min: fewestReplicas(serving, minReplicas), ...(maxReplicas !== undefined && { max: maxReplicas }) },
      targetPendingRequests: targetPendingRequests ?? DEFAULT_PENDING_REQUESTS,
      scaledownPeriod: cooldownPeriod ?? DEFAULT_SCALE_DOWN_SECONDS,
    },
  };
}
