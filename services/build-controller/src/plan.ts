import {
  ANNOTATION,
  BUILDER_CANCELLED,
  type Builder,
  type BuilderStatus,
  CONDITION,
  findCondition,
  isBuilderEnded,
  type KubeObject,
  parseDuration,
  REASON,
  RESOURCE_REF,
  STATE,
  youngUntil,
} from '@openfunction/api';
import type { Plan } from '@openfunction/controller';
import {
  markBadDefaults,
  markBuilding,
  markEnded,
  markMissing,
  markNotInstalled,
  markPending,
  markUnknownStrategy,
  markUnreadable,
  markUnsupported,
  noteOf,
  type Trouble,
} from './conditions.ts';
import { againBy, thenAgain } from './engines/shipwright/again.ts';
import { findEnvTrouble } from './engines/shipwright/env.ts';
import { lastSeenOf } from './engines/shipwright/evidence.ts';
import { explainStuck } from './engines/shipwright/failure.ts';
import { AGAIN_SOON_MS, datedBuild, lookAgainAt, madeAt } from './engines/shipwright/look-again.ts';
import { makeBuild, makeBuildRun, shipwrightNames } from './engines/shipwright/make.ts';
import { assumedParams, hasParams, makeParams, type Target, unusedFields } from './engines/shipwright/params.ts';
import { isAboutParams, type RefusedBuild, readRefusal } from './engines/shipwright/registration.ts';
import { type BuildResult, canceled, readResult } from './engines/shipwright/result.ts';
import { readStage } from './engines/shipwright/stage.ts';
import { buildStatusOf } from './engines/shipwright/status.ts';
import { nameOfStrategy, strategyOf } from './engines/shipwright/strategy.ts';
import { outOfTime, rebuildsBy } from './engines/shipwright/time-limit.ts';
import type { ShipwrightVersion } from './engines/shipwright/version.ts';
import type { BuilderSeen } from './observe.ts';
import { readDefaults } from './resources/defaults.ts';
import { isMadeHere, makeLimitRange } from './resources/limit-range.ts';

/*
 *   (new) ──the strategy cannot take spec.build.env──► UnsupportedEnv: waits for another strategy
 *     │ the namespace asks for defaults that cannot be understood ► BadBuildDefaults: waits for another annotation
 *   (new) ──Build applied──► waits for Shipwright's look at it ──accepted: BuildRun applied──► Building
 *     │                        │ names a Secret or strategy that is not there: DependencyMissing, looked at again
 *     │                        │ accepted before the strategy is known here, and spec.build.env is not in it: waits for the strategy
 *     │                        └ refused otherwise ──► Failed
 *     │   Building ──run ended──► Succeeded | Failed | Timeout | Canceled
 *     └── spec.state Cancelled before the start ─────────────────► Canceled
 *   Time limit over, run deleted, cancelled: the run is cancelled where there is one, and the Builder ends at once.
 */

/** How long a new Builder, or a stage of its build, may go without being said: what ends sooner spares the write. */
const QUIET_START_MS = 2_000;
/** What is seen where Shipwright is installed. */
type Seen = BuilderSeen & { shipwright: ShipwrightVersion };

/** What to do for one Builder. */
export function planBuilder(seen: BuilderSeen, now: Date): Plan<BuilderStatus> {
  const { builder, shipwright, unreadable } = seen;
  if (isBuilderEnded(builder)) return nothing();
  // How a build that was begun has ended is not known then: it is neither ended nor cancelled.
  if (unreadable !== undefined) return { ...nothing(), status: markUnreadable(builder, unreadable, now) };
  if (shipwright !== undefined) return planWith({ ...seen, shipwright }, now);
  const stop = stopCause(seen, now);
  if (stop !== undefined) return end(seen, stop, now, []);
  return wakeBy(deadlineOf(builder, now), { ...nothing(), status: markNotInstalled(builder, now) });
}

function planWith(seen: Seen, now: Date): Plan<BuilderStatus> {
  const { builder, run, shipwright: version } = seen;
  const result = run === undefined ? endedWithoutRun(seen) : readEnd({ ...seen, run }, now);
  if (result !== undefined) return end(seen, result, now, []);
  const stop = stopCause(seen, now);
  if (stop !== undefined)
    return end(seen, stop, now, run === undefined ? [] : [makeBuildRun(builder, { version, cancel: true })]);
  const plan = run === undefined ? planStart(seen, now) : planRunning({ ...seen, run }, now);
  return wakeBy(deadlineOf(builder, now), quietAtFirst(seen, plan, now));
}

