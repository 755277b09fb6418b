import {
  ANNOTATION,
  type Container,
  DAPR_PROXY_CONTAINER,
  DEPLOYMENT,
  daprModeOf,
  FUNCTION_CONTAINER,
  FUNCTION_PORT_NAME,
  getsEventsByProxy,
  type KubeObject,
  type PodSpec,
  RESOURCE_REF,
  SCALED_OBJECT,
  type Serving,
} from '@openfunction/api';
import { nameChild } from '../resources/children.ts';
import { ENV_ORDER, type EnvInput, makeEnv } from '../resources/env.ts';
import { plainVersion, proxyLabels, userLabels } from '../resources/labels.ts';
import { pullSecretsOf } from '../resources/pod.ts';
import { fewestReplicas } from '../resources/replicas.ts';
import { makeScaledObject, type ScalerSpec } from '../resources/scaled-object.ts';
import { makeWorkload } from '../resources/workload.ts';
import { portOf, proxyAnnotations } from './annotations.ts';
import { eventServiceName } from './proxy-service.ts';

/** Where the proxy may run, as whom, and how confined: as the function does (Q32). */
const INHERITED = [
  'nodeSelector',
  'affinity',
  'tolerations',
  'topologySpreadConstraints',
  'schedulerName',
  'priorityClassName',
  'serviceAccountName',
  'securityContext',
] as const;

/** What quotas ask for. Devices and claims are the function's alone. */
const INHERITED_RESOURCES: readonly string[] = ['cpu', 'memory', 'ephemeral-storage'];

const KEY = 'proxy-deployment';

/** What the proxy is made from. */
export interface ProxyInput extends EnvInput {
  owned: readonly KubeObject[];
}

export function proxyName(input: ProxyInput): string {
  const what = `proxy-deployment-${plainVersion(input.serving)}`;
  const recorded = input.serving.status?.resourceRef?.[RESOURCE_REF.daprProxy];
  return nameChild(input, { kind: DEPLOYMENT, what, key: KEY, recorded });
}

/** How the status names the proxy; nothing unless there is one. */
export function proxyRef(input: ProxyInput): Record<string, string> {
  return daprModeOf(input.serving.spec) === 'standalone' ? { [RESOURCE_REF.daprProxy]: proxyName(input) } : {};
}

/**
 * The proxy of a function in standalone mode (controllers.md §3.6): a Deployment with Dapr's sidecar in which the function has none.
 * Where the workload scales from zero by events, so does the proxy, by the same ones: with events to read it is awake when the workload
 * is, and otherwise it would read them away from under the scaler (Q32, docs/adr/0016).
 * @param scaler what scales the workload, when that may go to zero
 */
export function makeProxy(input: ProxyInput, scaler?: ScalerSpec): KubeObject[] {
  const { serving, owned } = input;
  if (daprModeOf(serving.spec) !== 'standalone') return [];
  const name = proxyName(input);
  const labels = { ...userLabels(serving), ...proxyLabels(serving) };
  const annotations = proxyAnnotations(serving);
  const deployment = makeWorkload(serving, owned, {
    kind: DEPLOYMENT,
    name,
    key: KEY,
    selector: proxyLabels(serving),
    template: {
      metadata: { labels, annotations },
      spec: makeProxyPod(input, Number(annotations[ANNOTATION.daprAppPort]), scaler),
    },
    replicas: scaler === undefined ? 1 : undefined,
  });
  return scaler === undefined ? [deployment] : [deployment, makeProxyScaler(input, name, scaler)];
}

function makeProxyScaler(input: ProxyInput, proxy: string, scaler: ScalerSpec): KubeObject {
  const name = nameChild(input, { kind: SCALED_OBJECT, what: 'proxy-scaler' });
  const { fallback: _fallback, advanced: _advanced, ...spec } = scaler;
  return makeScaledObject(input.serving, name, {
    ...spec,
    scaleTargetRef: { kind: DEPLOYMENT.kind, name: proxy, envSourceContainerName: DAPR_PROXY_CONTAINER },
    minReplicaCount: fewestReplicas(input.serving, 0),
    maxReplicaCount: 1,
  });
}

function makeProxyPod(input: ProxyInput, port: number, scaler: ScalerSpec | undefined): PodSpec {
  const { serving, config } = input;
  const template: Partial<PodSpec> = serving.spec.template ?? {};
  const inherited = Object.fromEntries(
    INHERITED.flatMap((field) => (template[field] === undefined ? [] : [[field, template[field]]])),
  );
  const pullSecrets = pullSecretsOf(serving);
  return {
    ...inherited,
    ...runtimeClassOf(serving),
    ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets }),
    containers: [
      {
        name: DAPR_PROXY_CONTAINER,
        image: config.daprProxyImage,
        imagePullPolicy: 'IfNotPresent',
        ports: [{ name: FUNCTION_PORT_NAME, containerPort: port || portOf(serving), protocol: 'TCP' }],
        ...confinement(functionContainer(serving)),
        ...triggerEnv(input, scaler),
      },
    ],
  };
}

/** The proxy sends events to the name in its context: there the pods of this version are, and no other's. */
function addressee(input: ProxyInput): Pick<ProxyInput, 'calledAs'> {
  return getsEventsByProxy(input.serving.spec) ? { calledAs: eventServiceName(input) } : {};
}

/** The user's; that of a WebAssembly function cannot run the proxy. */
function runtimeClassOf({ metadata, spec }: Serving): Pick<PodSpec, 'runtimeClassName'> {
  const { runtimeClassName } = spec.template ?? {};
  const isWasm = metadata.annotations?.[ANNOTATION.wasmVariant] !== undefined;
  return runtimeClassName === undefined || isWasm ? {} : { runtimeClassName };
}

/** What a namespace with a quota or with PodSecurity demands of the function's container, it demands of the proxy's. */
function confinement({ resources, securityContext }: Partial<Container>): Partial<Container> {
  const { limits, requests } = resources ?? {};
  const inherited = { ...amounts('limits', limits), ...amounts('requests', requests) };
  return {
    ...(Object.keys(inherited).length > 0 && { resources: inherited }),
    ...(securityContext !== undefined && { securityContext }),
  };
}

function amounts<Amount>(field: 'limits' | 'requests', given: Record<string, Amount> | undefined) {
  const inherited = Object.entries(given ?? {}).filter(([name]) => INHERITED_RESOURCES.includes(name));
  return inherited.length === 0 ? {} : { [field]: Object.fromEntries(inherited) };
}

/** The container `function` of the user's template, if there is one. */
function functionContainer({ spec }: Serving): Partial<Container> {
  return spec.template?.containers?.findLast(({ name }) => name === FUNCTION_CONTAINER) ?? {};
}

/** KEDA takes what triggers name in `…FromEnv` from the container that it scales: the proxy gets those variables of the function. */
function triggerEnv(input: ProxyInput, scaler: ScalerSpec | undefined): Pick<Container, 'env'> {
  const metadata = (scaler?.triggers ?? []).flatMap((trigger) => Object.entries(trigger.metadata ?? {}));
  const named = metadata.flatMap(([field, value]) => (field.endsWith('FromEnv') ? [value] : []));
  const { env = [], envFrom } = functionContainer(input.serving);
  const params = Object.entries(input.serving.spec.params ?? {}).map(([name, value]) => ({ name, value }));
  const given = [...env, ...params].filter(({ name }) => named.includes(name));
  return {
    ...(named.length > 0 && envFrom !== undefined && { envFrom }),
    env: makeEnv(given, ENV_ORDER.proxy, { ...input, ...addressee(input) }),
  };
}
