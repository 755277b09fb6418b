import { DEFAULT_BUILD_STRATEGY, parseDuration } from '@openfunction/api';
import { parseReference } from '../images/reference.ts';
import type { BuildRequest } from './build-request.ts';
import { parseEnvVars } from './env-vars.ts';
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

/** The parameters that the strategy `openfunction` declares: controllers.md §2.6, and the builder image of v1beta1. */
export const STRATEGY_PARAMETERS = [
  'ENV_VARS', 'builder-image', 'dockerfile', 'PROCESS_TYPE', 'RUN_IMAGE', 'CACHE_IMAGE', 'SKIP_RESTORE', 'USER_ID', 'GROUP_ID', 'PLATFORM_DIR', 'BASH_IMAGE',
]; // biome-ignore format: one list

/** Why Shipwright would not register the Build here, or undefined. */
export function refuseBuild({ strategy }: BuildSpec): Refusal | undefined {
  const name = strategy?.name ?? '';
  const kind = strategy?.kind ?? 'BuildStrategy';
  if (name === DEFAULT_BUILD_STRATEGY.name && kind === DEFAULT_BUILD_STRATEGY.kind) return undefined;
  const message = `${kind} ${JSON.stringify(name)} needs a cluster: the local builder has only the ClusterBuildStrategy ${JSON.stringify(DEFAULT_BUILD_STRATEGY.name)}`;
  return {
    reason: kind === 'ClusterBuildStrategy' ? 'ClusterBuildStrategyNotFound' : 'BuildStrategyNotFound',
    message,
  };
}

/** What a Build and its BuildRun ask for together; the run's own values win. */
export function makeRequest(build: BuildSpec, run: BuildRunSpec): Runnable | Refusal {
  const { source = {}, strategy: _strategy } = build;
  const params = mergeParams(build.paramValues, run.paramValues);
  const refusal = refuseParams(params) ?? refuseSource(source, params);
  if (refusal !== undefined) return refusal;
  const image = run.output?.image ?? build.output?.image ?? '';
  if (parseReference(image) === undefined)
    return failed(`the output image ${JSON.stringify(image)} is no image reference`);
  const stepEnv = [...(build.env ?? []), ...(run.env ?? [])].map(({ name, value }) => [name, value ?? ''] as const);
  const env = { ...Object.fromEntries(stepEnv), ...parseEnvVars(params.get('ENV_VARS')?.value ?? '') };
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

function refuseParams(params: Map<string, ParamValue>): Refusal | undefined {
  const unknown = [...params.keys()].filter((name) => !STRATEGY_PARAMETERS.includes(name));
  if (unknown.length > 0) {
    return {
      reason: 'UndefinedParameter',
      message: `The following parameters are not defined in the build strategy: ${unknown.join(', ')}`,
    };
  }
  for (const { name, values, configMapValue, secretValue } of params.values()) {
    if (values)
      return {
        reason: 'WrongParameterValueType',
        message: `The values for the following parameters are using the wrong type: ${name}`,
      };
    if (configMapValue || secretValue)
      return failed(`the parameter ${name} takes its value from a ConfigMap or Secret, which needs a cluster`);
  }
  return undefined;
}

function refuseSource(source: NonNullable<BuildSpec['source']>, params: Map<string, ParamValue>): Refusal | undefined {
  if (source.type === 'OCI' || source.ociArtifact !== undefined) {
    return failed(
      'a source bundle in an image registry needs a cluster: the local builder builds from Git repositories',
    );
  }
  if (params.get('dockerfile')?.value)
    return failed(
      'a build by Dockerfile needs a cluster: the local builder builds Go, Node and Python functions from their source',
    );
  return source.git?.url ? undefined : failed('the Build names no Git repository');
}