/** The defaults that the namespace asks for: a LimitRange to be there, or to go, before the pod of the build is made. */
function planDefaults({ builder, namespace, range }: Seen): {
  apply: KubeObject[];
  remove: KubeObject[];
  trouble?: Trouble;
} {
  const { defaults, trouble } = readDefaults(namespace);
  const isForeign = range !== undefined && !isMadeHere(range);
  if (trouble !== undefined) {
    const next = `Write e.g. ${ANNOTATION.buildLimits}: cpu=1,memory=1Gi, or remove it`;
    return { apply: [], remove: [], trouble: { cause: trouble, next } };
  }
  if (defaults === undefined) return { apply: [], remove: range === undefined || isForeign ? [] : [range] };
  const wanted = makeLimitRange(builder.metadata.namespace ?? '', defaults);
  if (!isForeign) return { apply: [wanted], remove: [] };
  const taken = `LimitRange ${wanted.metadata.namespace}/${wanted.metadata.name} exists and belongs to nobody in particular`;
  const cause = `${taken}, so the annotations of the namespace are without effect`;
  const annotations = `${ANNOTATION.buildLimits} and ${ANNOTATION.buildRequests}`;
  const next = `Delete or rename that LimitRange, or remove the annotations ${annotations}`;
  return { apply: [], remove: [], trouble: { cause, next } };
}

/** A run is made only for a Build that Shipwright has accepted: for any other it would fail for good (BuildRegistrationFailed). */
function planStart(seen: Seen, now: Date): Plan<BuilderStatus> {
  const { builder, build, declared, shipwright: version } = seen;
  const trouble = findEnvTrouble(builder, declared ?? assumedParams(version), strategyName(seen));
  if (trouble !== undefined && declared !== undefined)
    return { ...nothing(), status: markUnsupported(builder, trouble, now) };
  const defaults = planDefaults(seen);
  if (defaults.trouble !== undefined) return { ...nothing(), status: markBadDefaults(builder, defaults.trouble, now) };
  const apply = [wantedBuild(seen, now)];
  const refused = readRefusal(builder, build);
  if (refused?.missing !== undefined) return planMissing(seen, refused, now);
  if (build !== undefined && refused !== undefined && declared !== undefined) return planAnew(seen, build, now);
  if (build === undefined || !isAccepted(build)) return planPending(seen, apply, now);
  // Its variables are not in it: the strategy, when it is known, may take them.
  if (trouble !== undefined)
    return { ...nothing(), apply, status: markUnknownStrategy(builder, strategyName(seen), seen.foretold, now) };
  apply.push(...defaults.apply, makeBuildRun(builder, { version, cancel: false }));
  const status = markBuilding(builder, progressOf(seen, 'queued'), now);
  return { ...nothing(), apply, remove: defaults.remove, status };
}

/** Shipwright refused a Build made for other parameters than the strategy declares now: only a new Build shows a new verdict. */
function planAnew({ builder, foretold }: Seen, build: KubeObject, now: Date): Plan<BuilderStatus> {
  return { ...nothing(), remove: [build], status: markPending(builder, foretold, now) };
}

/** Shipwright has not judged the Build yet. One that was made anew keeps what was said of it for a moment: it may come true again. */
function planPending({ builder, build, foretold }: Seen, apply: KubeObject[], now: Date): Plan<BuilderStatus> {
  const ready = builder.status?.conditions?.find(({ type }) => type === 'Ready');
  const patience = new Date(madeAt(builder, build, now).getTime() + AGAIN_SOON_MS);
  const waited = builder.status?.state === STATE.building && ready?.reason === REASON.dependencyMissing;
  if (waited && patience > now) return { ...nothing(), apply, wakeAt: patience };
  return { ...nothing(), apply, status: markPending(builder, foretold, now) };
}

/**
 * Shipwright looks at a Build again only when its spec changes, or a Secret with its own annotation appears; its status does not
 * say which generation it judged. So the Build is made anew under the same name, and a fresh status tells.
 */
function planMissing(seen: Seen, refused: RefusedBuild, now: Date): Plan<BuilderStatus> {
  const { builder, build } = seen;
  const status = markMissing(builder, refused, now);
  const again = build === undefined ? undefined : lookAgainAt({ ...seen, build }, refused, now);
  if (build === undefined || again === undefined) return { ...nothing(), status };
  if (again > now) return { ...nothing(), apply: [wantedBuild(seen, now)], status, wakeAt: again };
  return { ...nothing(), remove: [build], status, wakeAt: new Date(now.getTime() + AGAIN_SOON_MS) };
}

