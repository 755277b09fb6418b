import {
  type Builder,
  type BuilderStatus,
  CONDITION,
  type ConditionInput,
  formatDuration,
  PHASE,
  REASON,
  RESOURCE_REF,
  STATE,
  setCondition,
} from '@openfunction/api';
import type { Note } from '@openfunction/kube';
import type { EnvTrouble } from './engines/shipwright/env.ts';
import type { Explanation } from './engines/shipwright/failure.ts';
import { shipwrightNames } from './engines/shipwright/make.ts';
import type { RefusedBuild } from './engines/shipwright/registration.ts';
import type { BuildResult } from './engines/shipwright/result.ts';

/** Shipwright is not there: the build starts when it is. */
export function markNotInstalled(builder: Builder, now: Date): BuilderStatus {
  const message =
    'Shipwright is not installed: neither v1beta1 nor v1alpha1 of builds.shipwright.io is served. The build starts when one is.';
  return stated(builder, {}, { status: 'Unknown', reason: REASON.dependencyMissing, message }, now);
}

/** The Build is written; Shipwright has not said yet whether it accepts it. */
export function markPending(builder: Builder, now: Date): BuilderStatus {
  const { namespace } = builder.metadata;
  const message = `Shipwright has not looked at Build ${namespace}/${shipwrightNames(builder).build} yet: the BuildRun starts when it has.`;
  return stated(builder, beforeRun(builder), { status: 'Unknown', reason: REASON.building, message }, now);
}

/** The Build names an object that does not exist: the build starts when it is there. */
export function markMissing(builder: Builder, refused: RefusedBuild, now: Date): BuilderStatus {
  const ready = { status: 'Unknown', reason: REASON.dependencyMissing, message: refused.message } as const;
  return stated(builder, beforeRun(builder), ready, now);
}

/** The strategy cannot take what the spec asks for: the build starts when it can, or the Function asks for something else. */
export function markUnsupported(builder: Builder, { cause, next }: EnvTrouble, now: Date): BuilderStatus {
  const message = `${cause}. ${next}; the build then starts by itself.`;
  const ready = { status: 'Unknown', reason: 'UnsupportedEnv', message } as const;
  return stated(builder, { phase: PHASE.build, state: STATE.building }, ready, now);
}

/** Build and BuildRun exist and go on, or are held up by something that may pass. */
export function markBuilding(builder: Builder, progress: Explanation, now: Date): BuilderStatus {
  const fields = { phase: PHASE.build, state: STATE.building, resourceRef: referencesOf(builder) };
  return stated(builder, fields, { status: 'Unknown', ...progress }, now);
}

/** The build is over, well or not. */
export function markEnded(builder: Builder, result: BuildResult, now: Date): BuilderStatus {
  const { state, reason, message, output, sources } = result;
  const created = Date.parse(builder.metadata.creationTimestamp ?? '');
  const seconds = Math.round((Date.parse(result.completedAt ?? now.toISOString()) - created) / 1000);
  const fields = {
    phase: PHASE.build,
    resourceRef: referencesOf(builder),
    state,
    reason,
    message,
    buildDuration: formatDuration(Math.max(0, seconds) * 1000),
    ...(output !== undefined && { output }),
    ...(sources !== undefined && { sources }),
  };
  const status = state === STATE.succeeded ? 'True' : 'False';
  return stated(builder, fields, { status, reason, message }, now);
}

/** The API server refused what the plan asked for. */
export function markFailed(builder: Builder, error: Error, now: Date): BuilderStatus {
  return stated(builder, {}, { status: 'False', reason: REASON.childRefused, message: error.message }, now);
}

/** Bad ends are told on the Builder too; good ones only on the Function. */
export function noteOf(builder: Builder, result: BuildResult): Note[] {
  if (result.state !== STATE.failed && result.state !== STATE.timeout) return [];
  const reason = result.state === STATE.timeout ? 'Timeout' : 'Failed';
  const message = result.state === STATE.timeout ? result.message : `Build failed: ${result.message}`;
  return [{ type: 'Warning', reason, message, action: 'Build', occasion: builder.metadata.name }];
}

/** The run is not recorded before it exists: a recorded run that is gone ends the build. */
function beforeRun(builder: Builder): Partial<BuilderStatus> {
  const resourceRef = { [RESOURCE_REF.shipwrightBuild]: shipwrightNames(builder).build };
  return { phase: PHASE.build, state: STATE.building, resourceRef };
}

function referencesOf(builder: Builder): Record<string, string> {
  const names = shipwrightNames(builder);
  return { [RESOURCE_REF.shipwrightBuild]: names.build, [RESOURCE_REF.shipwrightBuildRun]: names.run };
}

function stated(
  builder: Builder,
  fields: Partial<BuilderStatus>,
  ready: Omit<ConditionInput, 'type' | 'observedGeneration'>,
  now: Date,
): BuilderStatus {
  const observedGeneration = builder.metadata.generation ?? 0;
  const before = builder.status?.conditions;
  let conditions = setCondition(before, { type: CONDITION.ready, observedGeneration, ...ready }, now);
  const side = { observedGeneration, reason: ready.reason, message: ready.message, status: 'True' as const };
  conditions = setCondition(
    conditions,
    { ...side, type: CONDITION.reconciling, status: ready.status === 'Unknown' ? 'True' : 'False' },
    now,
  );
  conditions = setCondition(
    conditions,
    { ...side, type: CONDITION.stalled, status: ready.status === 'False' ? 'True' : 'False' },
    now,
  );
  return { ...builder.status, ...fields, observedGeneration, conditions };
}
