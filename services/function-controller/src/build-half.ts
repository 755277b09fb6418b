import {
  ANNOTATION,
  BUILD_ENDED,
  BUILDER_CANCELLED,
  type Builder,
  builderName,
  contentHash,
  type Function,
  isBuilderEnded,
  REASON,
  STATE,
  type StepStatus,
  shortHash,
} from '@openfunction/api';
import type { Note } from '@openfunction/kube';
import type { FunctionSeen } from './observe.ts';
import { type Part, type PartCondition, quietUntil } from './part.ts';
import { builderHash, cancelBuilder, isRebuildAsked, isSuperseded, makeBuilder } from './resources/builder.ts';
import { goBuilderHash } from './resources/go-builder.ts';
import { isGoHash } from './resources/go-hash.ts';
import { settingsHash } from './resources/serving.ts';
import { newestFirst } from './resources/version.ts';
import { expiredBuilders, surplusBuilders } from './retention.ts';
import { lastServing } from './rollback.ts';

/*
 *   no spec.build ───────────────────────────────────────────────► Skipped
 *   new content ──older builds cancelled──► Builder made: Created ──► Building ──► Succeeded | Failed | Timeout | Canceled
 */

/** The decision on the build, and the image to run. */
export interface BuildPart extends Part, BuiltImage {
  /** Hash of what is to be served, but for the image, where that was asked for together with this build; undefined where not. */
  awaits?: string | undefined;
}

interface BuiltImage {
  /** Undefined while there is none. */
  image: string | undefined;
  /** Name of the Builder that has built it, where no digest tells it from what was built before under the same tag. */
  builtBy?: string | undefined;
}

export function planBuild(seen: FunctionSeen, now: Date): BuildPart {
  const { fn } = seen;
  if (fn.spec.build === undefined) return skipBuild(seen);
  const hash = builderHash(fn);
  return needsBuilder(seen, hash) ? beginBuild(seen, hash, now) : followBuild(seen, hash, now);
}

type Builders = FunctionSeen['builders'];

/** Name of the Builder that the next look would begin with, going by what is recorded; undefined when no build is due. */
export function nextBuilder(fn: Function, builders: Builders): string | undefined {
  if (fn.spec.build === undefined) return undefined;
  const hash = builderHash(fn);
  if (fn.status?.build?.resourceHash === hash && !isLeftCancelled(fn, builders)) return undefined;
  return nextName(fn, hash, builders);
}

/**
 * The same for as long as the build is not recorded, whoever asks. A Builder that was cancelled for another one before it was recorded leaves its name
 * used up: the next one derives from that name.
 */
function nextName({ metadata, status }: Function, hash: string, builders: Builders): string {
  const after = (previous: string | undefined) => builderName(shortHash(metadata.uid ?? '', hash, previous));
  let name = after(status?.build?.resourceRef);
  for (let used = builders.get(name); used !== undefined && isSuperseded(used); used = builders.get(name)) {
    name = after(name);
  }
  return name;
}

/** Nothing to build: the image runs as it is, and what was built earlier is forgotten with its digest. */
function skipBuild({ fn, builders }: FunctionSeen): BuildPart {
  const build: StepStatus = { state: STATE.skipped, resourceHash: contentHash({}) };
  return {
    image: fn.spec.image,
    apply: [],
    remove: [...builders.values()],
    status: { build, revision: undefined, sources: undefined },
    condition: {
      status: 'True',
      reason: REASON.skipped,
      message: 'spec.build is not set: spec.image is run as it is.',
    },
    events: [],
  };
}

/** Decided on what is recorded, not on what exists: a Builder that ended may be cleaned up without another build. */
function needsBuilder({ fn, builders }: FunctionSeen, hash: string): boolean {
  const { resourceHash = '', resourceRef = '', state = '' } = fn.status?.build ?? {};
  if (resourceHash === '' || resourceRef === '') return true;
  if (resourceHash !== hash && !isTakenOver(fn, resourceHash)) return true;
  if (isLeftCancelled(fn, builders)) return true;
  return !builders.has(resourceRef) && !BUILD_ENDED.includes(state);
}

/** The recorded build was cancelled for a change that was taken back before any of that was recorded. One that had ended well by then counts. */
function isLeftCancelled({ status }: Function, builders: Builders): boolean {
  const recorded = builders.get(status?.build?.resourceRef ?? '');
  return recorded !== undefined && isSuperseded(recorded) && recorded.status?.state !== STATE.succeeded;
}

/** The Go operator's hash of the very build that is wanted: it stays, under a hash of ours. No rebuild was ever asked of that operator. */
function isTakenOver(fn: Function, resourceHash: string): boolean {
  return isGoHash(resourceHash) && resourceHash === goBuilderHash(fn) && !isRebuildAsked(fn);
}

