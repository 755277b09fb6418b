import {
  type Builder,
  type BuilderStatus,
  createdAt,
  formatDuration,
  type Kind,
  type KubeObject,
  kindId,
  PHASE,
  REASON,
  RESOURCE_REF,
  type ReadyInput,
  STATE,
  setReady,
} from '@openfunction/api';
import { explainRefusal } from '@openfunction/controller/pods';
import type { Note } from '@openfunction/kube';
import type { Explanation } from './engines/shipwright/failure.ts';
import { shipwrightNames } from './engines/shipwright/make.ts';
import type { RefusedBuild } from './engines/shipwright/registration.ts';
import type { BuildResult } from './engines/shipwright/result.ts';

/** What holds a build up until somebody mends it: the beginning of a sentence, and the next step. */
export interface Trouble {
  cause: string;
  next: string;
}

/** Shipwright is not there: the build starts when it is. */
export function markNotInstalled(builder: Builder, now: Date): BuilderStatus {
  const message =
    'Shipwright is not installed: neither v1beta1 nor v1alpha1 of builds.shipwright.io is served. The build starts when one is.';
  return stated(builder, {}, { status: 'Unknown', reason: REASON.dependencyMissing, message }, now);
}

/** Shipwright's objects are there and cannot be read: nothing is known of the build until they can. */
export function markUnreadable(builder: Builder, { kind, why }: { kind: Kind; why: string }, now: Date): BuilderStatus {
  const { cause, next } = unreadableTrouble(kind, why);
  const message = `${kindId(kind)} cannot be listed: ${cause}. ${next}; the build then goes on by itself.`;
  return stated(builder, {}, { status: 'Unknown', reason: REASON.dependencyMissing, message }, now);
}

/** Classed, not quoted: each replica may have heard other words, and a status that changes is a write. */
function unreadableTrouble(kind: Kind, why: string): Trouble {
  const look = `kubectl get ${kindId(kind)} -A`;
  if (/conversion webhook/i.test(why))
    return {
      cause: 'its conversion webhook does not work',
      next: `Mend Shipwright's webhook (${look} shows the error)`,
    };
  if (/forbidden/i.test(why))
    return {
      cause: 'the role of the build-controller does not allow it',
      next: 'Install the roles of the build-controller again',
    };
  return { cause: 'the API server answers with an error', next: `Mend what ${look} shows` };
}

/** The Build is written; Shipwright has not said yet whether it accepts it. What will go wrong after that is said already. */
export function markPending(builder: Builder, foretold: string | undefined, now: Date): BuilderStatus {
  const { namespace } = builder.metadata;
  const waiting = `Shipwright has not looked at Build ${namespace}/${shipwrightNames(builder).build} yet: the BuildRun starts when it has.`;
  return markWaiting(builder, waiting, foretold, now);
}

/** Shipwright accepts the Build before its strategy is known here, which decides how `spec.build.env` is sent. */
export function markUnknownStrategy(builder: Builder, strategy: string, foretold: string | undefined, now: Date) {
  const waiting = `${strategy} is not known here yet, nor how it takes spec.build.env: the BuildRun starts when it is.`;
  return markWaiting(builder, waiting, foretold, now);
}

function markWaiting(builder: Builder, waiting: string, foretold: string | undefined, now: Date): BuilderStatus {
  const message = foretold === undefined ? waiting : `${waiting} ${foretold}`;
  return stated(builder, beforeRun(builder), { status: 'Unknown', reason: REASON.building, message }, now);
}

/** The Build names an object that does not exist: the build starts when it is there. */
export function markMissing(builder: Builder, refused: RefusedBuild, now: Date): BuilderStatus {
  const ready = { status: 'Unknown', reason: REASON.dependencyMissing, message: refused.message } as const;
  return stated(builder, beforeRun(builder), ready, now);
}

/** The strategy cannot take what the spec asks for: the build starts when it can, or the Function asks for something else. */
export function markUnsupported(builder: Builder, { cause, next }: Trouble, now: Date): BuilderStatus {
  const message = `${cause}. ${next}; the build then starts by itself.`;
  const ready = { status: 'Unknown', reason: 'UnsupportedEnv', message } as const;
  return stated(builder, { phase: PHASE.build, state: STATE.building }, ready, now);
}

/** The namespace asks for defaults of its containers that cannot be had: the build starts when it asks for others, or for none. */
export function markBadDefaults(builder: Builder, { cause, next }: Trouble, now: Date): BuilderStatus {
  const message = `${cause}. ${next}; the build then starts by itself.`;
  const ready = { status: 'Unknown', reason: REASON.badBuildDefaults, message } as const;
  return stated(builder, { phase: PHASE.build, state: STATE.building }, ready, now);
}

/** Build and BuildRun exist and go on, or are held up by something that may pass. */
export function markBuilding(builder: Builder, progress: Explanation, now: Date): BuilderStatus {
  const fields = { phase: PHASE.build, state: STATE.building, resourceRef: referencesOf(builder) };
  return stated(builder, fields, { status: 'Unknown', ...progress }, now);
}

/** What there is of a build. */
export interface Made {
  builder: Builder;
  build?: KubeObject | undefined;
  run: KubeObject | undefined;
}

/** The build is over, well or not. Of Build and BuildRun those are recorded that are or were there. */
export function markEnded({ builder, build, run }: Made, result: BuildResult, now: Date): BuilderStatus {
  const { state, reason, message, output, sources } = result;
  const resourceRef = {
    ...(build !== undefined && { [RESOURCE_REF.shipwrightBuild]: build.metadata.name }),
    ...(run !== undefined && referencesOf(builder)),
    ...builder.status?.resourceRef,
  };
  const created = createdAt(builder);
  const seconds = Math.round((Date.parse(result.completedAt ?? now.toISOString()) - created) / 1000);
  const fields = {
    phase: PHASE.build,
    ...(Object.keys(resourceRef).length > 0 && { resourceRef }),
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

/** The API server refused what the plan asked for, or the name is somebody else's. */
export function markFailed(builder: Builder, error: Error, now: Date): BuilderStatus {
  return stated(builder, {}, { status: 'False', ...explainRefusal(error, 'spec.build') }, now);
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
  ready: Omit<ReadyInput, 'observedGeneration'>,
  now: Date,
): BuilderStatus {
  const observedGeneration = builder.metadata.generation ?? 0;
  const conditions = setReady(builder.status?.conditions, { observedGeneration, ...ready }, now);
  return { ...builder.status, ...fields, observedGeneration, conditions };
}
