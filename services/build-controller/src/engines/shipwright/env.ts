import { type Builder, isGiven } from '@openfunction/api';
import type { DeclaredParams } from './strategy.ts';

/** One parameter of a Build. */
export interface BuildParam {
  name: string;
  value?: string;
  values?: { value?: string }[];
}

/** One variable in the environment of all steps of a strategy: an item of `spec.env` of a Build. */
export interface StepVariable {
  name: string;
  value?: string;
}

/** Why `spec.build.env` cannot be handed to a strategy. */
export interface EnvTrouble {
  cause: string;
  next: string;
}

type Env = readonly (readonly [name: string, value: string])[];

/** A way in which strategies take variables: by a parameter of this name and type. */
interface Carrier {
  name: string;
  type: 'string' | 'array';
  /** Whether its form keeps this value as it is. */
  keeps: (value: string) => boolean;
  pack: (env: Env) => Omit<BuildParam, 'name'>;
}

const LIST = {
  type: 'array',
  keeps: () => true,
  pack: (env: Env) => ({ values: env.map(([name, value]) => ({ value: `${name}=${escapeDollars(value)}` })) }),
} as const;

/**
 * In the order in which they are chosen. `env` is the word of our own strategies, `ENV_VARS` that of the original's, which split
 * it at each `#`, `build-args` that of Shipwright's samples for Dockerfiles.
 */
const CARRIERS: readonly Carrier[] = [
  { name: 'env', ...LIST },
  {
    name: 'ENV_VARS',
    type: 'string',
    keeps: (value) => !value.includes('#'),
    pack: (env) => ({ value: env.map(([name, value]) => `${name}=${escapeDollars(value)}#`).join('') }),
  },
  { name: 'build-args', ...LIST },
];

/** Tekton puts its own values in the place of these after it has filled in the parameters, and has no way to write them as text. */
const TEKTON_VARIABLE = /\$\((?:context|results|steps?|workspaces|credentials|artifacts)[.[][^)]*\)/;
/** In the environment of a step it fills in parameters, too. */
const TEKTON_PARAMETER = /\$\((?:inputs\.)?params[.[][^)]*\)/;

/**
 * `spec.build.env` as a parameter of the strategy, sorted by name; none when there is no env, or when the strategy cannot take it
 * (`findEnvTrouble` says why). What the user sets as a parameter of the same name stays the user's.
 */
export function makeEnvParam(builder: Builder, declared: DeclaredParams): BuildParam | undefined {
  const env = envOf(builder);
  const carrier = free(builder, declared).find(({ keeps }) => env.every(([, value]) => keeps(value)));
  return env.length === 0 || carrier === undefined ? undefined : { name: carrier.name, ...carrier.pack(env) };
}

/**
 * `spec.build.env` as variables of the strategy's own steps, sorted by name: Shipwright's own way, for a strategy that declares none of
 * the parameters. Undefined where there is no env, or it goes another way or none: what a Dockerfile builds sees no environment of the
 * process that builds it.
 */
export function makeStepEnv(builder: Builder, declared: DeclaredParams): StepVariable[] | undefined {
  const env = envOf(builder);
  if (env.length === 0 || !isForSteps(builder, declared)) return undefined;
  // Go leaves out an empty value when it writes the Build in another version.
  return env.map(([name, value]) => ({ name, ...(value !== '' && { value: escapeDollars(value) }) }));
}

function isForSteps({ spec }: Builder, declared: DeclaredParams): boolean {
  return !isGiven(spec.dockerfile) && !declared.has('dockerfile') && !CARRIERS.some(({ name }) => declared.has(name));
}

/** Why the strategy cannot take `spec.build.env` as it is written; undefined when it can. `strategy` is its name for people. */
export function findEnvTrouble(builder: Builder, declared: DeclaredParams, strategy: string): EnvTrouble | undefined {
  const env = envOf(builder);
  const isSteps = isForSteps(builder, declared);
  for (const [name, value] of env) {
    const [variable] = value.match(TEKTON_VARIABLE) ?? (isSteps ? value.match(TEKTON_PARAMETER) : null) ?? [];
    if (variable === undefined) continue;
    const cause = `Tekton would replace ${variable} in the value of ${name} (spec.build.env)`;
    return { cause, next: 'Write the value without it' };
  }
  if (env.length === 0 || isSteps || makeEnvParam(builder, declared) !== undefined) return undefined;
  const carriers = free(builder, declared);
  if (carriers.length === 0) return nothingTakesIt(builder, declared, strategy);
  const lost = env.find(([, value]) => !carriers.every(({ keeps }) => keeps(value)))?.[0];
  return {
    cause: `the value of ${lost} (spec.build.env) has a "#", at which the parameter ENV_VARS of ${strategy} divides`,
    next: 'Write the value without it, or choose a strategy with the list parameter env (spec.build.shipwright.strategy)',
  };
}

function nothingTakesIt(builder: Builder, declared: DeclaredParams, strategy: string): EnvTrouble {
  const taken = CARRIERS.find((carrier) => isDeclared(carrier, declared) && isSet(builder, carrier.name))?.name;
  if (taken !== undefined) {
    const cause = `spec.build.shipwright.params sets ${taken}, the parameter by which ${strategy} takes spec.build.env`;
    return { cause, next: 'Set one of the two' };
  }
  const names = CARRIERS.map(({ name, type }) => `${name} (${type})`).join(', ');
  return {
    cause: `${strategy} has no parameter that takes spec.build.env: ${names}`,
    next: 'Remove spec.build.env, add the parameter to the strategy, or choose another one (spec.build.shipwright.strategy)',
  };
}

function free(builder: Builder, declared: DeclaredParams): Carrier[] {
  return CARRIERS.filter((carrier) => isDeclared(carrier, declared) && !isSet(builder, carrier.name));
}

function isDeclared({ name, type }: Carrier, declared: DeclaredParams): boolean {
  return declared.get(name) === type;
}

function isSet({ spec }: Builder, param: string): boolean {
  return (spec.shipwright?.params ?? []).some(({ name }) => name === param);
}

function envOf({ spec }: Builder): Env {
  return Object.entries(spec.env ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Strategies read parameters in arguments and variables of a container. There the kubelet reads `$(NAME)` as a variable and `$$`
 * as one `$` (k8s.io/kubernetes third_party/forked/golang/expansion); neither Shipwright nor Tekton touch a `$` before it, as
 * Tekton fills in all parameters in one pass. A single `$` before anything else stays as it is everywhere.
 */
function escapeDollars(value: string): string {
  return value.replace(/\${2,}|\$(?=\()/g, (dollars) => dollars + dollars);
}
