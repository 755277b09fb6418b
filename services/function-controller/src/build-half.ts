import {
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
import { builderHash, cancelBuilder, isRebuildAsked, makeBuilder } from './resources/builder.ts';
import { goBuilderHash } from './resources/go-builder.ts';
import { isGoHash } from './resources/go-hash.ts';
import { expiredBuilders, surplusBuilders } from './retention.ts';

/*
 *   no spec.build ───────────────────────────────────────────────► Skipped
 *   new content ──older builds cancelled──► Builder made: Created ──► Building ──► Succeeded | Failed | Timeout | Canceled
 */

/** The decision on the build, and the image to run: undefined while there is none. */
export interface BuildPart extends Part {
  image: string | undefined;
}

export function planBuild(seen: FunctionSeen, now: Date): BuildPart {
  const { fn } = seen;
  if (fn.spec.build === undefined) return skipBuild(seen);
  const hash = builderHash(fn);
  return needsBuilder(seen, hash) ? beginBuild(seen, hash, now) : followBuild(seen, hash, now);
}

/** Name of the Builder that the next look would begin with, going by what is recorded; undefined when no build is due. */
export function nextBuilder(fn: Function): string | undefined {
  if (fn.spec.build === undefined) return undefined;
  const hash = builderHash(fn);
  const { resourceHash, resourceRef } = fn.status?.build ?? {};
  return resourceHash === hash ? undefined : builderName(shortHash(fn.metadata.uid ?? '', hash, resourceRef));
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
  return !builders.has(resourceRef) && !BUILD_ENDED.includes(state);
}

/** The Go operator's hash of the very build that is wanted: it stays, under a hash of ours. No rebuild was ever asked of that operator. */
function isTakenOver(fn: Function, resourceHash: string): boolean {
  return isGoHash(resourceHash) && resourceHash === goBuilderHash(fn) && !isRebuildAsked(fn);
}

/** One build at a time: those that still run are stopped first. A Builder that is there is followed before it is recorded. */
function beginBuild(seen: FunctionSeen, hash: string, now: Date): BuildPart {
  const { fn, builders } = seen;
  const { lastSuccessfulResourceRef, resourceRef } = fn.status?.build ?? {};
  const name = builderName(shortHash(fn.metadata.uid ?? '', hash, resourceRef));
  const running = [...builders.values()].filter(
    (builder) => builder.metadata.name !== name && !isBuilderEnded(builder),
  );
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
    image: lastImage(seen),
    apply: [makeBuilder(fn, name, undefined)],
    remove: surplusBuilders(fn, [...builders.values()], name),
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
    image: lastImage(seen),
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
  const build: StepStatus = { ...recorded, ...(builder === undefined ? {} : stepOf(builder)), resourceHash: hash };
  const ended = BUILD_ENDED.includes(build.state ?? '');
  const running = [...builders.values()].filter((each) => !isBuilderEnded(each) && !isCancelled(each));
  const { wakeAt, expired } = expiredBuilders(fn, [...builders.values()], now);
  return {
    image: build.state === STATE.succeeded ? builtImage(fn, builder) : lastImage(seen),
    // Another one that runs was made for a change that was taken back before it was recorded.
    apply: running.map((each) =>
      each === builder ? makeBuilder(fn, each.metadata.name, each) : cancelBuilder(fn, each),
    ),
    remove: ended ? [...new Set([...surplusBuilders(fn, [...builders.values()]), ...expired])] : [],
    status: { build, ...resultOf(build, builder) },
    condition: conditionOf(build, builder),
    events: newsOf(fn, build, builder),
    wakeAt,
  };
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
function builtImage(fn: Function, builder: Builder | undefined): string {
  const digest = builder === undefined ? fn.status?.revision?.imageDigest : builder.status?.output?.digest;
  const [repository = fn.spec.image] = fn.spec.image.split('@');
  return digest === undefined ? fn.spec.image : `${repository}@${digest}`;
}

/** The image that runs now: a build that goes on or fails does not stop other changes (controllers.md Q14). */
function lastImage({ fn, servings }: FunctionSeen): string | undefined {
  const { lastSuccessfulResourceRef = '', resourceRef = '' } = fn.status?.serving ?? {};
  return (servings.get(lastSuccessfulResourceRef) ?? servings.get(resourceRef))?.spec.image;
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
  return [{ ...news, message, action: 'Build', related: builder, occasion: builder.metadata.name }];
}
