import {
  ANNOTATION,
  BUILDER,
  type Function,
  type FunctionStatus,
  isOfKind,
  type KubeObject,
  SERVING,
} from '@openfunction/api';
import type { Plan } from '@openfunction/controller';
import { planBuild } from './build-half.ts';
import { summarise } from './conditions.ts';
import { holdBack } from './hold-back.ts';
import type { FunctionSeen } from './observe.ts';
import type { FunctionSettings, Outcome } from './part.ts';
import { withBuilder, withMark } from './resources/content.ts';
import { rollbackOf } from './rollback.ts';
import { planRoute } from './route-half.ts';
import { planServing } from './serving-half.ts';
import { planStranded } from './stranded.ts';
import { planVersions } from './versions.ts';

/*
 * A Function has three parts, decided in this order; each looks only at what the ones before it found.
 *
 *   build    spec.build   ──► Builder     ──► image and digest
 *   serving  spec.serving ──► Serving     ──► which version runs          (needs an image)
 *   route    triggers.http ──► HTTPRoute, Service ──► addresses           (needs a version that runs)
 *
 * A version that has run is recorded (versions.ts) and can be served again in the place of the present spec (rollback.ts). What was
 * changed together with the build waits for it (hold-back.ts).
 * A new version replaces the old one in steps: new Serving beside the old one ─► it runs ─► the route moves to it ─►
 * the gateway has accepted ─► drained ─► the old Serving goes.
 *
 * A route, Service or version that is refused holds none of this up (conditions.ts markFailed); what its refusal leaves over goes (stranded.ts).
 */

/** What to do for one Function. */
export function planFunction(seen: FunctionSeen, now: Date, settings: FunctionSettings): Plan<FunctionStatus> {
  const build = planBuild(seen, now);
  const instead = rollbackOf(seen) ?? holdBack(seen, build);
  const fn =
    instead === undefined ? withBuilder(seen.fn, build.builtBy) : withMark(instead.fn, ANNOTATION.awaits, build.awaits);
  const wanted = { ...seen, fn };
  const serving = planServing(wanted, instead === undefined ? build.image : instead.image, now);
  const route = planRoute(wanted, serving, now, settings);
  const stranded = planStranded(wanted, serving, now, settings);
  const parts = [build, serving, route, planVersions(wanted, serving), stranded];
  const quiet = parts.flatMap(({ quietUntil }) => (quietUntil === undefined ? [] : [quietUntil.getTime()]));
  if (quiet.length > 0) return quietly(parts, new Date(Math.min(...quiet)));
  const wakes = parts.flatMap(({ wakeAt }) => (wakeAt === undefined ? [] : [wakeAt.getTime()]));
  return {
    ...childrenOf(parts),
    remove: [...new Set(parts.flatMap(({ remove }) => remove))],
    status: makeStatus(
      seen.fn,
      parts,
      {
        built: build.condition,
        served: instead?.say(serving.condition) ?? serving.condition,
        routed: route.condition,
      },
      now,
    ),
    events: parts.flatMap(({ events }) => events),
    ...(wakes.length > 0 && { wakeAt: new Date(Math.min(...wakes)) }),
  };
}

/** Children are brought up to date; status, news and removals follow when the part has settled, or when time is up. */
function quietly(parts: Outcome[], quietUntil: Date): Plan<FunctionStatus> {
  return { ...childrenOf(parts), remove: [], status: undefined, events: [], wakeAt: quietUntil };
}

/** Nothing goes on without Builder and Serving. The others of a part need each other at most: a route its grant, for one. */
function childrenOf(parts: Outcome[]): Pick<Plan<FunctionStatus>, 'apply' | 'apart'> {
  const isBase = (child: KubeObject) => isOfKind(child, BUILDER) || isOfKind(child, SERVING);
  return {
    apply: parts.flatMap(({ apply }) => apply.filter(isBase)),
    apart: parts.map(({ apply }) => apply.filter((child) => !isBase(child))).filter(({ length }) => length > 0),
  };
}

function makeStatus(
  fn: Function,
  parts: Outcome[],
  conditions: Parameters<typeof summarise>[1],
  now: Date,
): FunctionStatus {
  const fields = Object.assign({}, ...parts.map(({ status }) => status)) as Partial<FunctionStatus>;
  return {
    ...fn.status,
    ...fields,
    observedGeneration: fn.metadata.generation ?? 0,
    conditions: summarise(fn, conditions, now),
  };
}
