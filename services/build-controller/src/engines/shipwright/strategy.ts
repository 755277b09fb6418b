import {
  BUILD_STRATEGY,
  type Builder,
  type BuilderSpec,
  defaultBuildStrategy,
  type KubeObject,
} from '@openfunction/api';
import { type Privileges, privilegesIn } from './pod-security.ts';

/** The strategy of a build. */
export interface Strategy {
  name: string;
  kind: string;
}

/**
 * The parameters that a strategy declares: each takes one text, or a list of them. Those that Shipwright v1alpha1 fills in from fields
 * of the Build, which no parameter of a Build may set, are `built-in`; only `dockerfile` is told.
 */
export type DeclaredParams = ReadonlyMap<string, 'string' | 'array' | 'built-in'>;

/** How a strategy of v1alpha1 reads the Dockerfile of its Build. */
const READS_DOCKERFILE = /\$\((?:build\.dockerfile|params\.DOCKERFILE)\)/;

interface Parameter {
  name: string;
  type?: string;
}

/** What a Build shall name: the strategy of the Builder, else the default for what it builds. */
export function wantedStrategy({ shipwright, ...spec }: BuilderSpec): { name: string; kind?: string } {
  const { name, kind } = shipwright?.strategy ?? defaultBuildStrategy(spec);
  return kind === undefined || kind === '' ? { name } : { name, kind };
}

/** As the Build names it; a Build without a kind means the namespaced one (Shipwright's own default). */
export function strategyOf(builder: Builder, build: KubeObject | undefined): Strategy {
  const { name, kind } = build?.['spec']?.strategy ?? wantedStrategy(builder.spec);
  return { name, kind: kind ?? BUILD_STRATEGY.kind };
}

/** For people: a namespaced strategy with its namespace. */
export function nameOfStrategy({ kind, name }: Strategy, namespace: string): string {
  return kind === BUILD_STRATEGY.kind ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}

/** The parameters of a strategy object, of either version; a parameter without a type is a text. */
export function declaredParams(strategy: KubeObject): DeclaredParams {
  const parameters = (strategy['spec']?.parameters ?? []) as Parameter[];
  return new Map(parameters.map(({ name, type }) => [name, type === 'array' || type === 'built-in' ? type : 'string']));
}

/** Of a strategy, what is read here: its parameters, and in place of its steps what of them needs privileges. */
export function trimStrategy(strategy: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, spec = {} } = strategy;
  const parameters = ((spec.parameters ?? []) as Parameter[]).map(({ name, type }) => ({ name, type }));
  if (READS_DOCKERFILE.test(JSON.stringify(spec.buildSteps ?? [])))
    parameters.push({ name: 'dockerfile', type: 'built-in' });
  return { apiVersion, kind, metadata, spec: { parameters, privileges: privilegesIn(strategy) } };
}

/** What a trimmed strategy asks for that a level of Pod Security refuses. */
export function privilegesOf(strategy: KubeObject): Privileges {
  return strategy['spec']?.privileges ?? { baseline: [], restricted: [] };
}
