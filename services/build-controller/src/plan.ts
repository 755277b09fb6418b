import {
  BUILDER_CANCELLED,
  type Builder,
  type BuilderStatus,
  isBuilderEnded,
  type KubeObject,
  parseDuration,
  REASON,
  RESOURCE_REF,
  STATE,
} from '@openfunction/api';
import type { Plan } from '@openfunction/controller';
import {
  markBuilding,
  markEnded,
  markMissing,
  markNotInstalled,
  markPending,
  markUnsupported,
  noteOf,
} from './conditions.ts';
import { findEnvTrouble } from './engines/shipwright/env.ts';
import { lastSeenOf } from './engines/shipwright/evidence.ts';
import { explainStuck } from './engines/shipwright/failure.ts';
import { makeBuild, makeBuildRun, shipwrightNames } from './engines/shipwright/make.ts';
import { hasParams, makeParams, type Target, unusedFields } from './engines/shipwright/params.ts';
import { isAboutParams, type RefusedBuild, readRefusal } from './engines/shipwright/registration.ts';
import { type BuildResult, readResult } from './engines/shipwright/result.ts';
import { readStage } from './engines/shipwright/stage.ts';
import { buildStatusOf } from './engines/shipwright/status.ts';
import { nameOfStrategy, strategyOf } from './engines/shipwright/strategy.ts';
import { outOfTime } from './engines/shipwright/trouble.ts';
import type { ShipwrightVersion } from './engines/shipwright/version.ts';
import type { BuilderSeen } from './observe.ts';

/*
 *   (new) ──the strategy cannot take spec.build.env──► UnsupportedEnv: waits for another strategy
 *     │
 *   (new) ──Build applied──► waits for Shipwright's look at it ──accepted: BuildRun applied──► Building
 *     │                        │ names a Secret or strategy that is not there: DependencyMissing, looked at again
 *     │                        └ refused otherwise ──► Failed
 *     │   Building ──run ended──► Succeeded | Failed | Timeout | Canceled
 *     └── spec.state Cancelled before the start ─────────────────► Canceled
 *   Time limit over, run deleted, cancelled: the run is cancelled where there is one, and the Builder ends at once.
 */

/** How long a new Builder, or a stage of its build, may go without being said: what ends sooner spares the write. */
const QUIET_START_MS = 2_000;
/** How soon a Build with a missing Secret is looked at again for the first time. */
const AGAIN_SOON_MS = 5_000;

/** What is seen where Shipwright is installed. */
type Seen = BuilderSeen & { shipwright: ShipwrightVersion };

/** What to do for one Builder. */
export function planBuilder(seen: BuilderSeen, now: Date): Plan<BuilderStatus> {
  const { builder, shipwright } = seen;
  if (isBuilderEnded(builder)) return nothing();
  if (shipwright !== undefined) return planWith({ ...seen, shipwright }, now);
  const stop = stopCause(seen, now);
  if (stop !== undefined) return end(builder, stop, now, []);
  return wakeBy(deadlineOf(builder), { ...nothing(), status: markNotInstalled(builder, now) });
}

function planWith(seen: Seen, now: Date): Plan<BuilderStatus> {
  const { builder, run, shipwright: version } = seen;
  const result = run === undefined ? endedWithoutRun(seen) : readResult({ ...seen, run });
  if (result !== undefined) return end(builder, result, now, []);
  const stop = stopCause(seen, now);
  if (stop !== undefined)
    return end(builder, stop, now, run === undefined ? [] : [makeBuildRun(builder, { version, cancel: true })]);
  const plan = run === undefined ? planStart(seen, now) : planRunning({ ...seen, run }, now);
  return wakeBy(deadlineOf(builder), quietAtFirst(seen, plan, now));
}

/** A run is made only for a Build that Shipwright has accepted: for any other it would fail for good (BuildRegistrationFailed). */
function planStart(seen: Seen, now: Date): Plan<BuilderStatus> {
  const { builder, build, declared, shipwright: version } = seen;
  const trouble = declared && findEnvTrouble(builder, declared, strategyName(seen));
  if (trouble !== undefined) return { ...nothing(), status: markUnsupported(builder, trouble, now) };
  const apply = [makeBuild(builder, targetOf(seen))];
  const refused = readRefusal(builder, build);
  if (refused?.missing !== undefined) return planMissing(seen, refused, now);
  if (build !== undefined && refused !== undefined && declared !== undefined) return planAnew(seen, build, now);
  if (build === undefined || !isAccepted(build)) return planPending(seen, apply, now);
  apply.push(makeBuildRun(builder, { version, cancel: false }));
  return { ...nothing(), apply, status: markBuilding(builder, progressOf(seen, 'queued'), now) };
}

