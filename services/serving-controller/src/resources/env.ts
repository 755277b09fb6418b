import { daprModeOf, type EnvVar, type Gateway, isGiven } from '@openfunction/api';
import { appProtocol } from '../dapr/annotations.ts';
import { proxyServiceName } from '../dapr/proxy-service.ts';
import { functionName } from './children.ts';
import { type ContextInput, makeFunctionContext, makeFunctionContextV1beta2 } from './function-context.ts';
import { mergeTracing } from './tracing.ts';

/** What the variables of a function are made from. */
export interface EnvInput extends ContextInput {
  /** Of the function's route: it knows the DNS domain of the cluster. */
  gateway: Gateway | undefined;
  /** That domain, for functions without a Gateway. */
  clusterDomain: string;
}

export function domainOf({ gateway, clusterDomain }: Pick<EnvInput, 'gateway' | 'clusterDomain'>): string {
  return gateway?.spec.clusterDomain ?? clusterDomain;
}

/** One group of variables, e.g. those that lead to Dapr. */
export type EnvGroup = (input: EnvInput) => EnvVar[];

export function protocolEnv({ serving }: EnvInput): EnvVar[] {
  return [{ name: 'APP_PROTOCOL', value: appProtocol(serving) }];
}

export function contextEnv(input: EnvInput): EnvVar[] {
  return [
    { name: 'FUNC_CONTEXT', value: makeFunctionContext(input) },
    { name: 'FUNC_CONTEXT_V1BETA2', value: makeFunctionContextV1beta2(input) },
  ];
}

/** For the SkyWalking agents that frameworks of some languages load by themselves. */
export function skywalkingEnv({ serving, config }: EnvInput): EnvVar[] {
  const tracing = mergeTracing(serving, config);
  const { name, oapServer } = tracing?.provider ?? {};
  if (tracing?.enabled !== true || name !== 'skywalking' || !isGiven(oapServer)) return [];
  return [
    { name: 'SW_AGENT_COLLECTOR_BACKEND_SERVICES', value: oapServer },
    { name: 'SW_AGENT_NAME', value: functionName(serving) },
    { name: 'SW_AGENT_NAMESPACE', value: serving.metadata.namespace ?? '' },
    { name: 'SW_AGENT_KEEP_TRACING', value: 'true' },
  ];
}

/** In standalone mode Dapr is behind the Service of this Serving's proxy. */
export function daprEnv(input: EnvInput): EnvVar[] {
  const { serving } = input;
  if (daprModeOf(serving.spec) !== 'standalone') return [];
  const value = `${proxyServiceName(input)}.${serving.metadata.namespace}.svc.${domainOf(input)}`;
  return [
    { name: 'DAPR_HOST', value },
    { name: 'DAPR_SIDECAR_IP', value },
  ];
}

/** `spec.params`, by name. */
export function paramsEnv({ serving }: EnvInput): EnvVar[] {
  const params = Object.entries(serving.spec.params ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return params.map(([name, value]) => ({ name, value }));
}

export function podEnv({ serving }: EnvInput): EnvVar[] {
  return [
    { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    { name: 'POD_NAMESPACE', value: serving.metadata.namespace ?? '' },
  ];
}

/** The order of the original for each engine (controllers.md §3.4): of two variables of one name the last counts. */
export const ENV_ORDER = {
  knative: [protocolEnv, skywalkingEnv, contextEnv, paramsEnv, podEnv, daprEnv],
  kedaHttp: [protocolEnv, contextEnv, paramsEnv, podEnv, daprEnv],
  async: [protocolEnv, skywalkingEnv, contextEnv, daprEnv, paramsEnv, podEnv],
  proxy: [protocolEnv, contextEnv, podEnv],
} as const satisfies Record<string, readonly EnvGroup[]>;

/**
 * The user's variables, then ours. Kubernetes takes the last of one name, and server-side apply refuses two: the last one is kept.
 */
export function makeEnv(given: readonly EnvVar[], groups: readonly EnvGroup[], input: EnvInput): EnvVar[] {
  const all = [...given, ...groups.flatMap((group) => group(input))];
  return all.filter(({ name }, at) => all.findLastIndex((other) => other.name === name) === at);
}
