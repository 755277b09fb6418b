import {
  ANNOTATION,
  type Container,
  type ContainerPort,
  type EnvVar,
  FUNCTION_CONTAINER,
  type PodSpec,
  type Serving,
  WASM,
} from '@openfunction/api';
import { makeFunctionContext, makeFunctionContextV1beta2 } from './function-context.ts';

/** The pod of a function: the user's template, in which the container `function` runs the image (controllers.md §3.3). */
export function makePodSpec(serving: Serving, port: ContainerPort, annotations: Record<string, string>): PodSpec {
  const template = serving.spec.template ?? { containers: [] };
  const secret = serving.spec.imageCredentials?.name;
  const pullSecrets = [...(template.imagePullSecrets ?? []), ...(secret === undefined ? [] : [{ name: secret }])];
  return {
    ...template,
    ...runtimeClass(serving, template),
    ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets }),
    containers: withFunction(template.containers ?? [], serving, port, annotations),
  };
}

/** Puts image, port and variables into the container `function` (the last one of that name), or appends one. */
function withFunction(
  containers: Container[],
  serving: Serving,
  port: ContainerPort,
  annotations: Record<string, string>,
): Container[] {
  const at = containers.findLastIndex(({ name }) => name === FUNCTION_CONTAINER);
  const given = containers[at] ?? { name: FUNCTION_CONTAINER, imagePullPolicy: 'IfNotPresent' };
  const filled: Container = {
    ...given,
    image: serving.spec.image,
    ports: [...(given.ports ?? []), port],
    env: [...(given.env ?? []), ...makeEnv(serving, annotations)],
  };
  return at < 0 ? [...containers, filled] : containers.with(at, filled);
}

/** The variables of the function container, after the user's own and in the order of controllers.md §3.4. */
function makeEnv(serving: Serving, annotations: Record<string, string>): EnvVar[] {
  const params = Object.entries(serving.spec.params ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    { name: 'APP_PROTOCOL', value: annotations['dapr.io/app-protocol'] ?? 'grpc' },
    { name: 'FUNC_CONTEXT', value: makeFunctionContext(serving) },
    { name: 'FUNC_CONTEXT_V1BETA2', value: makeFunctionContextV1beta2(serving) },
    ...params.map(([name, value]) => ({ name, value })),
    { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    { name: 'POD_NAMESPACE', value: serving.metadata.namespace ?? 'default' },
  ];
}

function runtimeClass(serving: Serving, template: PodSpec): Partial<PodSpec> {
  const wasm = serving.metadata.annotations?.[ANNOTATION.wasmVariant] !== undefined;
  return wasm && template.runtimeClassName === undefined ? { runtimeClassName: WASM.runtimeClass } : {};
}
