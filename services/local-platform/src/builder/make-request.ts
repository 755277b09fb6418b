import { DEFAULT_BUILD_STRATEGY, parseDuration } from '@openfunction/api';
import { parseReference } from '../images/reference.ts';
import type { BuildRequest } from './build-request.ts';
import { parseEnv } from './env-vars.ts';
import type { BuildRunSpec, BuildSpec, ParamValue } from './shipwright.ts';

/** A run that can be tried. */
export interface Runnable {
  request: BuildRequest;
  /** Name of the Secret with the repository's credentials. */
  cloneSecret?: string | undefined;
  timeoutMs?: number | undefined;
}

/** A run that cannot: `reason` is the reason of its condition, in Shipwright's words where Shipwright has them. */
export interface Refusal {
  reason: string;
  message: string;
}

/** The parameters that the strategy `openfunction` declares, here as on a cluster (deploy/strategies). */
export const STRATEGY_PARAMETERS: Readonly<Record<string, 'string' | 'array'>> = {
  'builder-image': 'string',
  env: 'array',
  ENV_VARS: 'string',
  PROCESS_TYPE: 'string',
  RUN_IMAGE: 'string',
  CACHE_IMAGE: 'string',
  SKIP_RESTORE: 'string',
  USER_ID: 'string',
  GROUP_ID: 'string',
  'platform-api': 'string',
  'registry-insecure': 'string',
  PLATFORM_DIR: 'string',
  BASH_IMAGE: 'string',
};

const HERE = 'the local platform builds Go, Node and Python functions from a Git repository';

/** Why Shipwright would not register the Build here, or undefined. */
export function refuseBuild({ source = {}, strategy, paramValues = [] }: BuildSpec): Refusal | undefined {
  if (source.type === 'OCI' || source.ociArtifact !== undefined)
    return needsCluster(`a source bundle in an image registry needs a cluster: ${HERE}`);
  const name = strategy?.name ?? '';
  const kind = strategy?.kind ?? 'BuildStrategy';
  if (name === DEFAULT_BUILD_STRATEGY.name && kind === DEFAULT_BUILD_STRATEGY.kind) return undefined;
  if (paramValues.some((param) => param.name === 'dockerfile' && param.value))
    return needsCluster(`a build by Dockerfile (${kind} ${name}) needs a cluster: ${HERE}`);
  const here = `the local platform has only the ClusterBuildStrategy ${DEFAULT_BUILD_STRATEGY.name}`;
  return needsCluster(`${kind} ${name} needs a cluster: ${here}`);
}

function needsCluster(message: string): Refusal {
  return { reason: 'NeedsCluster', message };
}

/** What a Build and its BuildRun ask for together; the run's own values win. */
export function makeRequest(build: BuildSpec, run: BuildRunSpec): Runnable | Refusal {
  const { source = {}, strategy: _strategy } = build;
  const params = mergeParams(build.paramValues, run.paramValues);
  const refusal = refuseParams(params);
  if (refusal !== undefined) return refusal;
  if (!source.git?.url) return failed('the Build names no Git repository');
  const image = run.output?.image ?? build.output?.image ?? '';
  if (parseReference(image) === undefined)
    return failed(`the output image ${JSON.stringify(image)} is no image reference`);
  const stepEnv = [...(build.env ?? []), ...(run.env ?? [])].map(({ name, value }) => [name, value ?? ''] as const);
  const variables = parseEnv(pairsOf(params.get('env')), params.get('ENV_VARS')?.value ?? '');
  if (variables === undefined)
    return { reason: 'InvalidEnv', message: 'a build variable (spec.build.env) is not of the form NAME=value' };
  const env = { ...Object.fromEntries(stepEnv), ...variables };
  const { git = {}, contextDir } = source;
  const builderImage = params.get('builder-image')?.value ?? undefined;
  const request = {
    source: { url: git.url ?? '', revision: git.revision || undefined, contextDir },
    image,
    builderImage,
    env,
  };
  const timeout = run.timeout ?? build.timeout;
  return {
    request,
    cloneSecret: git.cloneSecret,
    timeoutMs: timeout === undefined ? undefined : parseDuration(timeout),
  };
}

/** Whether the answer of `makeRequest` is a refusal. */
export function isRefusal(answer: Runnable | Refusal): answer is Refusal {
  return 'reason' in answer;
}

function failed(message: string): Refusal {
  return { reason: 'Failed', message };
}

function mergeParams(...lists: (ParamValue[] | undefined)[]): Map<string, ParamValue> {
  return new Map(lists.flatMap((list) => list ?? []).map((param) => [param.name, param]));
}

function pairsOf(env: ParamValue | undefined): string[] {
  return (env?.values ?? []).map(({ value }) => value ?? '');
}

function refuseParams(params: Map<string, ParamValue>): Refusal | undefined {
  const unknown = [...params.keys()].filter((name) => !Object.hasOwn(STRATEGY_PARAMETERS, name));
  if (unknown.length > 0) {
    return {
      reason: 'UndefinedParameter',
      message: `The following parameters are not defined in the build strategy: ${unknown.join(', ')}`,
    };
  }
  for (const param of params.values()) {
    const { name, values } = param;
    if (STRATEGY_PARAMETERS[name] === 'array' ? !values : values) {
      return {
        reason: 'WrongParameterValueType',
        message: `The values for the following parameters are using the wrong type: ${name}`,
      };
    }
    if ([param, ...(values ?? [])].some(({ configMapValue, secretValue }) => configMapValue || secretValue))
      return needsCluster(`the parameter ${name} takes its value from a ConfigMap or Secret, which needs a cluster`);
  }
  return undefined;
}
