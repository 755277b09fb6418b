import {
  ANNOTATION,
  type Container,
  type ContainerPort,
  type EnvVar,
  FUNCTION_CONTAINER,
  isGiven,
  type PodSpec,
  type Serving,
  WASM,
} from '@openfunction/api';

/** What an engine puts into the container `function`. */
export interface FunctionContainer {
  port: ContainerPort;
  /** Whether the engine allows no other port beside it. */
  isOnlyPort?: boolean;
  /** How it shows that it is ready, where the user does not say. */
  readinessProbe?: NonNullable<Container['readinessProbe']>;
  /** All variables of the container, from those that the user gave it. */
  env: (given: readonly EnvVar[]) => EnvVar[];
}

/** The pod of a function: the user's template, in which the container `function` runs the image (controllers.md §3.3). */
export function makePodSpec(serving: Serving, made: FunctionContainer): PodSpec {
  const template = serving.spec.template ?? { containers: [] };
  const pullSecrets = pullSecretsOf(serving);
  return {
    ...template,
    ...runtimeClass(serving, template),
    ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets }),
    containers: withFunction(template.containers ?? [], serving.spec.image, made),
  };
}

/** The template's pull secrets and the one of the Function, each once: server-side apply refuses the same twice. */
export function pullSecretsOf({ spec }: Serving): { name?: string }[] {
  const given = spec.template?.imagePullSecrets ?? [];
  const name = spec.imageCredentials?.name;
  return !isGiven(name) || given.some((secret) => secret.name === name) ? given : [...given, { name }];
}

/** Puts image, port, variables and probe into the container `function` (the last one of that name), or appends one. */
function withFunction(containers: readonly Container[], image: string, made: FunctionContainer): Container[] {
  const at = containers.findLastIndex(({ name }) => name === FUNCTION_CONTAINER);
  const given = containers[at] ?? { name: FUNCTION_CONTAINER, imagePullPolicy: 'IfNotPresent' };
  const readinessProbe = given.readinessProbe ?? made.readinessProbe;
  const filled: Container = {
    ...given,
    image,
    ports: withPort(given.ports ?? [], made),
    env: made.env(given.env ?? []),
    ...(readinessProbe !== undefined && { readinessProbe }),
  };
  return at < 0 ? [...containers, filled] : containers.with(at, filled);
}

/** A port that the user has described already keeps the user's name for it. */
function withPort(ports: ContainerPort[], { port, isOnlyPort = false }: FunctionContainer): ContainerPort[] {
  const same = ports.find(
    ({ containerPort, protocol = 'TCP' }) => containerPort === port.containerPort && protocol === 'TCP',
  );
  if (isOnlyPort) return [same ?? port];
  return same === undefined ? [...ports, port] : ports;
}

function runtimeClass({ metadata }: Serving, template: PodSpec): Partial<PodSpec> {
  const wasm = metadata.annotations?.[ANNOTATION.wasmVariant] !== undefined;
  return wasm && template.runtimeClassName === undefined ? { runtimeClassName: WASM.runtimeClass } : {};
}
