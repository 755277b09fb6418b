import {
  BUILD_STRATEGY,
  BUILDER,
  type Builder,
  CLUSTER_BUILD_STRATEGY,
  isBuilderEnded,
  isEqual,
  type Kind,
  type KubeObject,
  LIMIT_RANGE,
  NAMESPACE,
  POD,
  RESOURCE_QUOTA,
  RESOURCE_REF,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import { keyOf, ownerOf, type Watch, type World } from '@openfunction/controller';
import { TAIL, trimPod } from '@openfunction/controller/pods';
import { type Change, storeKey } from '@openfunction/kube';
import type { Key } from '@openfunction/queue';
import { withShipwrightObjects } from './engines/shipwright/adopt.ts';
import { shipwrightNames } from './engines/shipwright/make.ts';
import { failedStep, RUN_LABEL, readBuildPod } from './engines/shipwright/pod.ts';
import { foretellRefusal } from './engines/shipwright/pod-security.ts';
import { failureOf, hasFailed, taskRunOf } from './engines/shipwright/status.ts';
import {
  type DeclaredParams,
  declaredParams,
  nameOfStrategy,
  privilegesOf,
  strategyOf,
  trimStrategy,
} from './engines/shipwright/strategy.ts';
import { type ShipwrightVersion, versionOf } from './engines/shipwright/version.ts';
import { readDefaults } from './resources/defaults.ts';
import { isMadeHere, LIMIT_RANGE_NAME, makeLimitRange } from './resources/limit-range.ts';
import { foretellQuota, trimQuota } from './resources/quota.ts';

/** What the build-controller sees of one Builder. */
export interface BuilderSeen {
  builder: Builder;
  /** The version of Shipwright's kinds that the API server serves; undefined when there is none. */
  shipwright: ShipwrightVersion | undefined;
  /** Set where they are served and cannot be listed: of the first such kind, and why. */
  unreadable?: { kind: Kind; why: string } | undefined;
  run: KubeObject | undefined;
  build?: KubeObject | undefined;
  /** The pod that the run's steps run in. */
  pod?: KubeObject | undefined;
  /** The end of the failed step's log; undefined when nothing failed, or when it cannot be read. */
  log?: string | undefined;
  /** The parameters that the strategy of the Builder declares; undefined when there is no such strategy. */
  declared?: DeclaredParams | undefined;
  /** Why the pod of the build will most likely be refused, in one sentence each. */
  foretold?: string | undefined;
  /** Metadata of its namespace. */
  namespace?: KubeObject | undefined;
  /** The LimitRange there that has the name of ours. */
  range?: KubeObject | undefined;
}

/*
 * Pods are watched, narrowed by the server to those of builds: one connection, an event for each change of a build's containers,
 * and no request of our own. Reading the pod by name instead would cost a request for each look, and a look every few seconds
 * for as long as each build takes, only to hear late of what has happened.
 */
export const watches: Watch[] = [
  { kind: BUILDER, wakes: 'self' },
  { kind: SHIPWRIGHT_BUILD, wakes: 'owner', dispensable: true },
  { kind: SHIPWRIGHT_BUILD_RUN, wakes: 'owner', dispensable: true },
  { kind: POD, labelSelector: RUN_LABEL, trim: trimPod, wakes: builderOfPod },
  { kind: CLUSTER_BUILD_STRATEGY, trim: trimStrategy, wakes: buildersWaiting, dispensable: true },
  { kind: BUILD_STRATEGY, trim: trimStrategy, wakes: buildersWaiting, dispensable: true },
  // Which Pod Security level they enforce, and which defaults they ask for.
  { kind: NAMESPACE, metadataOnly: true, wakes: buildersInNamespace },
  // A change of these is seen at the next look; what they refuse is only foretold.
  { kind: RESOURCE_QUOTA, trim: trimQuota, groupOf: namespaceOf, wakes: () => [] },
  { kind: LIMIT_RANGE, groupOf: namespaceOf, wakes: buildersKeptOut },
];

export async function observe(object: KubeObject, world: World): Promise<BuilderSeen> {
  const unreadable = findUnreadable(world);
  if (unreadable !== undefined)
    return { builder: object as Builder, shipwright: undefined, run: undefined, unreadable };
  const shipwright = versionOf(world.version(SHIPWRIGHT_BUILD), world.version(SHIPWRIGHT_BUILD_RUN));
  if (shipwright === undefined || isBuilderEnded(object as Builder))
    return { builder: object as Builder, shipwright, run: undefined };
  const builder = withShipwrightObjects(object as Builder, world);
  const strategy = findStrategy(builder, world);
  const declared = strategy && declaredParams(strategy);
  const foretold = foretell(builder, strategy, world);
  const names = shipwrightNames(builder);
  const { namespace } = builder.metadata;
  const range = world.store(LIMIT_RANGE).get(storeKey({ namespace, name: LIMIT_RANGE_NAME }));
  const inNamespace = { namespace: world.store(NAMESPACE).get(namespace ?? ''), range };
  const build = world.store(SHIPWRIGHT_BUILD).get(storeKey({ namespace, name: names.build }));
  const key = { namespace, name: names.run };
  // A run that was started and is not in the cache decides the build's fate: absence has to be certain.
  const run = isStarted(builder)
    ? await world.confirm(SHIPWRIGHT_BUILD_RUN, key)
    : world.store(SHIPWRIGHT_BUILD_RUN).get(storeKey(key));
  const seen = { builder, shipwright, declared, foretold, ...inNamespace, run, build };
  if (run === undefined) return seen;
  const pod = await findPod(run, world);
  return { ...seen, pod, log: await readLog(run, pod, world) };
}

function findUnreadable(world: World): BuilderSeen['unreadable'] {
  const kinds = [SHIPWRIGHT_BUILD, SHIPWRIGHT_BUILD_RUN, CLUSTER_BUILD_STRATEGY, BUILD_STRATEGY];
  const kind = kinds.find((each) => world.unreadable(each) !== undefined);
  return kind && { kind, why: world.unreadable(kind) ?? '' };
}

/**
 * The pod of a run: as the run names it, else by its label. A run that failed names a pod that the cache may not hold yet, or
 * that is gone (what is said of it differs), so that is asked for.
 */
async function findPod(run: KubeObject, world: World): Promise<KubeObject | undefined> {
  const { namespace, name: runName } = run.metadata;
  const named = failureOf(run).location?.pod;
  if (named !== undefined && named !== '') return world.confirm(POD, { namespace, name: named });
  const pods = world.store(POD);
  const usual = pods.get(storeKey({ namespace, name: `${taskRunOf(run)}-pod` }));
  return (
    usual ??
    pods.list().find(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[RUN_LABEL] === runName)
  );
}

/** The log of the step that failed: one request for a build, three where lines are very long, when Shipwright does not bring them along. */
async function readLog(run: KubeObject, pod: KubeObject | undefined, world: World): Promise<string | undefined> {
  if (pod === undefined || !hasFailed(run)) return undefined;
  const container = failedStep(readBuildPod(pod))?.name;
  if (container === undefined || failureOf(run).message?.trim().includes('\n') === true) return undefined;
  return world.logTail(pod.metadata, { container, ...TAIL });
}

function findStrategy(builder: Builder, world: World): KubeObject | undefined {
  const { kind, name } = strategyOf(builder, undefined);
  const { namespace } = builder.metadata;
  return kind === BUILD_STRATEGY.kind
    ? world.store(BUILD_STRATEGY).get(storeKey({ namespace, name }))
    : world.store(CLUSTER_BUILD_STRATEGY).get(name);
}

function foretell(builder: Builder, strategy: KubeObject | undefined, world: World): string | undefined {
  const { namespace = '' } = builder.metadata;
  const name = nameOfStrategy(strategyOf(builder, undefined), namespace);
  const space = world.store(NAMESPACE).get(namespace);
  const refusal = strategy && foretellRefusal(name, privilegesOf(strategy), space);
  const { defaults } = readDefaults(space);
  const others = world
    .store(LIMIT_RANGE)
    .group(namespace)
    .filter((range) => !isMadeHere(range));
  const ranges = defaults === undefined ? others : [...others, makeLimitRange(namespace, defaults)];
  const quota = foretellQuota(namespace, world.store(RESOURCE_QUOTA).group(namespace), ranges);
  return [refusal, quota].filter((sentence) => sentence !== undefined).join(' ') || undefined;
}

function namespaceOf({ metadata }: KubeObject): string | undefined {
  return metadata.namespace;
}

/** A namespace whose annotations or labels change wakes the Builders that may have waited for that. */
function buildersInNamespace({ type, object, old }: Change, world: World): Key[] {
  const [now, before] = [object, old].map((each) => ({ ...each?.metadata.annotations, ...each?.metadata.labels }));
  if (type !== 'updated' || isEqual(now, before)) return [];
  return waitingBuilders(world, ({ metadata }) => metadata.namespace === object.metadata.name);
}

/** Of LimitRanges only the name of ours counts: when somebody else's gives it up, what has waited for that goes on. */
function buildersKeptOut({ type, object, old }: Change, world: World): Key[] {
  const { name, namespace } = object.metadata;
  const isGivenUp =
    type === 'deleted' || (type === 'updated' && old !== undefined && !isMadeHere(old) && isMadeHere(object));
  if (name !== LIMIT_RANGE_NAME || !isGivenUp) return [];
  return waitingBuilders(world, ({ metadata }) => metadata.namespace === namespace);
}

function builderOfPod({ object }: Change, world: World): Key[] {
  const name = object.metadata.labels?.[RUN_LABEL];
  if (name === undefined) return [];
  const run = world.store(SHIPWRIGHT_BUILD_RUN).get(storeKey({ namespace: object.metadata.namespace, name }));
  return keyOfOwner(run);
}

/** A strategy that appears, or declares other parameters, wakes the Builders that may have waited for that. */
function buildersWaiting({ type, object, old }: Change, world: World): Key[] {
  const isNews = type === 'added' || (type === 'updated' && !isEqual(object['spec'], old?.['spec']));
  if (!isNews) return [];
  return waitingBuilders(world, (builder) => isUsing(builder, object));
}

/** Those whose build has not started. */
function waitingBuilders(world: World, isMeant: (builder: Builder) => boolean): Key[] {
  const builders = world.store(BUILDER).list() as Builder[];
  return builders.filter((builder) => !isBuilderEnded(builder) && !isStarted(builder) && isMeant(builder)).map(keyOf);
}

function isUsing(builder: Builder, { metadata }: KubeObject): boolean {
  const { kind, name } = strategyOf(builder, undefined);
  const isNamespaced = kind === BUILD_STRATEGY.kind;
  return name === metadata.name && metadata.namespace === (isNamespaced ? builder.metadata.namespace : undefined);
}

function isStarted({ status }: Builder): boolean {
  return status?.resourceRef?.[RESOURCE_REF.shipwrightBuildRun] !== undefined;
}

function keyOfOwner(object: KubeObject | undefined): Key[] {
  const owner = object === undefined ? undefined : ownerOf(object, BUILDER.kind);
  return owner === undefined ? [] : [owner];
}
