import { type Function, isSameSetting, type Serving } from '@openfunction/api';
import { contentOf, withContent } from './resources/content.ts';
import { isWithheld, withHosts } from './resources/hosts.ts';
import { isCalledAlike } from './resources/in-place.ts';
import { makeServing, makeServingSpec } from './resources/serving.ts';

/*
 *   the wanted version runs ────────────────► only its Serving is brought up to date
 *   it starts, failed, or was given up ─────► so is the one that serves meanwhile: scale options, labels, route … of the present spec
 */

/**
 * The Serving that goes on meanwhile, with the fields in place of the present spec; undefined when it has them, when they were meant
 * for a function that is called or scaled in another way, or while the wanted one has not said a word: it may run at once.
 */
export function keepUp(fn: Function, active: Serving, wanted: Serving | undefined): Serving | undefined {
  if (wanted?.status?.state === undefined) return undefined;
  if (active.metadata.deletionTimestamp !== undefined || !isCalledAlike(fn.spec.serving, active.spec)) return undefined;
  const kept = withContent(fn, contentOf(active.spec, active));
  const spec = makeServingSpec(kept, active.spec.image);
  if (spec === undefined || isSameSetting(spec, active.spec)) return undefined;
  const serving = makeServing(kept, active.metadata.name, spec, active);
  return isWithheld(active) ? withHosts(kept, serving, false) : serving;
}