/** Shipwright refused a Build made for other parameters than the strategy declares now: only a new Build shows a new verdict. */
function planAnew({ builder }: Seen, build: KubeObject, now: Date): Plan<BuilderStatus> {
  return { ...nothing(), remove: [build], status: markPending(builder, now) };
}

/** Shipwright has not judged the Build yet. One that was made anew keeps what was said of it for a moment: it may come true again. */
function planPending({ builder, build }: Seen, apply: KubeObject[], now: Date): Plan<BuilderStatus> {
  const ready = builder.status?.conditions?.find(({ type }) => type === 'Ready');
  const made = Date.parse(build?.metadata.creationTimestamp ?? now.toISOString());
  const patience = new Date(made + AGAIN_SOON_MS);
  const waited = builder.status?.state === STATE.building && ready?.reason === REASON.dependencyMissing;
  if (waited && patience > now) return { ...nothing(), apply, wakeAt: patience };
  return { ...nothing(), apply, status: markPending(builder, now) };
}

/**
 * Shipwright looks at a Build again only when its spec changes, or a Secret with its own annotation appears; its status does not
 * say which generation it judged. So the Build is made anew under the same name, and a fresh status tells.
 */
function planMissing(seen: Seen, refused: RefusedBuild, now: Date): Plan<BuilderStatus> {
  const { builder, build } = seen;
  const status = markMissing(builder, refused, now);
  const again = lookAgainAt(seen, refused);
  if (build === undefined || again === undefined) return { ...nothing(), status };
  if (again > now) return { ...nothing(), apply: [makeBuild(builder, targetOf(seen))], status, wakeAt: again };
  return { ...nothing(), remove: [build], status, wakeAt: new Date(now.getTime() + AGAIN_SOON_MS) };
}

/**
 * When to ask Shipwright again. A strategy: when it is there (they are watched). A Secret: this service may not read Secrets, so
 * after as long as it has been waited for already. That doubles: one more write at 10 s, 20 s, … and next to none at rest.
 */
function lookAgainAt({ builder, build, declared }: Seen, { missing }: RefusedBuild): Date | undefined {
  const made = Date.parse(build?.metadata.creationTimestamp ?? '');
  if (missing === 'strategy') return declared !== undefined ? new Date(made + QUIET_START_MS) : undefined;
  const waited = made - Date.parse(builder.metadata.creationTimestamp ?? '');
  return new Date(made + Math.max(AGAIN_SOON_MS, waited));
}

function planRunning(seen: Seen & { run: KubeObject }, now: Date): Plan<BuilderStatus> {
  const { builder, run, build, pod, shipwright: version } = seen;
  // A run has read its Build: changing that under it, as the strategy changes, would say what is not true.
  const apply = [
    ...(build === undefined ? [makeBuild(builder, targetOf(seen))] : []),
    makeBuildRun(builder, { version, cancel: false }),
  ];
  const stuck = explainStuck(seen);
  if (stuck !== undefined) return { ...nothing(), apply, status: markBuilding(builder, stuck, now) };
  const stage = readStage(run, pod);
  const sayAt = new Date((stage.since ?? now).getTime() + QUIET_START_MS);
  const isNews = sayAt > now && stage.since !== undefined && stage.since <= now && isBuilding(builder);
  if (isNews) return { ...nothing(), apply, wakeAt: sayAt };
  return { ...nothing(), apply, status: markBuilding(builder, progressOf(seen, stage.text), now) };
}

/** In their first seconds the objects of a build say nothing, unless something is wrong: many builds are over by then. */
function quietAtFirst({ builder, build, run }: Seen, plan: Plan<BuilderStatus>, now: Date): Plan<BuilderStatus> {
  const made = [builder, build, run].map((object) => Date.parse(object?.metadata.creationTimestamp ?? '') || 0);
  const quietUntil = new Date(Math.max(...made) + QUIET_START_MS);
  const reason = plan.status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
  if (builder.status?.state !== undefined || quietUntil <= now || reason !== REASON.building) return plan;
  return wakeBy(quietUntil, { ...plan, status: undefined });
}

