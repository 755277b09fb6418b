import {
  BUILD_STRATEGY,
  BUILDER,
  type Builder,
  CLUSTER_BUILD_STRATEGY,
  isBuilderEnded,
  type Kind,
  type KubeObject,
  POD,
  RESOURCE_REF,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import { ownerOf, type Watch, type World } from '@openfunction/controller';
import { type Change, storeKey } from '@openfunction/kube';
import type { Key } from '@openfunction/queue';
import { strategyOf } from './engines/shipwright/evidence.ts';
import { TAIL } from './engines/shipwright/log-tail.ts';
import { shipwrightNames } from './engines/shipwright/make.ts';
import { failedStep, RUN_LABEL, readPod, trimPod } from './engines/shipwright/pod.ts';
import { readRefusal } from './engines/shipwright/registration.ts';
import { buildStatusOf, hasFailed, runStatusOf } from './engines/shipwright/status.ts';

/** What the build-controller sees of one Builder. */
export interface BuilderSeen {
  builder: Builder;
  /** Whether the API server serves Shipwright's kinds. */
  installed: boolean;
  run: KubeObject | undefined;
  build?: KubeObject | undefined;
  /** The pod that the run's steps run in. */
  pod?: KubeObject | undefined;
  /** The end of the failed step's log; undefined when nothing failed, or when it cannot be read. */
  log?: string | undefined;
  /** Whether the strategy that the Build names exists; looked up only when Shipwright says that it does not. */
  strategyFound?: boolean | undefined;
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
  { kind: CLUSTER_BUILD_STRATEGY, metadataOnly: true, wakes: buildersMissing },
  { kind: BUILD_STRATEGY, metadataOnly: true, wakes: buildersMissing },
];

export async function observe(object: KubeObject, world: World): Promise<BuilderSeen> {
  const builder = object as Builder;
  const installed = world.served(SHIPWRIGHT_BUILD) === true && world.served(SHIPWRIGHT_BUILD_RUN) === true;
  if (!installed || isBuilderEnded(builder)) return { builder, installed, run: undefined };
  const names = shipwrightNames(builder);
  const { namespace } = builder.metadata;
  const build = world.store(SHIPWRIGHT_BUILD).get(storeKey({ namespace, name: names.build }));
  const key = { namespace, name: names.run };
  const recorded = builder.status?.resourceRef?.[RESOURCE_REF.shipwrightBuildRun] !== undefined;
  // A run that was started and is not in the cache decides the build's fate: absence has to be certain.
  const run = recorded
    ? await world.confirm(SHIPWRIGHT_BUILD_RUN, key)
    : world.store(SHIPWRIGHT_BUILD_RUN).get(storeKey(key));
  if (run === undefined) return { builder, installed, run, build, strategyFound: findStrategy(builder, build, world) };
  const pod = await findPod(run, world);
  return { builder, installed, run, build, pod, log: await readLog(run, pod, world) };
}

/**
 * The pod of a run: as the run names it, else by its label. A run that failed names a pod that the cache may not hold yet, or
 * that is gone (what is said of it differs), so that is asked for.
 */
async function findPod(run: KubeObject, world: World): Promise<KubeObject | undefined> {
  const { namespace, name: runName } = run.metadata;
  const { failureDetails, executor, taskRunName } = runStatusOf(run);
  const named = failureDetails?.location?.pod;
  if (named !== undefined && named !== '') return world.confirm(POD, { namespace, name: named });
  const pods = world.store(POD);
  const usual = pods.get(storeKey({ namespace, name: `${executor?.name ?? taskRunName}-pod` }));
  return (
    usual ??
    pods.list().find(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[RUN_LABEL] === runName)
  );
}

/** The log of the step that failed: one request for a build, when Shipwright does not bring the lines along. */
async function readLog(run: KubeObject, pod: KubeObject | undefined, world: World): Promise<string | undefined> {
  if (pod === undefined || !hasFailed(run)) return undefined;
  const { failureDetails } = runStatusOf(run);
  const container = failedStep(readPod(pod))?.name;
  if (container === undefined || failureDetails?.message?.trim().includes('\n') === true) return undefined;
  return world.logTail(pod.metadata, { container, ...TAIL });
}

function findStrategy(builder: Builder, build: KubeObject | undefined, world: World): boolean | undefined {
  if (readRefusal(builder, build)?.missing !== 'strategy') return undefined;
  const { kind, name } = strategyOf(builder, build);
  return kind === BUILD_STRATEGY.kind
    ? world.store(BUILD_STRATEGY).get(storeKey({ namespace: builder.metadata.namespace, name })) !== undefined
    : world.store(CLUSTER_BUILD_STRATEGY).get(name) !== undefined;
}

function builderOfPod({ object }: Change, world: World): Key[] {
  const name = object.metadata.labels?.[RUN_LABEL];
  if (name === undefined) return [];
  const run = world.store(SHIPWRIGHT_BUILD_RUN).get(storeKey({ namespace: object.metadata.namespace, name }));
  return keyOfOwner(run);
}

/** A strategy that appears wakes the Builders whose Build was refused for want of it. */
function buildersMissing({ type, object }: Change, world: World): Key[] {
  if (type !== 'added') return [];
  const { namespace, name } = object.metadata;
  const kind: Kind = namespace === undefined ? CLUSTER_BUILD_STRATEGY : BUILD_STRATEGY;
  return world
    .store(SHIPWRIGHT_BUILD)
    .list()
    .filter((build) => buildStatusOf(build).registered === 'False' && build['spec']?.strategy?.name === name)
    .filter((build) => (build['spec']?.strategy?.kind ?? BUILD_STRATEGY.kind) === kind.kind)
    .filter((build) => namespace === undefined || build.metadata.namespace === namespace)
    .flatMap(keyOfOwner);
}

function keyOfOwner(object: KubeObject | undefined): Key[] {
  const owner = object === undefined ? undefined : ownerOf(object, BUILDER.kind);
  return owner === undefined ? [] : [owner];
}
