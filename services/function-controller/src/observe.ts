import {
  BUILDER,
  type Builder,
  CONTROLLER_REVISION,
  FUNCTION,
  type Function,
  GATEWAY,
  GATEWAY_CLASS,
  type Gateway,
  HTTP_ROUTE,
  HTTP_SCALED_OBJECT,
  isControlledBy,
  type Kind,
  KNATIVE_SERVICE,
  KUBE_GATEWAY,
  type KubeObject,
  LABEL,
  REFERENCE_GRANT,
  referenceGrantName,
  SERVICE,
  SERVING,
  type Serving,
} from '@openfunction/api';
import { keyOf, ownerOf, type Watch, type World } from '@openfunction/controller';
import { appliedAt, type Change, storeKey } from '@openfunction/kube';
import { nextBuilder } from './build-half.ts';
import { isInterceptable } from './resources/content.ts';
import { type Interception, readInterception, trimScaledObject } from './resources/hosts.ts';
import { gatewayReferenceOf, kubeGatewayOf } from './resources/http-route.ts';
import { isOurGrant } from './resources/reference-grant.ts';
import { readVersion, type Version } from './resources/version.ts';

/** What the function-controller sees of one Function. */
export interface FunctionSeen {
  fn: Function;
  /** Builders and Servings that this Function controls, by name. */
  builders: ReadonlyMap<string, Builder>;
  servings: ReadonlyMap<string, Serving>;
  /** Versions that have run. */
  versions: readonly Version[];
  /** Knative Services of its Servings, by name. */
  knativeServices: ReadonlyMap<string, KubeObject>;
  /** Objects of the Function's name that it controls. */
  route: KubeObject | undefined;
  routeAppliedAt: Date | undefined;
  entryService: KubeObject | undefined;
  entryServiceAppliedAt: Date | undefined;
  /** What the HTTPScaledObjects of its Servings say, by the name of the Serving. */
  interceptions: ReadonlyMap<string, Interception>;
  /** The ReferenceGrant for the Function's namespace at the KEDA HTTP add-on, looked for only where one is needed. */
  grant: KubeObject | undefined;
  servesGrants: boolean;
  /** The Gateway that the route names; undefined too when the Gateway API is not served. */
  gateway: Gateway | undefined;
  /** The kind that is not served and without which there are no routes. */
  unservedRouteKind: Kind | undefined;
  /** Whether the Kubernetes Gateway behind the Gateway is there, or nobody knows. */
  kubeGatewayExists: boolean;
  /** Whether the gateway implementation rewrites hosts (feature HTTPRouteHostRewrite, or it lists no features). */
  rewritesHosts: boolean;
}

export const watches: Watch[] = [
  { kind: FUNCTION, wakes: 'self' },
  { kind: BUILDER, wakes: 'owner' },
  { kind: SERVING, wakes: 'owner' },
  { kind: SERVICE, wakes: 'owner' },
  { kind: HTTP_ROUTE, wakes: 'owner' },
  { kind: CONTROLLER_REVISION, wakes: 'owner', labelSelector: LABEL.function },
  { kind: KNATIVE_SERVICE, wakes: wokenByKnative },
  { kind: HTTP_SCALED_OBJECT, wakes: wokenByInterception, trim: trimScaledObject },
  { kind: REFERENCE_GRANT, wakes: ({ object }, world) => grantees(object, world), trim: trimGrant },
  { kind: GATEWAY, wakes: ({ object }, world) => usersOf(object, world) },
  { kind: KUBE_GATEWAY, wakes: (change, world) => (isNews(change) ? everyHttpFunction(world) : []) },
  { kind: GATEWAY_CLASS, wakes: (change, world) => (isNews(change) ? everyHttpFunction(world) : []) },
];

/** Who looks, and where the KEDA HTTP add-on is. */
export interface Observer {
  fieldManager: string;
  kedaHttpNamespace: string;
}

/** Reads what there is. A child that the status names and the cache lacks is looked up for certain. */
export async function observe(
  object: KubeObject,
  world: World,
  { fieldManager, kedaHttpNamespace }: Observer,
): Promise<FunctionSeen> {
  const uid = object.metadata.uid ?? '';
  const servings = byName(world.store(SERVING).ownedBy(uid) as Serving[]);
  const builders = byName(world.store(BUILDER).ownedBy(uid) as Builder[]);
  const fn = await confirmUnbuilt(object as Function, builders, world);
  await confirmNamed(fn, world, builders, servings);
  const knative = world.store(KNATIVE_SERVICE);
  const route = controlled(world.store(HTTP_ROUTE).get(storeKey(fn.metadata)), fn);
  const entryService = controlled(world.store(SERVICE).get(storeKey(fn.metadata)), fn);
  const gateway = gatewayOf(fn, world);
  return {
    fn,
    builders,
    servings,
    versions: versionsOf(fn, world),
    knativeServices: byName([...servings.values()].flatMap((serving) => knative.ownedBy(serving.metadata.uid ?? ''))),
    route,
    routeAppliedAt: route === undefined ? undefined : appliedAt(route, fieldManager),
    entryService,
    entryServiceAppliedAt: entryService === undefined ? undefined : appliedAt(entryService, fieldManager),
    interceptions: interceptionsOf(servings, world),
    grant: await grantOf([...servings.values()], world, kedaHttpNamespace),
    servesGrants: world.served(REFERENCE_GRANT) === true,
    gateway,
    unservedRouteKind: unservedRouteKind(world),
    kubeGatewayExists: world.served(KUBE_GATEWAY) !== true || kubeGateway(gateway, world) !== undefined,
    rewritesHosts: rewritesHosts(gateway, world),
  };
}

