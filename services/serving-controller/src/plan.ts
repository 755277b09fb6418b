import {
  createdAt,
  DAPR_COMPONENT,
  DEPLOYMENT,
  hasRun,
  isOfKind,
  isSameObject,
  JOB,
  type Kind,
  KNATIVE_SERVICE,
  type KubeObject,
  LABEL,
  parseDuration,
  SCALED_JOB,
  SERVICE,
  type Serving,
  type ServingStatus,
  STATEFUL_SET,
  youngUntil,
} from '@openfunction/api';
import type { Adjustment, Plan } from '@openfunction/controller';
import type { Note } from '@openfunction/kube';
import {
  isChangedSince,
  isGivenUp,
  isHindered,
  markFailedToStart,
  markHeldUp,
  markMissing,
  markRetried,
  markRunning,
  markStarting,
  markTimedOut,
  markUnresolved,
  wordsLastUntil,
} from './conditions.ts';
import { absentComponents, componentProblems } from './dapr/references.ts';
import type { EngineInput, ServingRefs } from './engines/engine.ts';
import { engineOf, revisionMetadata } from './engines/index.ts';
import type { ServingSeen } from './observe.ts';
import { judge } from './results/judge.ts';
import { recallRun } from './results/lost-status.ts';
import type { Verdict } from './results/verdict.ts';

/*
 *   (new) ──objects applied──► Starting ──ready──► Running ◄──┐
 *                                  ├──a part says False──► Failed ──recovers──┘
 *                                  └──either, and it never ran in time──► Timeout: all is removed ──spec changes──► (new)
 *
 * While something is missing (a kind, a Component) nothing is made, and nothing is taken away.
 */

/** How long a new Serving may go without saying `Starting`: most are ready sooner, and the write is spared. */
const QUIET_START_MS = 2_000;
/** What runs the function, one of which each Serving has. */
const WORKLOADS: readonly Kind[] = [KNATIVE_SERVICE, DEPLOYMENT, STATEFUL_SET, JOB, SCALED_JOB];
/** Annotations that Knative's autoscaler reads. */
const SCALING = 'autoscaling.knative.dev/';
/** Troubles that are said even of what has run: waiting alone may not end them. */
const LASTING: readonly (string | undefined)[] = ['Unschedulable', 'PodEvicted', 'TriggerError', 'PartialTriggerError'];

/** What to do for one Serving. */
export function planServing(seen: ServingSeen, now: Date): Plan<ServingStatus> {
  const { serving, owned } = seen.input;
  if (!isGivenUp(serving)) return planAttempt(seen, now);
  // Its time counts from when the workload is made: what is left of the last attempt goes first, and nothing is made before that is said.
  if (owned.length > 0 || !isChangedSince(serving)) return { ...nothing(), remove: [...owned] };
  return { ...nothing(), status: markRetried(serving, now) };
}

function planAttempt(seen: ServingSeen, now: Date): Plan<ServingStatus> {
  const { input, missing } = seen;
  const { serving, owned } = input;
  if (missing.length > 0) return { ...nothing(), status: markMissing(serving, missing, now) };
  const problems = componentProblems(input);
  if (problems.length > 0) return { ...nothing(), status: markUnresolved(serving, problems, now) };
  const engine = engineOf(serving);
  const wanted = engine.make(input);
  const recalled = recallRun(serving, wanted, owned, now);
  if (recalled !== undefined) return planAttempt({ ...seen, input: { ...input, serving: recalled } }, now);
  const verdict = judge(wanted, seen, { hasRun: hasRun(serving), now });
  const made = progress(input, engine.refer(input), verdict, now);
  const remove = owned.filter((object) => !wanted.some((each) => isSameObject(each, object)));
  return {
    ...nothing(),
    rehearse: owned.length === 0 ? refusable(wanted) : [],
    apply: wanted,
    remove,
    adjust: adjustRevision(seen),
    ...made,
    events: tellPruned(input, made.status),
  };
}

/** What of the template does not reach Knative, told with the first word on how the Serving fares; the same again is told only once. */
function tellPruned({ serving, pruned }: EngineInput, status: ServingStatus | undefined): Note[] {
  if (pruned === undefined || status === undefined || status.state === serving.status?.state) return [];
  const fields = pruned.left.join(', ');
  const message = `Knative's Service has no such fields, they are left out: ${fields}.`;
  return [{ type: 'Warning', reason: 'FieldsLeftOut', message, action: 'Serving', occasion: fields }];
}

/**
 * Of a version that is made of several objects, those that a cluster may refuse for what the user wrote: tried first, so that a refusal
 * leaves no Component behind for the version that runs to load.
 */