/** One build at a time: those that still run are stopped first. A Builder that is there is followed before it is recorded. */
function beginBuild(seen: FunctionSeen, hash: string, now: Date): BuildPart {
  const { fn, builders } = seen;
  const { lastSuccessfulResourceRef } = fn.status?.build ?? {};
  const name = nextName(fn, hash, builders);
  const all = [...builders.values()];
  const running = all.filter((builder) => builder.metadata.name !== name && !isBuilderEnded(builder));
  if (running.length > 0) return awaitCancel(seen, running);
  const build: StepStatus = {
    state: STATE.created,
    resourceRef: name,
    resourceHash: hash,
    ...(lastSuccessfulResourceRef !== undefined && { lastSuccessfulResourceRef }),
  };
  const existing = builders.get(name);
  if (existing !== undefined) {
    const recorded = { ...fn, status: { ...fn.status, build } };
    const followed = followBuild({ ...seen, fn: recorded }, hash, now);
    return isBuilderEnded(existing) ? followed : { ...followed, quietUntil: quietUntil(existing, now) };
  }
  return {
    ...lastImage(seen),
    awaits: settingsHash(fn),
    apply: [makeBuilder(fn, name, undefined)],
    remove: [...new Set([...surplusBuilders(fn, all, name), ...expiredBuilders(fn, all, now).expired])],
    status: { build },
    condition: { status: 'Unknown', reason: REASON.pending, message: `Builder ${name} is created.` },
    events: [],
  };
}

/** The hash goes: should the change be taken back meanwhile, what was cancelled has to be built after all. */
function awaitCancel(seen: FunctionSeen, running: Builder[]): BuildPart {
  const names = running.map(({ metadata }) => metadata.name).join(', ');
  const { resourceRef, lastSuccessfulResourceRef } = seen.fn.status?.build ?? {};
  const build: StepStatus = { ...(lastSuccessfulResourceRef !== undefined && { lastSuccessfulResourceRef }) };
  return {
    ...lastImage(seen),
    awaits: settingsHash(seen.fn),
    apply: running.map((builder) => cancelBuilder(seen.fn, builder)),
    remove: [],
    status: { build: { ...build, ...(resourceRef !== undefined && { resourceRef }) } },
    condition: {
      status: 'Unknown',
      reason: REASON.canceling,
      message: `Builder ${names} is being cancelled; then the new build begins.`,
    },
    events: [],
  };
}

/** Copies what the Builder says (controllers.md §1.5). */
function followBuild(seen: FunctionSeen, hash: string, now: Date): BuildPart {
  const { fn, builders } = seen;
  const recorded = fn.status?.build ?? {};
  const builder = builders.get(recorded.resourceRef ?? '');
  const step: StepStatus = { ...recorded, ...(builder === undefined ? {} : stepOf(builder)), resourceHash: hash };
  // What the Go operator has recorded already is not named: what it serves goes on under no name.
  const isNew = step.state === STATE.succeeded && recorded.state !== STATE.succeeded;
  const build = isNew ? { ...step, lastSuccessfulResourceRef: recorded.resourceRef } : step;
  const ended = BUILD_ENDED.includes(build.state ?? '');
  const running = [...builders.values()].filter((each) => !isBuilderEnded(each) && !isCancelled(each));
  const { wakeAt, expired } = expiredBuilders(fn, [...builders.values()], now);
  return {
    ...(build.state === STATE.succeeded ? builtImage(fn, build, builder) : lastImage(seen)),
    awaits: build.state === STATE.succeeded ? undefined : awaited(seen, builder),
    // Another one that runs was made for a change that was taken back before it was recorded.
    apply: running.map((each) =>
      each === builder ? makeBuilder(fn, each.metadata.name, each) : cancelBuilder(fn, each),
    ),
    remove: ended ? [...new Set([...surplusBuilders(fn, [...builders.values()]), ...expired])] : expired,
    status: { build, ...resultOf(build, builder) },
    condition: conditionOf(build, builder),
    events: newsOf(fn, build, builder),
    wakeAt,
  };
}

/**
 * What waits for a build that has not ended well, as long as it is what was asked for together with it. The Builder says that, and, as
 * it may be cleaned up, the Serving that goes on. Under the Go operator nothing was rolled out before the build had succeeded.
 */
function awaited(seen: FunctionSeen, builder: Builder | undefined): string | undefined {
  const { fn } = seen;
  const hash = settingsHash(fn);
  const { [ANNOTATION.builtFor]: builtFor } = builder?.metadata.annotations ?? {};
  const { [ANNOTATION.awaits]: noted } = lastServing(seen)?.metadata.annotations ?? {};
  const leftByGo = isGoHash(fn.status?.build?.resourceHash ?? '') ? hash : undefined;
  return (builtFor ?? noted ?? leftByGo) === hash ? hash : undefined;
}

function isCancelled({ spec }: Builder): boolean {
  return spec.state === BUILDER_CANCELLED;
}