function isAccepted(build: KubeObject): boolean {
  return buildStatusOf(build).registered === 'True';
}

function isBuilding({ status }: Builder): boolean {
  return status?.resourceRef?.[RESOURCE_REF.shipwrightBuildRun] !== undefined;
}

function progressOf(seen: Seen, stage: string) {
  const { builder } = seen;
  const { namespace } = builder.metadata;
  const unused = unusedFields(builder, strategyName(seen), targetOf(seen));
  const note = unused.length === 0 ? '' : ` Without effect: ${unused.join(', ')}.`;
  const message = `BuildRun ${namespace}/${shipwrightNames(builder).run}: ${stage}.${note}`;
  return { reason: REASON.building, message };
}

function strategyName({ builder, build }: Seen): string {
  return nameOfStrategy(strategyOf(builder, build), builder.metadata.namespace ?? '');
}

function targetOf({ shipwright: version, declared }: Seen): Target {
  return { version, declared };
}

/** Ends that need no BuildRun: it was deleted under us, or Shipwright refuses the Build. */
function endedWithoutRun(seen: Seen): BuildResult | undefined {
  const { builder, build } = seen;
  const refused = readRefusal(builder, build);
  if (refused !== undefined && refused.missing === undefined && isFinal(seen, refused.reason)) {
    return { state: STATE.failed, reason: refused.reason, message: refused.message };
  }
  const run = builder.status?.resourceRef?.[RESOURCE_REF.shipwrightBuildRun];
  if (run === undefined || builder.status?.state !== STATE.building) return undefined;
  const message = `BuildRun ${builder.metadata.namespace}/${run} was deleted while the build was running.`;
  return { state: STATE.failed, reason: 'BuildRunDeleted', message };
}

/** Not when it is about parameters, and those were chosen before the strategy, as it is now, was known. */
function isFinal(seen: Seen, reason: string): boolean {
  const { builder, build, declared } = seen;
  if (!isAboutParams(reason) || build === undefined) return true;
  return declared !== undefined && hasParams(build, makeParams(builder, targetOf(seen)));
}

/** Why the build has to stop now, if it has to. */
function stopCause({ builder, run }: BuilderSeen, now: Date): BuildResult | undefined {
  if (builder.spec.state === BUILDER_CANCELLED) {
    return { state: STATE.canceled, reason: 'BuildRunCanceled', message: 'The build was cancelled.' };
  }
  const deadline = deadlineOf(builder);
  if (deadline === undefined || deadline > now) return undefined;
  const completedAt = deadline.toISOString();
  return { state: STATE.timeout, reason: STATE.timeout, message: outOfTimeMessage(builder, run), completedAt };
}

function outOfTimeMessage(builder: Builder, run: KubeObject | undefined): string {
  const { namespace } = builder.metadata;
  const names = shipwrightNames(builder);
  const [object, more] =
    run === undefined
      ? [`Build ${namespace}/${names.build}`, `builds.shipwright.io -n ${namespace} ${names.build}`]
      : [`BuildRun ${namespace}/${names.run}`, `buildrun -n ${namespace} ${names.run}`];
  const cause = `the build did not end within its timeout of ${builder.spec.timeout}${lastSeenOf(builder)}`;
  return `${object}: ${cause}. ${outOfTime('spec.build.timeout')}. More: kubectl describe ${more}`;
}

function deadlineOf(builder: Builder): Date | undefined {
  const limit = builder.spec.timeout === undefined ? undefined : parseDuration(builder.spec.timeout);
  const created = builder.metadata.creationTimestamp;
  if (limit === undefined || created === undefined) return undefined;
  return new Date(Date.parse(created) + limit);
}

function end(builder: Builder, result: BuildResult, now: Date, apply: Plan<never>['apply']): Plan<BuilderStatus> {
  return { apply, remove: [], status: markEnded(builder, result, now), events: noteOf(builder, result) };
}

/** The plan, woken by then at the latest. */
function wakeBy(time: Date | undefined, plan: Plan<BuilderStatus>): Plan<BuilderStatus> {
  if (time === undefined || (plan.wakeAt !== undefined && plan.wakeAt <= time)) return plan;
  return { ...plan, wakeAt: time };
}

function nothing(): Plan<BuilderStatus> {
  return { apply: [], remove: [], status: undefined, events: [] };
}
