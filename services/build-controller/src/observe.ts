import {
  BUILD_STRATEGY,
  BUILDER,
  type Builder,
  CLUSTER_BUILD_STRATEGY,
  isBuilderEnded,
  isEqual,
  type KubeObject,
  POD,
  RESOURCE_REF,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import { keyOf, ownerOf, type Watch, type World } from '@openfunction/controller';
import { type Change, storeKey } from '@openfunction/kube';
import type { Key } from '@openfunction/queue';
import { withShipwrightObjects } from './engines/shipwright/adopt.ts';
import { TAIL } from './engines/shipwright/log-tail.ts';
import { shipwrightNames } from './engines/shipwright/make.ts';
import { failedStep, RUN_LABEL, readPod, trimPod } from './engines/shipwright/pod.ts';
import { failureOf, hasFailed, taskRunOf } from './engines/shipwright/status.ts';
import {
  type DeclaredParams,
  declaredParams,
  type Strategy,
  strategyOf,
  trimStrategy,
} from './engines/shipwright/strategy.ts';
import { type ShipwrightVersion, versionOf } from './engines/shipwright/version.ts';

/** What the build-controller sees of one Builder. */
export interface BuilderSeen {
  builder: Builder;
  /** The version of Shipwright's kinds that the API server serves; undefined when there is none. */
  shipwright: ShipwrightVersion | undefined;
  run: KubeObject | undefined;
  build?: KubeObject | undefined;
  /** The pod that the run's steps run in. */
  pod?: KubeObject | undefined;
  /** The end of the failed step's log; undefined when nothing failed, or when it cannot be read. */
  log?: string | undefined;
  /** The parameters that the strategy of the Builder declares; undefined when there is no such strategy. */
  declared?: DeclaredParams | undefined;
}

/*
 * Pods are watched, narrowed by the server to those of builds: one connection, an event for each change of a build's containers,
 * and no request of our own. Reading the pod by name instead would cost a request for each look, and a look every few seconds
 * for as long as each build takes, only to hear late of what has happened.
 */
export const watches: Watch[] = [
  { kind: BUILDER, wakes: 'self' },
  { kind: SHIPWRIGHT_BUILD, wakes: 'owner' },
  { kind: SHIPWRIGHT_BUILD_RUN, wakes: 'owner' },
  { kind: POD, labelSelector: RUN_LABEL, trim: trimPod, wakes: builderOfPod },
  { kind: CLUSTER_BUILD_STRATEGY, trim: trimStrategy, wakes: buildersWaiting },
  { kind: BUILD_STRATEGY, trim: trimStrategy, wakes: buildersWaiting },
];

export async function observe(object: KubeObject, world: World): Promise<BuilderSeen> {
  const shipwright = versionOf(world.version(SHIPWRIGHT_BUILD), world.version(SHIPWRIGHT_BUILD_RUN));
  if (shipwright === undefined || isBuilderEnded(object as Builder))
    return { builder: object as Builder, shipwright, run: undefined };
  const builder = withShipwrightObjects(object as Builder, world);
  const declared = readDeclared(strategyOf(builder, undefined), builder.metadata.namespace, world);
  const names = shipwrightNames(builder);
  const { namespace } = builder.metadata;
  const build = world.store(SHIPWRIGHT_BUILD).get(storeKey({ namespace, name: names.build }));
  const key = { namespace, name: names.run };
  // A run that was started and is not in the cache decides the build's fate: absence has to be certain.
  const run = isStarted(builder)
    ? await world.confirm(SHIPWRIGHT_BUILD_RUN, key)
    : world.store(SHIPWRIGHT_BUILD_RUN).get(storeKey(key));
  const seen = { builder, shipwright, declared, run, build };
  if (run === undefined) return seen;
  const pod = await findPod(run, world);
  return { ...seen, pod, log: await readLog(run, pod, world) };
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

/** The log of the step that failed: one request for a build, when Shipwright does not bring the lines along. */
async function readLog(run: KubeObject, pod: KubeObject | undefined, world: World): Promise<string | undefined> {
  if (pod === undefined || !hasFailed(run)) return undefined;
  const container = failedStep(readPod(pod))?.name;
  if (container === undefined || failureOf(run).message?.trim().includes('\n') === true) return undefined;
  return world.logTail(pod.metadata, { container, ...TAIL });
}

function readDeclared(
  { kind, name }: Strategy,
  namespace: string | undefined,
  world: World,
): DeclaredParams | undefined {
  const strategy =
    kind === BUILD_STRATEGY.kind
      ? world.store(BUILD_STRATEGY).get(storeKey({ namespace, name }))
      : world.store(CLUSTER_BUILD_STRATEGY).get(name);
  return strategy === undefined ? undefined : declaredParams(strategy);
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
  const waiting = (world.store(BUILDER).list() as Builder[]).filter(
    (builder) => !isBuilderEnded(builder) && !isStarted(builder) && isUsing(builder, object),
  );
  return waiting.map(keyOf);
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
