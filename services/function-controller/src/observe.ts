import {
  BUILDER,
  type Builder,
  DEFAULT_GATEWAY,
  FUNCTION,
  type Function,
  GATEWAY,
  GATEWAY_CLASS,
  type Gateway,
  HTTP_ROUTE,
  isControlledBy,
  KNATIVE_SERVICE,
  KUBE_GATEWAY,
  type KubeObject,
  SERVICE,
  SERVING,
  type Serving,
} from '@openfunction/api';
import { keyOf, ownerOf, type Watch, type World } from '@openfunction/controller';
import { appliedAt, type Change, storeKey } from '@openfunction/kube';
import { nextBuilder } from './build-half.ts';
import { kubeGatewayOf } from './resources/http-route.ts';

/** What the function-controller sees of one Function. */
export interface FunctionSeen {
  fn: Function;
  /** Builders and Servings that this Function controls, by name. */
  builders: ReadonlyMap<string, Builder>;
  servings: ReadonlyMap<string, Serving>;
  /** Knative Services of its Servings, by name. */
  knativeServices: ReadonlyMap<string, KubeObject>;
  /** Objects of the Function's name that it controls. */
  route: KubeObject | undefined;
  routeAppliedAt: Date | undefined;
  entryService: KubeObject | undefined;
  /** The Gateway that the route names; undefined too when the Gateway API is not served. */
  gateway: Gateway | undefined;
  /** Whether the gateway implementation rewrites hosts (feature HTTPRouteHostRewrite, or it lists no features). */
  rewritesHosts: boolean;
}

export const watches: Watch[] = [
  { kind: FUNCTION, wakes: 'self' },
  { kind: BUILDER, wakes: 'owner' },
  { kind: SERVING, wakes: 'owner' },
  { kind: SERVICE, wakes: 'owner' },
  { kind: HTTP_ROUTE, wakes: 'owner' },
  { kind: KNATIVE_SERVICE, wakes: wokenByKnative },
  { kind: GATEWAY, wakes: ({ object }, world) => usersOf(object, world) },
  { kind: KUBE_GATEWAY, wakes: (change, world) => (isNews(change) ? everyHttpFunction(world) : []) },
  { kind: GATEWAY_CLASS, wakes: (change, world) => (isNews(change) ? everyHttpFunction(world) : []) },
];

/** Reads what there is. A child that the status names and the cache lacks is looked up for certain. */
export async function observe(object: KubeObject, world: World, fieldManager: string): Promise<FunctionSeen> {
  const uid = object.metadata.uid ?? '';
  const servings = byName(world.store(SERVING).ownedBy(uid) as Serving[]);
  const builders = byName(world.store(BUILDER).ownedBy(uid) as Builder[]);
  const fn = await confirmUnbuilt(object as Function, builders, world);
  await confirmNamed(fn, world, builders, servings);
  const knative = world.store(KNATIVE_SERVICE);
  const route = controlled(world.store(HTTP_ROUTE).get(storeKey(fn.metadata)), fn);
  const gateway = gatewayOf(fn, world);
  return {
    fn,
    builders,
    servings,
    knativeServices: byName([...servings.values()].flatMap((serving) => knative.ownedBy(serving.metadata.uid ?? ''))),
    route,
    routeAppliedAt: route === undefined ? undefined : appliedAt(route, fieldManager),
    entryService: controlled(world.store(SERVICE).get(storeKey(fn.metadata)), fn),
    gateway,
    rewritesHosts: rewritesHosts(gateway, world),
  };
}

/**
 * The Function as the API server has it, when a Builder is about to be made: one that has succeeded is cleaned up at once, and a
 * cache that has not heard of the status that says so would have it made again.
 */
async function confirmUnbuilt(fn: Function, builders: ReadonlyMap<string, Builder>, world: World): Promise<Function> {
  const name = nextBuilder(fn);
  if (name === undefined || builders.has(name)) return fn;
  const live = (await world.latest(FUNCTION, fn.metadata)) as Function | undefined;
  return live !== undefined && live.metadata.uid === fn.metadata.uid ? live : fn;
}