function planRunning(seen: Seen & { run: KubeObject }, now: Date): Plan<BuilderStatus> {
  const { builder, run, build, pod, shipwright: version } = seen;
  // A run has read its Build: changing that under it, as the strategy changes, would say what is not true.
  const apply = [
    ...(build === undefined ? [wantedBuild(seen, now)] : []),
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

/**
 * In their first seconds the objects of a build say nothing, unless something is or will be wrong: many builds are over by then.
 */
function quietAtFirst(
  { builder, build, run, foretold }: Seen,
  plan: Plan<BuilderStatus>,
  now: Date,
): Plan<BuilderStatus> {
  const until = [builder, build, run].map((object) => youngUntil(object, QUIET_START_MS, now)?.getTime() ?? 0);
  const quietUntil = new Date(Math.max(...until));
  const reason = plan.status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
  const isNews = foretold !== undefined || reason !== REASON.building;
  if (builder.status?.state !== undefined || quietUntil <= now || isNews) return plan;
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
  const notes = [seen.foretold, unused.length === 0 ? undefined : `Without effect: ${unused.join(', ')}.`];
  const said = `BuildRun ${namespace}/${shipwrightNames(builder).run}: ${stage}.`;
  return { reason: REASON.building, message: [said, ...notes].filter(Boolean).join(' ') };
}

function strategyName({ builder, build }: Seen): string {
  return nameOfStrategy(strategyOf(builder, build), builder.metadata.namespace ?? '');
}

function wantedBuild(seen: Seen, now: Date): KubeObject {
  return datedBuild(makeBuild(seen.builder, targetOf(seen)), seen, now);
}

function targetOf({ shipwright: version, declared }: Seen): Target {
  return { version, declared };
}

/**
 * How the run ended. One that was cancelled at the time limit or later, on nobody's request, was cancelled by this controller for it:
 * the status that would have said so was lost.
 */
function readEnd(seen: Seen & { run: KubeObject }, now: Date): BuildResult | undefined {
  const { builder } = seen;
  const result = readResult(seen);
  const deadline = deadlineOf(builder, now);
  if (result?.state !== STATE.canceled || builder.spec.state === BUILDER_CANCELLED || deadline === undefined)
    return result;
  // Times of objects are whole seconds, rounded down.
  const isLate = Math.floor(deadline.getTime() / 1000) * 1000 <= Date.parse(result.completedAt ?? '');
  return isLate ? outOfTimeResult(seen, deadline) : result;
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
  const message = `BuildRun ${builder.metadata.namespace}/${run} was deleted while the build was running. To build again: ${againBy(builder)}`;
  return { state: STATE.failed, reason: 'BuildRunDeleted', message };
}

/** Not when it is about parameters, and those were chosen before the strategy, as it is now, was known. */
function isFinal(seen: Seen, reason: string): boolean {
  const { builder, build, declared } = seen;
  if (!isAboutParams(reason) || build === undefined) return true;
  return declared !== undefined && hasParams(build, makeParams(builder, targetOf(seen)));
}

/** Why the build has to stop now, if it has to. */
function stopCause(seen: BuilderSeen, now: Date): BuildResult | undefined {
  const { builder } = seen;
  if (builder.spec.state === BUILDER_CANCELLED) return canceled(builder);
  const deadline = deadlineOf(builder, now);
  return deadline === undefined || deadline > now ? undefined : outOfTimeResult(seen, deadline);
}

function outOfTimeResult(seen: BuilderSeen, deadline: Date): BuildResult {
  const message = outOfTimeMessage(seen);
  return { state: STATE.timeout, reason: STATE.timeout, message, completedAt: deadline.toISOString() };
}

function outOfTimeMessage(seen: BuilderSeen): string {
  const { builder } = seen;
  const { object, more } = lastMade(seen);
  const cause = `the build did not end within its timeout of ${builder.spec.timeout}${lastSeenOf(builder)}`;
  const cure = thenAgain(outOfTime('spec.build.timeout'), rebuildsBy('spec.build.timeout'), builder);
  return `${object}: ${cause}. ${cure}${more === undefined ? '' : `. More: kubectl describe ${more}`}`;
}

/** What tells most of a build that is stopped, and where to read of it, if there is anything to read. */
function lastMade({ builder, build, run }: BuilderSeen): { object: string; more?: string } {
  const { namespace, name } = builder.metadata;
  const names = shipwrightNames(builder);
  if (run !== undefined)
    return { object: `BuildRun ${namespace}/${names.run}`, more: `buildrun -n ${namespace} ${names.run}` };
  if (build !== undefined)
    return { object: `Build ${namespace}/${names.build}`, more: `builds.shipwright.io -n ${namespace} ${names.build}` };
  return { object: `Builder ${namespace}/${name}` };
}

/**
 * When the time of the whole build is over. It counts from the date of the Builder, which is of the API server's clock. Where the first
 * look at the Builder comes later than that, as the clock here is ahead or nobody has looked, it counts from this look; the first word
 * on the Builder dates it.
 */
function deadlineOf({ spec, metadata, status }: Builder, now: Date): Date | undefined {
  const limit = spec.timeout === undefined ? undefined : parseDuration(spec.timeout);
  const { creationTimestamp: created } = metadata;
  if (limit === undefined || created === undefined) return undefined;
  const due = Date.parse(created) + limit;
  const said = findCondition(status?.conditions, CONDITION.ready)?.lastTransitionTime;
  const isNew = said === undefined && status?.state === undefined;
  const firstLook = isNew ? now.getTime() : Date.parse(said ?? created);
  return new Date(firstLook > due ? firstLook + limit : due);
}

function end(seen: BuilderSeen, result: BuildResult, now: Date, apply: Plan<never>['apply']): Plan<BuilderStatus> {
  return { apply, remove: [], status: markEnded(seen, result, now), events: noteOf(seen.builder, result) };
}

/** The plan, woken by then at the latest. */
function wakeBy(time: Date | undefined, plan: Plan<BuilderStatus>): Plan<BuilderStatus> {
  if (time === undefined || (plan.wakeAt !== undefined && plan.wakeAt <= time)) return plan;
  return { ...plan, wakeAt: time };
}

function nothing(): Plan<BuilderStatus> {
  return { apply: [], remove: [], status: undefined, events: [] };
}
