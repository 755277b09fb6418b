import {
  CONDITION,
  type Condition,
  contentHash,
  createdAt,
  type Function,
  findCondition,
  hasRun,
  REASON,
  type Serving,
  type ServingSpec,
  STATE,
  type StepStatus,
  servingName,
  shortHash,
} from '@openfunction/api';
import type { Note } from '@openfunction/kube';
import { keepUp } from './meanwhile.ts';
import type { FunctionSeen } from './observe.ts';
import { type Part, type PartCondition, quietUntil } from './part.ts';
import { isSameServing, keptImage, servingHash } from './resources/content.ts';
import { isGoHash } from './resources/go-hash.ts';
import { mustWait, withHosts } from './resources/hosts.ts';
import { makeServing, makeServingSpec } from './resources/serving.ts';

/*
 *   no spec.serving ─────────────────────────────────► Skipped (everything that served goes)
 *   no image yet ────────────────────────────────────► waits for the build
 *   new content ──► Serving made: Created ──► Starting ──► Running ◄──► Failed | Timeout
 */

/** The decision on the serving, and the Serving that shall get the traffic. */
export interface ServingPart extends Part {
  /** The Serving that the route leads to: the wanted one, or another while that does not run. */
  active: Serving | undefined;
  /** The wanted Serving, when it runs. */
  running?: Serving | undefined;
}

export function planServing(seen: FunctionSeen, image: string | undefined, now: Date): ServingPart {
  const { fn } = seen;
  if (fn.spec.serving === undefined) return skipServing(seen);
  if (image === undefined) return awaitImage(seen);
  const spec = makeServingSpec(fn, image);
  if (spec === undefined) return skipServing(seen);
  const hash = servingHash(spec, fn);
  const { resourceRef = '' } = fn.status?.serving ?? {};
  const name = presentServing(seen, spec, hash) ?? servingName(shortHash(fn.metadata.uid ?? '', hash, resourceRef));
  const existing = seen.servings.get(name);
  const live = activeServing(seen, name);
  const serving: StepStatus = { ...followed(seen, existing, live), resourceRef: name, resourceHash: hash };
  const kept = live === undefined || live === existing ? undefined : keepUp(fn, live, existing);
  const active = live && kept ? { ...live, spec: kept.spec } : live;
  const full = { ...spec, image: keptImage(image, existing) };
  const made = makeServing(fn, name, full, existing);
  const wanted = mustWait(name, full, active) ? withHosts(fn, made, false) : made;
  return {
    active,
    running: serving.state === STATE.running ? wanted : undefined,
    apply: kept === undefined ? [wanted] : [wanted, kept],
    remove: abandoned(seen, [name, active?.metadata.name]),
    status: { serving },
    condition: conditionOf(serving, existing, active),
    events: newsOf(fn, serving, existing),
    quietUntil: name !== resourceRef && existing?.status?.state === undefined ? quietUntil(existing, now) : undefined,
  };
}

/**
 * The Serving that is there for what is wanted: the one that is named, or, where a change is taken back or the status of the Function
 * was lost, the one that goes on serving. Undefined when a new one is needed.
 */
function presentServing(seen: FunctionSeen, spec: ServingSpec, hash: string): string | undefined {
  const { fn, servings } = seen;
  const { resourceHash = '', resourceRef = '' } = fn.status?.serving ?? {};
  const isHeldBy = (serving: Serving | undefined, isRecorded: boolean) =>
    serving !== undefined &&
    !isStuckOnDigest(serving, spec) &&
    (isRecorded || (serving.metadata.deletionTimestamp === undefined && holds(fn, spec, hash, serving)));
  if (isHeldBy(servings.get(resourceRef), resourceHash === hash)) return resourceRef;
  const live = activeServing(seen, '');
  return isHeldBy(live, false) ? live?.metadata.name : undefined;
}

/**
 * Whether the content of a Serving is the wanted one. Where the Go operator recorded a hash it is compared field by field: its hash is
 * made of Go types far beyond our own (PodSpec, KEDA, Dapr).
 */
function holds(fn: Function, spec: ServingSpec, hash: string, serving: Serving): boolean {
  if (servingHash(serving.spec, serving) === hash) return true;
  return isGoHash(fn.status?.serving?.resourceHash ?? '') && isSameServing(fn, spec, serving);
}

/** It cannot run with the digest that the Go operator left at its image: that may be of another image (controllers.md Q15). */
function isStuckOnDigest(serving: Serving, { image }: ServingSpec): boolean {
  const { state } = serving.status ?? {};
  return (state === STATE.failed || state === STATE.timeout) && keptImage(image, serving) !== image;
}

/** Everything that served goes, the last good version included (controllers.md Q10). */
function skipServing({ servings }: FunctionSeen): ServingPart {
  return {
    active: undefined,
    apply: [],
    remove: [...servings.values()],
    status: { serving: { state: STATE.skipped, resourceHash: contentHash({}) } },
    condition: { status: 'True', reason: REASON.skipped, message: 'spec.serving is not set: nothing is run.' },
    events: [],
  };
}

/** The first build is not over. What may run from earlier stays. */
function awaitImage(seen: FunctionSeen): ServingPart {
  const message = 'Nothing can be run before the first build has succeeded.';
  return {
    active: activeServing(seen, ''),
    apply: [],
    remove: [],
    status: isNamedLost(seen) ? { serving: namesOf(seen) } : {},
    condition: { status: 'Unknown', reason: REASON.waitingForBuild, message },
    events: [],
  };
}

