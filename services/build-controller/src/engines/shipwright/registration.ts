import { type Builder, isGiven, type KubeObject, legalReason, REASON } from '@openfunction/api';
import { plain } from '@openfunction/controller/pods';
import { type Rebuilds, thenAgain } from './again.ts';
import { type BuildStatus, buildStatusOf } from './status.ts';
import { nameOfStrategy, type Strategy, strategyOf } from './strategy.ts';

/** A Build that Shipwright does not accept: what is wrong with it, and what helps. */
export interface Refusal {
  cause: string;
  next: string;
  /** An object that it names does not exist: it is accepted as soon as the object is there. */
  missing: boolean;
  /** Whether that brings a new build where this one is over. */
  rebuilds: Rebuilds;
}

/** A refused Build as the user reads it. */
export interface RefusedBuild {
  reason: string;
  message: string;
  missing: 'strategy' | 'secret' | undefined;
}

interface Refused {
  builder: Builder;
  strategy: Strategy;
  registration: BuildStatus;
}

const STRATEGY_MISSING = new Set(['BuildStrategyNotFound', 'ClusterBuildStrategyNotFound']);
const SECRET_MISSING = new Set([
  'SpecSourceSecretRefNotFound',
  'SpecOutputSecretRefNotFound',
  'SpecBuilderSecretRefNotFound',
  'MultipleSecretRefNotFound',
]);

/** Said by the local platform of what only the real Shipwright can build. */
const NEEDS_CLUSTER = 'NeedsCluster';

/** Whether a reason, of a Build or of a BuildRun, is one that `explainRefusal` knows. */
export function isRefusal(reason: string): boolean {
  const known = STRATEGY_MISSING.has(reason) || SECRET_MISSING.has(reason) || Object.hasOwn(PARAMETER_CAUSES, reason);
  return known || reason === NEEDS_CLUSTER;
}

/** Whether a refusal is about the parameters of the Build, which follow those that the strategy declares. */
export function isAboutParams(reason: string): boolean {
  return Object.hasOwn(PARAMETER_CAUSES, reason);
}

/** Cause and next step for a reason of Shipwright's validation (build_types.go, pkg/validate). */
export function explainRefusal({ builder, strategy, registration }: Refused): Refusal {
  const { reason = '', message = '' } = registration;
  const namespace = builder.metadata.namespace ?? '';
  const named = nameOfStrategy(strategy, namespace);
  if (STRATEGY_MISSING.has(reason)) {
    const next = `Install it or name another in spec.build.shipwright.strategy (kubectl get ${strategy.kind.toLowerCase()})`;
    return { cause: `${named} not found`, next, missing: true, rebuilds: 'perhaps' };
  }
  if (SECRET_MISSING.has(reason)) {
    return { ...missingSecrets(builder, reason, message), missing: true, rebuilds: 'perhaps' };
  }
  if (Object.hasOwn(PARAMETER_CAUSES, reason)) {
    const next = `Correct spec.build.shipwright.params (kubectl get ${strategy.kind.toLowerCase()} ${strategy.name} -o yaml shows its parameters)`;
    return {
      cause: `${PARAMETER_CAUSES[reason]?.(named)}: ${listIn(message)}`,
      next,
      missing: false,
      rebuilds: 'perhaps',
    };
  }
  const cause = plain(message) || reason;
  if (reason === NEEDS_CLUSTER) {
    return { cause, next: 'Apply the Function to a cluster with Shipwright', missing: false, rebuilds: 'yes' };
  }
  return { cause, next: 'Correct spec.build', missing: false, rebuilds: 'perhaps' };
}

/** What a Build that is not accepted says; undefined while Shipwright has not looked at it, and when it is accepted. */
export function readRefusal(builder: Builder, build: KubeObject | undefined): RefusedBuild | undefined {
  const registration = buildStatusOf(build);
  if (build === undefined || registration.registered !== 'False') return undefined;
  const refusal = explainRefusal({ builder, strategy: strategyOf(builder, build), registration });
  const { cause, next, missing, rebuilds } = refusal;
  const cure = missing ? next + goesOn(registration.reason ?? '') : thenAgain(next, rebuilds, builder);
  const { namespace = '', name } = build.metadata;
  const { reason = '' } = registration;
  return {
    reason: legalReason(reason, REASON.failed),
    message: `Build ${namespace}/${name}: ${cause}. ${cure}. More: kubectl describe builds.shipwright.io -n ${namespace} ${name}`,
    missing: STRATEGY_MISSING.has(reason) ? 'strategy' : SECRET_MISSING.has(reason) ? 'secret' : undefined,
  };
}

/** Shipwright itself looks again when a Secret with this annotation appears. */
function goesOn(reason: string): string {
  const sooner =
    'within 10 minutes, at once if the Secret has the annotation build.shipwright.io/referenced.secret: "true"';
  return `; the build then starts by itself${SECRET_MISSING.has(reason) ? `, ${sooner}` : ''}`;
}

const PARAMETER_CAUSES: Record<string, (strategy: string) => string> = {
  MissingParameterValues: (strategy) => `${strategy} needs parameters that have no value`,
  UndefinedParameter: (strategy) => `${strategy} has no such parameters`,
  RestrictedParametersInUse: () => 'parameters that Shipwright keeps for itself are set',
  WrongParameterValueType: () => 'parameters have one value where a list is wanted, or a list where one is',
  InconsistentParameterValues: () => 'parameters have more than one of value, configMapValue and secretValue',
  EmptyArrayItemParameterValues: () => 'parameters have an item without value, configMapValue and secretValue',
  IncompleteConfigMapValueParameterValues: () => 'parameters have a configMapValue without name or key',
  IncompleteSecretValueParameterValues: () => 'parameters have a secretValue without name or key',
};

/** Shipwright's messages end in the names that they are about. */
function listIn(message: string): string {
  return plain(message.slice(message.lastIndexOf(': ') + 1));
}

function missingSecrets(builder: Builder, reason: string, message: string): Pick<Refusal, 'cause' | 'next'> {
  const { namespace = '' } = builder.metadata;
  const { srcRepo, imageCredentials, builderCredentials } = builder.spec;
  const source = { name: srcRepo.credentials?.name, field: 'spec.build.srcRepo.credentials' };
  const output = { name: imageCredentials?.name, field: 'spec.imageCredentials' };
  // Shipwright v1alpha1 alone has a place for these.
  const pull = { name: builderCredentials?.name, field: 'spec.build.builderCredentials' };
  const all = [source, output, pull].filter(({ name }) => isGiven(name));
  const said = all.filter(({ name = '' }) => message.split(/[\s,]+/).includes(name));
  const only = {
    SpecSourceSecretRefNotFound: source,
    SpecOutputSecretRefNotFound: output,
    SpecBuilderSecretRefNotFound: pull,
  };
  const byReason = Object.hasOwn(only, reason) ? [only[reason as keyof typeof only]] : all;
  const missing = (said.length > 0 ? said : byReason).map(
    ({ name, field }) => `Secret ${namespace}/${name} (${field})`,
  );
  const next = `Create ${missing.length > 1 ? 'them' : 'it'}`;
  return { cause: `${missing.join(' and ')} not found`, next };
}
