import { CONDITION, findCondition, KEDA_INTERCEPTOR, REASON, type Serving } from '@openfunction/api';
import type { FunctionSeen } from './observe.ts';
import type { FunctionSettings, Outcome } from './part.ts';
import { selectedServing } from './resources/dapr-service.ts';
import { answers } from './resources/hosts.ts';
import { currentCondition, parentsOf } from './resources/route-parents.ts';
import { firstBackend } from './resources/route-verdict.ts';
import { drained, latest } from './route-half.ts';
import { older, type ServingPart } from './serving-half.ts';

/*
 *   the route or the Service is refused, each new version runs all the same:
 *   what is still led to ──► stays, until the refusal ends and requests are led to the new version
 *   neither wanted nor led to any more ──► goes, when what was under way had time to end
 */

const REFUSED: readonly string[] = [REASON.nameTaken, REASON.childRefused];

/** Older versions that nobody is led to, while the route or the Service cannot follow the one that runs. */
export function planStranded(
  seen: FunctionSeen,
  serving: ServingPart,
  now: Date,
  { drainSeconds }: FunctionSettings,
): Outcome {
  const { fn, routeAppliedAt, entryServiceAppliedAt, interceptions } = seen;
  const routed = findCondition(fn.status?.conditions, CONDITION.routed);
  const isRefused = routed?.status === 'False' && REFUSED.includes(routed.reason);
  const led = isRefused && serving.running !== undefined ? ledTo(seen) : undefined;
  if (led === undefined || routed === undefined) return nothing();
  const stranded = older(seen, serving).filter((each) => !led.includes(each));
  if (stranded.length === 0) return nothing();
  const { readyTime } = serving.active?.status ?? {};
  const since = latest(
    new Date(routed.lastTransitionTime),
    readyTime === undefined ? undefined : new Date(readyTime),
    routeAppliedAt,
    entryServiceAppliedAt,
    ...[...interceptions.values()].map(({ changedAt }) => changedAt),
  );
  const { over, wakeAt } = drained(since, now, drainSeconds);
  return over ? { ...nothing(), remove: stranded } : { ...nothing(), wakeAt };
}

function nothing(): Outcome {
  return { apply: [], remove: [], status: {}, events: [] };
}

/** The Servings that requests or events may come to; undefined where that cannot be told. */
function ledTo(seen: FunctionSeen): Serving[] | undefined {
  const { servings, entryService, interceptions } = seen;
  const all = [...servings.values()];
  const routed = ledByRoute(seen);
  if (routed === undefined) return undefined;
  const selected = selectedServing(entryService);
  const isLed = (each: Serving) =>
    routed.includes(each) ||
    each.metadata.name === selected ||
    isNamedIn(seen.fn.status?.url, each) ||
    answers(each, interceptions.get(each.metadata.name));
  return all.filter(isLed);
}

/** Undefined while the gateway has not taken the route in, or does not reach what it leads to. */
function ledByRoute({ route, servings }: FunctionSeen): Serving[] | undefined {
  if (route === undefined) return [];
  const parents = parentsOf(route);
  const says = (type: string, status: string) =>
    parents.some((parent) => currentCondition(route, parent, type)?.status === status);
  if (!says('Accepted', 'True') || says('ResolvedRefs', 'False')) return undefined;
  const backend = firstBackend(route)?.name;
  if (backend === KEDA_INTERCEPTOR.name) return []; // who answers there is told by the add-on
  const led = [...servings.values()].filter((each) => backend !== undefined && isServiceOf(backend, each));
  return led.length === 0 ? undefined : led;
}

/** Knative's Services are those of revisions, named for the one of the Serving. */
function isServiceOf(name: string, { status }: Serving): boolean {
  const { url = '', service = url } = status ?? {};
  return service !== '' && (name === service || name.startsWith(`${service}-`));
}

/** Without a Gateway people go by the address in the status. */
function isNamedIn(address: string | undefined, serving: Serving): boolean {
  const [host = ''] = URL.canParse(address ?? '') ? new URL(address ?? '').hostname.split('.') : [];
  return isServiceOf(host, serving);
}