function isNamedLost({ fn, servings }: FunctionSeen): boolean {
  const { resourceRef } = fn.status?.serving ?? {};
  return resourceRef !== undefined && !servings.has(resourceRef);
}

/** What the next Serving derives its name from; what is said of one that is gone is not kept. */
function namesOf({ fn }: FunctionSeen): StepStatus {
  const { resourceRef, resourceHash, lastSuccessfulResourceRef } = fn.status?.serving ?? {};
  return {
    ...(resourceRef !== undefined && { resourceRef }),
    ...(resourceHash !== undefined && { resourceHash }),
    ...(lastSuccessfulResourceRef !== undefined && { lastSuccessfulResourceRef }),
  };
}

function followed({ fn }: FunctionSeen, existing: Serving | undefined, live: Serving | undefined): StepStatus {
  const before = fn.status?.serving ?? {};
  const isLive = live?.status?.state === STATE.running;
  const lastSuccessfulResourceRef = isLive ? live.metadata.name : before.lastSuccessfulResourceRef;
  const service = isLive ? live.status?.url : before.service;
  const kept: StepStatus = {
    ...(lastSuccessfulResourceRef !== undefined && { lastSuccessfulResourceRef }),
    ...(service !== undefined && { service }),
  };
  const { state, reason, message } = existing?.status ?? {};
  if (state === undefined) return { ...kept, state: STATE.created };
  const said: StepStatus = {
    state,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  };
  return { ...kept, ...said };
}

/** Versions that never ran and are no longer wanted need no drain. What has run may serve even where it is said to have failed. */
function abandoned({ fn, servings }: FunctionSeen, kept: (string | undefined)[]): Serving[] {
  const { lastSuccessfulResourceRef } = fn.status?.serving ?? {};
  return [...servings.values()].filter(
    (serving) =>
      !kept.includes(serving.metadata.name) && serving.metadata.name !== lastSuccessfulResourceRef && !hasRun(serving),
  );
}

/** Servings that are neither wanted nor active. */
export function older({ servings }: FunctionSeen, { active, status }: ServingPart): Serving[] {
  const kept = [active?.metadata.name, status.serving?.resourceRef];
  return [...servings.values()].filter(({ metadata }) => !kept.includes(metadata.name));
}

/**
 * The wanted Serving while it runs; otherwise the last one that did. Where that one runs no more (it failed in its first seconds, while
 * the one before it was drained), or nobody knows which it was, the newest that runs.
 */
function activeServing({ fn, servings }: FunctionSeen, wanted: string): Serving | undefined {
  const last = servings.get(fn.status?.serving?.lastSuccessfulResourceRef ?? '');
  const named = [servings.get(wanted), last].filter((serving) => serving !== undefined);
  return [...named, ...newestFirst(servings)].find(({ status }) => status?.state === STATE.running) ?? last;
}

/** Without those that are being deleted. */
function newestFirst(servings: FunctionSeen['servings']): Serving[] {
  const kept = [...servings.values()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return kept.sort((a, b) => createdAt(b) - createdAt(a) || (a.metadata.name < b.metadata.name ? -1 : 1));
}

function conditionOf(serving: StepStatus, existing: Serving | undefined, active: Serving | undefined): PartCondition {
  const { state, reason, message } = serving;
  const ready = findCondition(existing?.status?.conditions, CONDITION.ready);
  if (state === STATE.running) return runs(ready);
  const goesOn = active?.status?.state === STATE.running && active.metadata.name !== serving.resourceRef;
  const meanwhile = goesOn ? ` ${active.metadata.name} goes on serving meanwhile.` : '';
  const text = ready?.message ?? message ?? `Serving ${serving.resourceRef} is created.`;
  const failed = state === STATE.failed || state === STATE.timeout;
  return {
    status: failed ? 'False' : 'Unknown',
    reason: ready?.reason ?? reason ?? REASON.pending,
    message: `${text}${meanwhile}`,
  };
}

/** What has run goes on running while something is missing or held up: the Serving says what. One of the Go operator says nothing. */
function runs(ready: Condition | undefined): PartCondition {
  if (ready === undefined || ready.status === 'True')
    return { status: 'True', reason: REASON.running, message: 'The function runs.' };
  const { status, reason, message } = ready;
  return { status, reason, message };
}

const NEWS: Record<string, Pick<Note, 'type' | 'reason'> & { text: string }> = {
  Running: { type: 'Normal', reason: 'Running', text: 'Serving is running' },
  Failed: { type: 'Warning', reason: 'ServingFailed', text: 'Serving start failed' },
  Timeout: { type: 'Warning', reason: 'ServingTimeout', text: 'Serving did not start in time' },
};

/** One event for each outcome of a version (controllers.md §1.8). */
function newsOf(fn: Function, serving: StepStatus, existing: Serving | undefined): Note[] {
  const news = NEWS[serving.state ?? ''];
  const before = fn.status?.serving;
  const isTold = before?.resourceRef === existing?.metadata.name && before?.state === serving.state;
  if (news === undefined || existing === undefined || isTold) return [];
  const message = news.type === 'Warning' ? `${news.text}: ${serving.message}` : news.text;
  const { metadata, status } = existing;
  // A name comes back where what served is forgotten and wanted again (`spec.serving` removed and added): the uid does not.
  // A version that was given up is tried again when its settings change, and may be given up again.
  const attempt = serving.state === STATE.timeout ? `/${status?.observedGeneration ?? 0}` : '';
  const occasion = `${metadata.name}/${metadata.uid ?? ''}/${serving.state}${attempt}`;
  return [{ ...news, message, action: 'Serving', related: existing, occasion }];
}
