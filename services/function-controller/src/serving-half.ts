import {
  contentHash,
  type Function,
  REASON,
  type Serving,
  type ServingSpec,
  STATE,
  type StepStatus,
  servingName,
  shortHash,
} from '@openfunction/api';
import type { Note } from '@openfunction/kube';
import type { FunctionSeen } from './observe.ts';
import { type Part, type PartCondition, quietUntil } from './part.ts';
import { isGoHash } from './resources/go-hash.ts';
import { isSameServing, keptImage, makeServing, makeServingSpec, servingHash } from './resources/serving.ts';

/*
 *   no spec.serving ─────────────────────────────────► Skipped (everything that served goes)
 *   no image yet ────────────────────────────────────► waits for the build
 *   new content ──► Serving made: Created ──► Starting ──► Running ◄──► Failed | Timeout
 */

/** The decision on the serving, and the Serving that shall get the traffic. */
export interface ServingPart extends Part {
  /** The newest Serving that runs: the route leads to it. */
  active: Serving | undefined;
}

export function planServing(seen: FunctionSeen, image: string | undefined, now: Date): ServingPart {
  const { fn } = seen;
  if (fn.spec.serving === undefined) return skipServing(seen);
  if (image === undefined) return awaitImage(seen);
  const spec = makeServingSpec(fn, image);
  if (spec === undefined) return skipServing(seen);
  const hash = servingHash(fn, spec);
  const { resourceRef = '' } = fn.status?.serving ?? {};
  const isNew = needsServing(seen, spec, hash);
  const name = isNew ? servingName(shortHash(fn.metadata.uid ?? '', hash, resourceRef)) : resourceRef;
  const existing = seen.servings.get(name);
  const serving: StepStatus = { ...followed(seen, name, existing), resourceRef: name, resourceHash: hash };
  const active = activeServing(seen, name);
  return {
    active,
    apply: [makeServing(fn, name, { ...spec, image: keptImage(image, existing) }, existing)],
    remove: abandoned(seen, [name, active?.metadata.name]),
    status: { serving },
    condition: conditionOf(serving, existing, active),
    events: newsOf(fn, serving, existing),
    quietUntil: isNew && existing?.status?.state === undefined ? quietUntil(existing, now) : undefined,
  };
}

/** A Serving that the Go operator left is compared by its content: its hash is made of Go types far beyond our own (PodSpec, KEDA, Dapr). */
function needsServing({ fn, servings }: FunctionSeen, spec: ServingSpec, hash: string): boolean {
  const { resourceHash = '', resourceRef = '' } = fn.status?.serving ?? {};
  const named = servings.get(resourceRef);
  if (named === undefined || isStuckOnDigest(named, spec)) return true;
  if (resourceHash === hash) return false;
  return !isGoHash(resourceHash) || !isSameServing(fn, spec, named);
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
    status: {},
    condition: { status: 'Unknown', reason: REASON.waitingForBuild, message },
    events: [],
  };
}

function followed({ fn }: FunctionSeen, name: string, existing: Serving | undefined): StepStatus {
  const { lastSuccessfulResourceRef, service } = fn.status?.serving ?? {};
  const kept: StepStatus = {
    ...(lastSuccessfulResourceRef !== undefined && { lastSuccessfulResourceRef }),
    ...(service !== undefined && { service }),
  };
  const { state, reason, message, url } = existing?.status ?? {};
  if (state === undefined) return { ...kept, state: STATE.created };
  const said: StepStatus = {
    state,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  };
  if (state !== STATE.running) return { ...kept, ...said };
  return { ...said, lastSuccessfulResourceRef: name, ...(url !== undefined && { service: url }) };
}

/** Versions that never ran and are no longer wanted need no drain. */
function abandoned({ servings }: FunctionSeen, kept: (string | undefined)[]): Serving[] {
  return [...servings.values()].filter(
    ({ metadata, status }) => status?.state !== STATE.running && !kept.includes(metadata.name),
  );
}

/** The wanted Serving once it runs; until then the last one that did. */
function activeServing({ fn, servings }: FunctionSeen, wanted: string): Serving | undefined {
  const current = servings.get(wanted);
  if (current?.status?.state === STATE.running) return current;
  return servings.get(fn.status?.serving?.lastSuccessfulResourceRef ?? '');
}

function conditionOf(serving: StepStatus, existing: Serving | undefined, active: Serving | undefined): PartCondition {
  const { state, reason, message } = serving;
  if (state === STATE.running) return { status: 'True', reason: REASON.running, message: 'The function runs.' };
  const meanwhile = active === undefined ? '' : ` ${active.metadata.name} goes on serving meanwhile.`;
  const ready = existing?.status?.conditions?.find(({ type }) => type === 'Ready');
  const text = ready?.message ?? message ?? `Serving ${serving.resourceRef} is created.`;
  const failed = state === STATE.failed || state === STATE.timeout;
  return {
    status: failed ? 'False' : 'Unknown',
    reason: ready?.reason ?? reason ?? REASON.pending,
    message: `${text}${meanwhile}`,
  };
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
  return [
    { ...news, message, action: 'Serving', related: existing, occasion: `${existing.metadata.name}/${serving.state}` },
  ];
}