function stepOf(builder: Builder): StepStatus {
  const { state = STATE.created, reason, message, buildDuration } = builder.status ?? {};
  return {
    state,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    ...(buildDuration !== undefined && { buildDuration }),
  };
}

function resultOf(build: StepStatus, builder: Builder | undefined): Part['status'] {
  if (build.state !== STATE.succeeded || builder?.status === undefined) return {};
  const { output, sources } = builder.status;
  return {
    revision: output?.digest === undefined ? undefined : { imageDigest: output.digest },
    sources,
  };
}

/** The image by its digest where it is known; a tag is kept for readers. A Builder that is there answers for its own digest. */
function builtImage(fn: Function, build: StepStatus, builder: Builder | undefined): BuiltImage {
  const digest = builder === undefined ? fn.status?.revision?.imageDigest : builder.status?.output?.digest;
  const [repository = fn.spec.image] = fn.spec.image.split('@');
  return digest === undefined
    ? { image: fn.spec.image, builtBy: build.lastSuccessfulResourceRef }
    : { image: `${repository}@${digest}` };
}

/**
 * The image to go on with: a build that goes on or fails does not stop other changes (controllers.md Q14). It is the one that was built
 * last, also where an older version is served meanwhile; where nothing tells of that one, the image that runs, or has run last.
 */
function lastImage(seen: FunctionSeen): BuiltImage {
  const { fn, versions } = seen;
  const last = lastRun(seen);
  const digest = fn.status?.revision?.imageDigest;
  if (digest !== undefined) {
    const [repository = ''] = fn.spec.image.split('@');
    const image = `${repository}@${digest}`;
    const known = newestFirst(versions).map(({ content }) => content.spec.image);
    if (known.includes(image)) return { image };
    // The image may have been renamed since it was built.
    const renamed = known.find((each) => each.endsWith(`@${digest}`));
    if (renamed !== undefined) return { image: last?.image === image ? image : renamed };
    if (last?.image.startsWith(`${repository}@`)) return { image };
  }
  const isOfLastBuild = digest === undefined && last?.image === fn.spec.image;
  const builtBy = isOfLastBuild ? fn.status?.build?.lastSuccessfulResourceRef : undefined;
  return { image: last?.image, builtBy: builtBy ?? last?.annotations?.[ANNOTATION.builtBy] };
}

/** The image that runs; where no Serving is left, that of the newest version that has run. */
function lastRun({ fn, servings, versions }: FunctionSeen) {
  const { lastSuccessfulResourceRef = '', resourceRef = '' } = fn.status?.serving ?? {};
  const live = servings.get(lastSuccessfulResourceRef) ?? servings.get(resourceRef);
  if (live !== undefined) return { image: live.spec.image, annotations: live.metadata.annotations };
  const [newest] = newestFirst(versions);
  return newest && { image: newest.content.spec.image, annotations: newest.content.annotations };
}

function conditionOf(build: StepStatus, builder: Builder | undefined): PartCondition {
  const ready = builder?.status?.conditions?.find(({ type }) => type === 'Ready');
  if (build.state === STATE.succeeded) {
    return { status: 'True', reason: REASON.succeeded, message: `Builder ${build.resourceRef} has built the image.` };
  }
  if (BUILD_ENDED.includes(build.state ?? '')) {
    return {
      status: 'False',
      reason: build.reason ?? build.state ?? REASON.failed,
      message: build.message ?? 'The build failed.',
    };
  }
  const message = ready?.message ?? `Builder ${build.resourceRef} is created.`;
  return { status: ready?.status === 'False' ? 'False' : 'Unknown', reason: ready?.reason ?? REASON.pending, message };
}

const NEWS: Record<string, Pick<Note, 'type' | 'reason'> & { text: string }> = {
  Succeeded: { type: 'Normal', reason: 'BuildCompleted', text: 'Build completed' },
  Failed: { type: 'Warning', reason: 'BuildFailed', text: 'Build failed' },
  Timeout: { type: 'Warning', reason: 'BuildTimeout', text: 'Build timeout' },
  Canceled: { type: 'Warning', reason: 'BuildCanceled', text: 'Build cancelled' },
};

/** One event for the outcome of each build (controllers.md §1.8). */
function newsOf(fn: Function, build: StepStatus, builder: Builder | undefined): Note[] {
  const news = NEWS[build.state ?? ''];
  if (news === undefined || fn.status?.build?.state === build.state || builder === undefined) return [];
  const message = news.type === 'Warning' ? `${news.text}: ${build.message}` : news.text;
  // A name comes back where what was built is forgotten and wanted again (`spec.build` removed and added): the uid does not.
  const { name, uid } = builder.metadata;
  return [{ ...news, message, action: 'Build', related: builder, occasion: `${name}/${uid ?? ''}` }];
}
