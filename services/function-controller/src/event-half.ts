import { getsEventsByProxy, type KubeObject, REASON, type Serving } from '@openfunction/api';
import type { FunctionSeen } from './observe.ts';
import type { FunctionSettings, Part } from './part.ts';
import { isSameKind, makeDaprService, selectedServing } from './resources/dapr-service.ts';
import { older, type ServingPart } from './serving-half.ts';

/*
 * A Function without http trigger has no route. The Service of its name leads to the version that serves: proxies that the Go operator made
 * bring events there, ours have a Service for each version. It moves when the new one runs; the old version goes when all had time to follow.
 */

/** What is left of a route, and the Service for events. */
export function planEvents(seen: FunctionSeen, serving: ServingPart, now: Date, settings: FunctionSettings): Part {
  const served = servedBy(seen, serving);
  const wanted = served !== undefined && getsEventsByProxy(served.spec) ? makeDaprService(seen.fn, served) : undefined;
  const service = replaced(seen.entryService, wanted);
  // While the new version does not run, the old one may have to go on in its place.
  const until = serving.running === undefined ? undefined : moved(seen, wanted, settings);
  const isOver = until !== undefined && until <= now;
  return {
    apply: service.apply,
    remove: [
      ...(seen.route === undefined ? [] : [seen.route]),
      ...service.remove,
      ...(isOver ? older(seen, serving) : []),
    ],
    status: { route: undefined, addresses: undefined, url: undefined },
    condition: { status: 'True', reason: REASON.skipped, message: 'The function has no http trigger to route.' },
    events: [],
    ...(until !== undefined && !isOver && older(seen, serving).length > 0 && { wakeAt: until }),
  };
}

/** Who gets the events: where nobody knows (the status was lost, and nothing runs), whoever got them. */
function servedBy({ fn, servings, entryService }: FunctionSeen, { active }: ServingPart): Serving | undefined {
  if (active !== undefined || fn.spec.serving === undefined) return active;
  return servings.get(selectedServing(entryService) ?? '');
}

/** A Service of the wanted name: one whose type has to change is removed first, and made anew at the next look. */
export function replaced(
  live: KubeObject | undefined,
  wanted: KubeObject | undefined,
): { apply: KubeObject[]; remove: KubeObject[] } {
  if (wanted === undefined) return { apply: [], remove: live === undefined ? [] : [live] };
  if (live !== undefined && !isSameKind(live, wanted)) return { apply: [], remove: [live] };
  return { apply: [wanted], remove: [] };
}

/** When older versions may go, at once where nothing has to move; undefined while the Service does not lead to the new one. */
function moved(
  { entryService, entryServiceAppliedAt }: FunctionSeen,
  wanted: KubeObject | undefined,
  { drainSeconds }: FunctionSettings,
): Date | undefined {
  const epoch = new Date(0);
  if (wanted === undefined) return epoch;
  if (selectedServing(entryService) !== selectedServing(wanted)) return undefined;
  return new Date((entryServiceAppliedAt ?? epoch).getTime() + drainSeconds * 1000);
}