function refusable(wanted: readonly KubeObject[]): KubeObject[] {
  const isPlain = (object: KubeObject) => isOfKind(object, DAPR_COMPONENT) || isOfKind(object, SERVICE);
  return wanted.length === 1 ? [] : wanted.filter((object) => !isPlain(object));
}

/**
 * Labels and annotations that are changed in place: Knative allows no change of a template. It takes those of a Revision to the pods,
 * which are rolled inside that Revision; but how it scales was copied to the Revision's PodAutoscaler when that was made, and is read
 * there (knative.dev/serving v0.47, pkg/reconciler/revision/reconcile_resources.go).
 */
function adjustRevision({ input, revisions, autoscalers }: ServingSeen): Adjustment[] {
  const metadata = isOfKnative(input) ? revisionMetadata(input) : undefined;
  if (metadata === undefined) return [];
  const named = (objects: readonly KubeObject[]) => objects.filter(({ metadata: { name } }) => name === metadata.name);
  const { labels } = metadata;
  const [scaling, others] = partition(metadata.annotations, (key) => key.startsWith(SCALING));
  return [
    ...named(revisions).map((object) => ({ object, labels, annotations: others })),
    ...named(autoscalers).map((object) => ({ object, labels: {}, annotations: scaling })),
  ];
}

/** The entries whose key passes, and the others. */
function partition<Value>(record: Record<string, Value>, passes: (key: string) => boolean) {
  const entries = Object.entries(record);
  return [
    Object.fromEntries(entries.filter(([key]) => passes(key))),
    Object.fromEntries(entries.filter(([key]) => !passes(key))),
  ] as const;
}

function progress(input: EngineInput, refs: ServingRefs, verdict: Verdict, now: Date): Partial<Plan<ServingStatus>> {
  const { serving } = input;
  if (verdict.ready === 'True')
    return { status: markRunning(serving, refs, absentComponents(input), now), ...wakeAt(now, verdict.again) };
  if (hasRun(serving)) return trouble(serving, refs, verdict, now);
  const deadline = deadlineOf(input);
  if (deadline !== undefined && deadline <= now) {
    return { apply: [], adjust: [], remove: [...input.owned], status: markTimedOut(serving, refs, verdict, now) };
  }
  if (verdict.ready === 'False') {
    return { status: markFailedToStart(serving, refs, verdict, now), ...wakeAt(now, deadline, verdict.again) };
  }
  const quietUntil = serving.status?.state === undefined ? youngUntil(serving, QUIET_START_MS, now) : undefined;
  if (quietUntil !== undefined) return wakeAt(now, quietUntil, verdict.again);
  const status = markStarting(serving, refs, verdict, now);
  return { status, ...wakeAt(now, deadline, verdict.again, wordsLastUntil(serving, now)) };
}

/** Of what has run: a workload that is being rolled over, or wakes up, goes on serving meanwhile. */
function trouble(serving: Serving, refs: ServingRefs, verdict: Verdict, now: Date): Partial<Plan<ServingStatus>> {
  const again = wakeAt(now, verdict.again);
  if (verdict.ready === 'False') return { status: markFailedToStart(serving, refs, verdict, now), ...again };
  if (verdict.lasts === true || LASTING.includes(verdict.reason) || isHindered(serving))
    return { status: markHeldUp(serving, verdict, now), ...again };
  return again;
}

/** The end of the first start, counted from when there was something to start: waiting for a dependency does not count. */
function deadlineOf({ serving, owned }: EngineInput): Date | undefined {
  const limit = serving.spec.timeout === undefined ? undefined : parseDuration(serving.spec.timeout);
  const workload = owned.find(isWorkload);
  if (limit === undefined || workload === undefined) return undefined;
  return new Date(createdAt(workload) + limit);
}

function isWorkload(object: KubeObject): boolean {
  const isProxy = object.metadata.labels?.[LABEL.proxy] !== undefined;
  return !isProxy && WORKLOADS.some((kind) => isOfKind(object, kind));
}

function isOfKnative({ owned }: EngineInput): boolean {
  return owned.some((object) => isOfKind(object, KNATIVE_SERVICE));
}

/** The earliest of these times that is still to come. */
function wakeAt(now: Date, ...times: (Date | undefined)[]): { wakeAt?: Date } {
  const [next] = times.filter((time) => time !== undefined && time > now).sort((a, b) => Number(a) - Number(b));
  return next === undefined ? {} : { wakeAt: next };
}

function nothing(): Plan<ServingStatus> {
  return { apply: [], remove: [], status: undefined, events: [] };
}
