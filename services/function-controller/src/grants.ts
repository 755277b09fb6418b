import {
  bareOf,
  createdAt,
  HTTP_ROUTE,
  isEqual,
  type KubeObject,
  LABEL,
  REFERENCE_GRANT,
  referenceGrantName,
} from '@openfunction/api';
import { type Controller, keyOf, type Plan, type World } from '@openfunction/controller';
import { type Change, storeKey } from '@openfunction/kube';
import { grantedNamespace, isOurGrant, leadsTo } from './resources/reference-grant.ts';

/*
 * A ReferenceGrant is made with the first route of a namespace that needs it (route-half.ts), and belongs to none of them: it goes here,
 * when no route leads through it any more, whether Functions, routes or the whole namespace went, while we looked or not.
 */

interface GrantSeen {
  grant: KubeObject;
  isUsed: boolean;
}

/**
 * The route comes right after its grant, or, where the controller died in between, when another one has its work: after a lock of 10 s and
 * a look every 5 s. A grant as young as this may still wait for it.
 */
const YOUNG_MS = 30_000;

/** The controller that clears grants of ours away. */
export function grantController(kedaHttpNamespace: string): Controller<GrantSeen, undefined> {
  return {
    name: 'reference-grant',
    primary: REFERENCE_GRANT,
    watches: [
      { kind: REFERENCE_GRANT, wakes: 'self', labelSelector: `${LABEL.managed}=true` },
      { kind: HTTP_ROUTE, wakes: (change, world) => wokenByRoute(change, world, kedaHttpNamespace), trim: trimRoute },
    ],
    observe: (grant, world) => ({ grant, isUsed: isUsed(grant, world) }),
    plan: ({ grant, isUsed: used }, now) => planGrant(grant, used, now),
    markFailed: () => undefined,
  };
}

/** Removes a grant that no route needs, once it is old enough. */
export function planGrant(grant: KubeObject, isUsed: boolean, now: Date): Plan<undefined> {
  const plan: Plan<undefined> = { apply: [], remove: [], status: undefined, events: [] };
  if (isUsed || !isOurGrant(grant)) return plan;
  const oldAt = new Date(createdAt(grant) + YOUNG_MS);
  return oldAt > now ? { ...plan, wakeAt: oldAt } : { ...plan, remove: [grant] };
}

function isUsed(grant: KubeObject, world: World): boolean {
  const routes = world.store(HTTP_ROUTE).list();
  const { namespace = '' } = grant.metadata;
  return routes.some((route) => route.metadata.namespace === grantedNamespace(grant) && leadsTo(route, namespace));
}

/** A grant may have lost its last route only when one goes, or leads elsewhere. */
function wokenByRoute({ type, object, old }: Change, world: World, namespace: string) {
  const isLess = type === 'deleted' || (type === 'updated' && !isEqual(old?.['spec'], object['spec']));
  return isLess ? grantsFor(object, world, namespace) : [];
}

function grantsFor(route: KubeObject, world: World, namespace: string) {
  const name = referenceGrantName(route.metadata.namespace ?? '');
  const grant = world.store(REFERENCE_GRANT).get(storeKey({ namespace, name }));
  return grant === undefined ? [] : [keyOf(grant)];
}

/** Only where it leads is looked at. */
function trimRoute(route: KubeObject): KubeObject {
  const rules = (route['spec']?.rules ?? []) as { backendRefs?: unknown }[];
  return { ...bareOf(route), spec: { rules: rules.map(({ backendRefs }) => ({ backendRefs })) } };
}