async function confirmNamed(
  fn: Function,
  world: World,
  builders: Map<string, Builder>,
  servings: Map<string, Serving>,
) {
  const { namespace } = fn.metadata;
  const builder = fn.status?.build?.resourceRef;
  const serving = fn.status?.serving?.resourceRef;
  if (builder !== undefined && !builders.has(builder) && !isBuildOver(fn)) {
    const found = await world.confirm(BUILDER, { namespace, name: builder });
    if (found !== undefined && isControlledBy(found, fn)) builders.set(builder, found as Builder);
  }
  if (serving !== undefined && !servings.has(serving)) {
    const found = await world.confirm(SERVING, { namespace, name: serving });
    if (found !== undefined && isControlledBy(found, fn)) servings.set(serving, found as Serving);
  }
}

/** A Builder whose result was copied may have been cleaned up: nobody asks for it again. */
function isBuildOver(fn: Function): boolean {
  return !['', 'Created', 'Building', undefined].includes(fn.status?.build?.state);
}

function gatewayOf(fn: Function, world: World): Gateway | undefined {
  if (world.served(HTTP_ROUTE) !== true || world.served(GATEWAY) !== true) return undefined;
  return world.store(GATEWAY).get(storeKey(gatewayReference(fn))) as Gateway | undefined;
}

function gatewayReference(fn: Function) {
  return fn.spec.serving?.triggers?.http?.route?.gatewayRef ?? DEFAULT_GATEWAY;
}

function rewritesHosts(gateway: Gateway | undefined, world: World): boolean {
  if (gateway === undefined || world.served(KUBE_GATEWAY) !== true) return true;
  const reference = kubeGatewayOf(gateway);
  const className = world.store(KUBE_GATEWAY).get(storeKey(reference))?.['spec']?.gatewayClassName ?? '';
  const features = (world.store(GATEWAY_CLASS).get(className)?.['status']?.supportedFeatures ?? []) as (
    | string
    | { name: string }
  )[];
  const names = features.map((feature) => (typeof feature === 'string' ? feature : feature.name));
  return names.length === 0 || names.includes('HTTPRouteHostRewrite');
}

/** A Knative Service concerns the Function only when its revision or address changes; that it runs is told by the Serving. */
function wokenByKnative(change: Change, world: World) {
  if (change.type === 'updated' && routable(change.object) === routable(change.old)) return [];
  const owner = ownerOf(change.object, SERVING.kind);
  const serving = owner && world.store(SERVING).get(storeKey(owner));
  const fn = serving && ownerOf(serving, FUNCTION.kind);
  return fn === undefined || serving?.['status']?.state !== 'Running' ? [] : [fn];
}

function routable(service: KubeObject | undefined): string {
  const status = service?.['status'] ?? {};
  return JSON.stringify([status.latestReadyRevisionName, status.address?.url, status.url]);
}

function usersOf(gateway: KubeObject, world: World) {
  const users = world.store(FUNCTION).list() as Function[];
  return users.filter((fn) => storeKey(gatewayReference(fn)) === storeKey(gateway.metadata)).map(keyOf);
}

function everyHttpFunction(world: World) {
  const functions = world.store(FUNCTION).list() as Function[];
  return functions.filter((fn) => fn.spec.serving?.triggers?.http !== undefined).map(keyOf);
}

/** Status-only changes of gateways mean nothing for our routes. */
function isNews({ type, object, old }: Change): boolean {
  const features = (gateway: KubeObject | undefined) => JSON.stringify(gateway?.['status']?.supportedFeatures);
  return (
    type !== 'updated' || object.metadata.generation !== old?.metadata.generation || features(object) !== features(old)
  );
}

function controlled(object: KubeObject | undefined, fn: Function): KubeObject | undefined {
  return object !== undefined && isControlledBy(object, fn) ? object : undefined;
}

function byName<T extends KubeObject>(objects: T[]): Map<string, T> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}
