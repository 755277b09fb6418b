import { ANNOTATION, type Function, type Serving } from '@openfunction/api';
import type { BuildPart } from './build-half.ts';
import type { FunctionSeen } from './observe.ts';
import type { PartCondition } from './part.ts';
import { isSameServing, withBuilder } from './resources/content.ts';
import { isGoHash } from './resources/go-hash.ts';
import { makeServingSpec, settingsHash } from './resources/serving.ts';
import { newestFirst } from './resources/version.ts';
import { lastServed, lastServing, type Served, type Substitute, serve } from './rollback.ts';

/*
 *   source and settings are changed together ──► what was served goes on until the build ends well: one new version, never the old
 *                                                image with the new settings, whatever becomes of the Builder meanwhile
 *   settings alone, while a build goes on or after one failed ──► they roll out at once, with the last good image (controllers.md Q14)
 *   a rollback ends while a build goes on or after one failed ──► the version before it is served again
 */

/** What goes on being served while the present spec waits for the build that was asked for together with it. */
export function holdBack(seen: FunctionSeen, build: BuildPart): Substitute | undefined {
  const { fn } = seen;
  const { awaits, image } = build;
  if (awaits === undefined || image === undefined || fn.spec.serving === undefined) return undefined;
  // With the last image these versions have run: to serve one of them again mixes nothing.
  const built = newestFirst(seen.versions).filter((version) => isOf(build, version));
  if (built.some((version) => settingsHash(serve(fn, version).fn) === awaits)) return undefined;
  const last = lastServed(seen);
  if (last === undefined) return { ...serve(fn, last), say: startsLater };
  // After a rollback what was served last is an older version.
  const held = serve(fn, isOf(build, last) ? last : (built[0] ?? last));
  const isServed = settingsHash(held.fn) === awaits || isSpelledByGo(fn, lastServing(seen));
  return isServed ? undefined : { ...held, say: waits };
}

/** Whether it has the image of the last build that ended well. */
function isOf({ image, builtBy }: BuildPart, { content }: Served): boolean {
  return content.spec.image === image && content.annotations[ANNOTATION.builtBy] === builtBy;
}

/** What the Go operator left is what is wanted, though in other words. */
function isSpelledByGo(fn: Function, serving: Serving | undefined): boolean {
  if (serving === undefined) return false;
  const spec = makeServingSpec(fn, serving.spec.image);
  const isLeft = isGoHash(fn.status?.serving?.resourceHash ?? '');
  return isLeft && spec !== undefined && isSameServing(withBuilder(fn, undefined), spec, serving);
}

function waits(condition: PartCondition): PartCondition {
  return { ...condition, message: `${condition.message} What was changed together with the build waits for it.` };
}

/** `spec.serving` came back, or came, together with the change of the source. */
function startsLater(condition: PartCondition): PartCondition {
  return {
    ...condition,
    message: 'Nothing runs yet: what is to be served was given together with the build and waits for it.',
  };
}