/**
 * The Function as the API server has it, when a Builder is about to be made: one that has succeeded is cleaned up at once, and a
 * cache that has not heard of the status that says so would have it made again.
 */
async function confirmUnbuilt(fn: Function, builders: ReadonlyMap<string, Builder>, world: World): Promise<Function> {
  const name = nextBuilder(fn, builders);
  if (name === undefined || builders.has(name)) return fn;
  const live = (await world.latest(FUNCTION, fn.metadata)) as Function | undefined;
  return live !== undefined && live.metadata.uid === fn.metadata.uid ? live : fn;
}

function interceptionsOf(servings: ReadonlyMap<string, Serving>, world: World): Map<string, Interception> {
  const store = world.store(HTTP_SCALED_OBJECT);
  return new Map(
    [...servings.values()].flatMap(({ metadata: { name, uid = '' } }) =>
      store.ownedBy(uid).map((object) => [name, readInterception(object)] as const),
    ),
  );
}

/** Read for certain when there seems to be none: what somebody else has made under its name must not be written over. */
async function grantOf(servings: Serving[], world: World, namespace: string): Promise<KubeObject | undefined> {
  const [serving] = servings.filter(({ spec }) => isInterceptable(spec));
  if (serving === undefined || world.served(REFERENCE_GRANT) !== true) return undefined;
  const name = referenceGrantName(serving.metadata.namespace ?? '');
  return await world.confirm(REFERENCE_GRANT, { namespace, name });
}

function versionsOf(fn: Function, world: World): Version[] {
  const revisions = world.store(CONTROLLER_REVISION).ownedBy(fn.metadata.uid ?? '');
  return revisions.map(readVersion).filter((version) => version !== undefined);
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

function unservedRouteKind(world: World): Kind | undefined {
  return [HTTP_ROUTE, GATEWAY].find((kind) => world.served(kind) !== true);
}

function gatewayOf(fn: Function, world: World): Gateway | undefined {
  if (unservedRouteKind(world) !== undefined) return undefined;
  return world.store(GATEWAY).get(storeKey(gatewayReference(fn, world))) as Gateway | undefined;
}

/** Where the http trigger was taken away, the version that has it is reached by its own until the next one runs. */
function gatewayReference({ metadata, spec, status }: Function, world: World) {
  const { lastSuccessfulResourceRef: name = '' } = status?.serving ?? {};
  const last = () => world.store(SERVING).get(storeKey({ ...metadata, name })) as Serving | undefined;
  return gatewayReferenceOf(spec.serving?.triggers?.http ?? last()?.spec.triggers?.http);
}

function rewritesHosts(gateway: Gateway | undefined, world: World): boolean {
  if (gateway === undefined || world.served(KUBE_GATEWAY) !== true) return true;
  const className = kubeGateway(gateway, world)?.['spec']?.gatewayClassName ?? '';
  const features = (world.store(GATEWAY_CLASS).get(className)?.['status']?.supportedFeatures ?? []) as (
    | string
    | { name: string }
  )[];
  const names = features.map((feature) => (typeof feature === 'string' ? feature : feature.name));
  return names.length === 0 || names.includes('HTTPRouteHostRewrite');
}

function kubeGateway(gateway: Gateway | undefined, world: World): KubeObject | undefined {
  return gateway && world.store(KUBE_GATEWAY).get(storeKey(kubeGatewayOf(gateway)));
}

/** A Knative Service concerns the Function only when its revision or address changes; that it runs is told by the Serving. */
function wokenByKnative(change: Change, world: World) {
  if (change.type === 'updated' && routable(change.object) === routable(change.old)) return [];
  const owner = ownerOf(change.object, SERVING.kind);
  const serving = owner && world.store(SERVING).get(storeKey(owner));
  const fn = serving && ownerOf(serving, FUNCTION.kind);
  return fn === undefined || serving?.['status']?.state !== 'Running' ? [] : [fn];
}

/** A HTTPScaledObject concerns the Function when its hosts change, or it comes or goes. */
function wokenByInterception(change: Change, world: World) {
  const hosts = (object: KubeObject | undefined) => JSON.stringify(object?.['hosts']);
  if (change.type === 'updated' && hosts(change.object) === hosts(change.old)) return [];
  const owner = ownerOf(change.object, SERVING.kind);
  const fn = ownerOf(world.store(SERVING).get(storeKey(owner ?? { name: '' })) ?? change.object, FUNCTION.kind);
  return fn === undefined ? [] : [fn];
}

/** The Functions whose routes a grant is for. */
function grantees(grant: KubeObject, world: World) {
  const functions = world.store(FUNCTION).list() as Function[];
  return functions
    .filter(({ metadata, spec }) => {
      const isNamed = referenceGrantName(metadata.namespace ?? '') === grant.metadata.name;
      return isNamed && spec.serving !== undefined && isInterceptable(spec.serving);
    })
    .map(keyOf);
}

/** Of the grants of others only the name matters. */
function trimGrant(grant: KubeObject): KubeObject {
  return isOurGrant(grant) ? grant : { ...grant, spec: {} };
}

function routable(service: KubeObject | undefined): string {
  const status = service?.['status'] ?? {};
  return JSON.stringify([status.latestReadyRevisionName, status.address?.url, status.url]);
}

function usersOf(gateway: KubeObject, world: World) {
  const users = world.store(FUNCTION).list() as Function[];
  return users.filter((fn) => storeKey(gatewayReference(fn, world)) === storeKey(gateway.metadata)).map(keyOf);
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
