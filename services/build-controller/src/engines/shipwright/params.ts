import { type Builder, type BuilderSpec, isEqual, isGiven, type KubeObject } from '@openfunction/api';
import { type BuildParam, makeEnvParam } from './env.ts';
import type { DeclaredParams } from './strategy.ts';
import type { ShipwrightVersion } from './version.ts';

/** What stands for a strategy that is not known (yet): Shipwright says what is wrong with that, and the Build is made anew. */
const ASSUMED: Record<ShipwrightVersion, DeclaredParams> = {
  v1beta1: new Map([
    ['builder-image', 'string'],
    ['dockerfile', 'string'],
    ['env', 'array'],
  ]),
  v1alpha1: new Map([['ENV_VARS', 'string']]),
};

/** The parameters that a strategy is taken to declare while it is not known. */
export function assumedParams(version: ShipwrightVersion): DeclaredParams {
  return ASSUMED[version];
}

/** Fields of a Builder that are parameters of strategies. */
const FIELDS = [
  ['builder-image', 'builder'],
  ['dockerfile', 'dockerfile'],
] as const;

/** The strategy as it is known, and the version of Shipwright that is spoken. */
export interface Target {
  version: ShipwrightVersion;
  /** Undefined while no such strategy is known. */
  declared: DeclaredParams | undefined;
}

/**
 * `paramValues` of a Build: what the strategy declares, and nothing else, as Shipwright refuses the others. What the user sets
 * in `spec.build.shipwright.params` is sent as it is and wins over ours of the same name.
 */
export function makeParams(builder: Builder, { version, declared = ASSUMED[version] }: Target): BuildParam[] {
  const own = (builder.spec.shipwright?.params ?? []).map(withoutNulls) as BuildParam[];
  const fields = FIELDS.flatMap(([name, field]) => {
    const value = builder.spec[field];
    const isWanted = isGiven(value) && declared.get(name) === 'string' && !own.some((param) => param.name === name);
    return isWanted ? [{ name, value }] : [];
  });
  const env = makeEnvParam(builder, declared);
  return [...fields, ...own, ...(env === undefined ? [] : [env])];
}

/** Fields of the Builder that Shipwright or the strategy has no place for, each with the reason: they change nothing. */
export function unusedFields({ spec }: Builder, strategy: string, { version, declared }: Target): string[] {
  const credentials = unusedCredentials(spec, version);
  const unused = credentials === undefined ? [] : [credentials];
  if (declared === undefined || version !== 'v1beta1') return unused;
  for (const [name, field] of FIELDS) {
    if (isGiven(spec[field]) && !declared.has(name))
      unused.push(`spec.build.${field} (${strategy} has no parameter ${name})`);
  }
  return unused;
}

/** `builderCredentials` with the reason why nobody reads it; undefined where it is read, or not set. */
export function unusedCredentials({ builder, builderCredentials }: BuilderSpec, version: string): string | undefined {
  if (!isGiven(builderCredentials?.name)) return undefined;
  if (version === 'v1beta1') return 'spec.build.builderCredentials (shipwright.io/v1beta1 has no place for it)';
  return isGiven(builder)
    ? undefined
    : 'spec.build.builderCredentials (there is no spec.build.builder that it would be for)';
}

/** Whether a Build has the parameters that are wanted now; their order, which conversion between versions changes, does not count. */
export function hasParams(build: KubeObject, wanted: readonly BuildParam[]): boolean {
  const live = (build['spec']?.paramValues ?? []) as BuildParam[];
  const byName = (params: readonly BuildParam[]) =>
    Object.fromEntries(params.map((param) => [param.name, withoutNulls(param)]));
  return isEqual(byName(live), byName(wanted));
}

/** Go writes fields that are not set as null. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && member !== undefined)
      .map(([name, member]) => [name, withoutNulls(member)]),
  );
}
