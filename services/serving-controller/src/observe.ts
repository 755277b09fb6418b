import {
  DAPR_COMPONENT,
  GATEWAY,
  type Gateway,
  HTTP_SCALED_OBJECT,
  hasRun,
  isControlledBy,
  type Kind,
  KNATIVE_REVISION,
  KNATIVE_SERVICE,
  type KubeObject,
  POD,
  POD_AUTOSCALER,
  type Serving,
} from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { TAIL } from '@openfunction/controller/pods';
import { storeKey } from '@openfunction/kube';
import { absentAuthentications } from './authentications.ts';
import { foreignComponents } from './dapr/references.ts';
import type { EngineInput, PrunedTemplate } from './engines/engine.ts';
import { engineOf } from './engines/index.ts';
import type { OperatorConfig } from './operator-config.ts';
import type { Evidence } from './results/judge.ts';
import { findTrouble, logOf } from './results/pod-troubles.ts';
import { isRefusedScaler } from './results/scaler.ts';
import { isWorthAsking, newestRefusal } from './results/unmade.ts';
import { logKey } from './results/verdict.ts';
import { CHILDREN, gatewayReference, PROXY_PODS } from './watches.ts';

/** Where users write the template. */
const TEMPLATE = 'spec.serving.template';

/** What the serving-controller sees of one Serving. */
export interface ServingSeen extends Evidence {
  input: EngineInput;
  /** Knative's PodAutoscalers of the Serving's Revisions. */
  autoscalers: KubeObject[];
  /** Kinds that the Serving needs and nobody serves. */
  missing: Kind[];
}

/** What is the same for all Servings. */
export interface Surroundings {
  operatorConfig: { read: (world: World) => Promise<OperatorConfig> };
  clusterDomain: string;
}

/**
 * Reads caches; where a pod is in trouble, the end of its log; where one cannot be made, the Events about what wants it; where KEDA is in
 * trouble, whether the authentications exist; and once for each Knative and HTTP add-on what its definition knows.
 */
export async function observe(
  object: KubeObject,
  world: World,
  { operatorConfig, clusterDomain }: Surroundings,
): Promise<ServingSeen> {
  const serving = object as Serving;
  const input: EngineInput = {
    serving,
    config: await operatorConfig.read(world),
    clusterDomain,
    gateway: gatewayOf(serving, world),
    owned: CHILDREN.flatMap((kind) => world.store(kind).ownedBy(serving.metadata.uid ?? '')).filter((child) =>
      isControlledBy(child, serving),
    ),
    components: foreignOnes(serving, world),
    scaleTargetByName: await knowsTargetByName(serving, world),
    pruned: await pruneTemplate(serving, world),
  };
  const missing = engineOf(serving)
    .needs(serving)
    .filter((kind) => world.served(kind) !== true);
  const group = storeKey(serving.metadata);
  const pods = world.store(POD).group(group);
  const proxyPods = world.store(POD, PROXY_PODS).group(group);
  const revisions = world.store(KNATIVE_REVISION).group(group);
  const autoscalers = world.store(POD_AUTOSCALER).group(group);
  const logs = new Map([...(await readLog(pods, world)), ...(await readLog(proxyPods, world))]);
  const refusals = await readRefusals(input, world);
  const absent = input.owned.some(isRefusedScaler) ? await absentAuthentications(serving, world) : [];
  return { input, owned: input.owned, missing, revisions, autoscalers, pods, proxyPods, logs, refusals, absent };
}

/** Why pods of StatefulSets and Jobs that lack one are refused, by the uid of those; a Serving has one at most. */
async function readRefusals({ serving, owned }: EngineInput, world: World): Promise<Map<string, string>> {
  const now = new Date();
  const lacking = owned.filter((object) => isWorthAsking(object, hasRun(serving), now));
  const found = await Promise.all(
    lacking.map(async (object): Promise<[string, string][]> => {
      const refusal = newestRefusal(await world.eventsOf(object));
      return refusal === undefined ? [] : [[object.metadata.uid ?? '', refusal]];
    }),
  );
  return new Map(found.flat());
}

/** The last words of the container in trouble, by its key; one request at most. */
async function readLog(pods: readonly KubeObject[], world: World): Promise<[string, string][]> {
  const trouble = pods.length === 0 ? undefined : findTrouble(pods, new Date());
  const wanted = trouble && logOf(trouble);
  if (trouble === undefined || wanted === undefined) return [];
  const { container, previous } = wanted;
  const pod = { namespace: trouble.pod.namespace, name: trouble.pod.name };
  const log = await world.logTail(pod, { container, ...TAIL, previous });
  return log === undefined ? [] : [[logKey(pod.name, { name: container }), log]];
}

function gatewayOf(serving: Serving, world: World): Gateway | undefined {
  if (world.served(GATEWAY) !== true) return undefined;
  return world.store(GATEWAY).get(storeKey(gatewayReference(serving))) as Gateway | undefined;
}

function foreignOnes(serving: Serving, world: World): Map<string, KubeObject> {
  const { namespace } = serving.metadata;
  const found = foreignComponents(serving.spec).flatMap((name): [string, KubeObject][] => {
    const component = world.store(DAPR_COMPONENT).get(storeKey({ namespace, name }));
    return component === undefined ? [] : [[name, component]];
  });
  return new Map(found);
}

/** Versions of the HTTP add-on differ in this one field, under one version of their API. */
async function knowsTargetByName({ spec }: Serving, world: World): Promise<boolean> {
  return spec.triggers?.http?.engine !== 'keda' || world.hasField(HTTP_SCALED_OBJECT, 'spec.scaleTargetRef.name');
}

/** What Knative's definition leaves of the template, where that is not all. */
async function pruneTemplate(serving: Serving, world: World): Promise<PrunedTemplate | undefined> {
  const { template } = serving.spec;
  if (template == null || !engineOf(serving).needs(serving).includes(KNATIVE_SERVICE)) return undefined;
  const { object, left } = await world.prune(KNATIVE_SERVICE, { spec: { template: { spec: template } } });
  if (left.length === 0) return undefined;
  return {
    template: object.spec.template.spec,
    left: left.map((path) => path.replace('spec.template.spec', TEMPLATE)),
  };
}
