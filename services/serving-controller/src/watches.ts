import {
  bareOf,
  CONDITION,
  DAPR_COMPONENT,
  DEFAULT_GATEWAY,
  DEPLOYMENT,
  findCondition,
  GATEWAY,
  HTTP_SCALED_OBJECT,
  isEqual,
  JOB,
  type Kind,
  KNATIVE_REVISION,
  KNATIVE_SERVICE,
  type KubeObject,
  LABEL,
  POD,
  POD_AUTOSCALER,
  SCALED_JOB,
  SCALED_OBJECT,
  SERVICE,
  SERVING,
  type Serving,
  STATE,
  STATEFUL_SET,
} from '@openfunction/api';
import { keyOf, ownerOf, type Watch, type World } from '@openfunction/controller';
import { trimPod } from '@openfunction/controller/pods';
import { type Change, storeKey } from '@openfunction/kube';
import type { Key } from '@openfunction/queue';
import { foreignComponents } from './dapr/references.ts';
import { signatureOf } from './results/pod-troubles.ts';
import { standingOf } from './results/workload.ts';

/*
 * What is watched, and when it wakes a Serving. Objects that bear our labels are selected by the server: a cluster's other Deployments,
 * Services and Pods are never sent. Much of what happens to them means nothing for us (a scaler counts replicas, KEDA notes when it
 * was active): only what may change a verdict, or is drift, wakes.
 */

/** The second cache of Pods: those of Dapr proxies, which bear another label. */
export const PROXY_PODS = 'proxy';

/** Every kind that a Serving may be made of. */
export const CHILDREN: readonly Kind[] = [
  KNATIVE_SERVICE,
  DEPLOYMENT,
  STATEFUL_SET,
  JOB,
  SCALED_OBJECT,
  SCALED_JOB,
  HTTP_SCALED_OBJECT,
  DAPR_COMPONENT,
  SERVICE,
];

const MANAGED = { labelSelector: `${LABEL.managed}=true` };

export const watches: readonly Watch[] = [
  { kind: SERVING, wakes: 'self' },
  { kind: KNATIVE_SERVICE, labelSelector: LABEL.serving, wakes: ownerUnless(sameKnative) },
  {
    kind: KNATIVE_REVISION,
    labelSelector: LABEL.serving,
    groupOf: labelledBy(LABEL.serving),
    trim: trimRevision,
    wakes: servingOfRevision,
  },
  {
    kind: POD_AUTOSCALER,
    labelSelector: LABEL.serving,
    groupOf: labelledBy(LABEL.serving),
    trim: trimRevision,
    wakes: servingOfRevision,
  },
  { kind: DEPLOYMENT, ...MANAGED, wakes: ownerUnless(sameWorkload) },
  { kind: STATEFUL_SET, ...MANAGED, wakes: ownerUnless(sameWorkload) },
  { kind: JOB, ...MANAGED, trim: trimJob, wakes: 'owner' },
  { kind: SCALED_OBJECT, ...MANAGED, wakes: ownerUnless(sameScaler) },
  { kind: SCALED_JOB, ...MANAGED, wakes: ownerUnless(sameScaler) },
  { kind: HTTP_SCALED_OBJECT, ...MANAGED, wakes: ownerUnless(sameScaler) },
  { kind: SERVICE, ...MANAGED, wakes: 'owner' },
  { kind: DAPR_COMPONENT, trim: trimComponent, wakes: usersOfComponent },
  { kind: POD, ...podsOf(LABEL.serving) },
  { kind: POD, view: PROXY_PODS, ...podsOf(LABEL.proxy) },
  { kind: GATEWAY, wakes: usersOfGateway },
];

/** Pods that bear this label, whose value is the name of their Serving. */
function podsOf(label: string): Omit<Watch, 'kind'> {
  return { labelSelector: label, groupOf: labelledBy(label), trim: trimPod, wakes: servingOfPod(label) };
}

/** The key of the Serving that a label names. */
function labelledBy(label: string) {
  return ({ metadata: { namespace, labels } }: KubeObject): string | undefined =>
    labels?.[label] === undefined ? undefined : storeKey({ namespace, name: labels[label] });
}

/** Whether two versions of a child say the same of the Serving. */
type Same = (before: KubeObject, after: KubeObject, isRunning: boolean) => boolean;

/** Wakes the Serving that owns the child, unless nothing has changed but what does not count. */
function ownerUnless(same: Same): Watch['wakes'] {
  return ({ type, object, old }, world) => {
    // One that was given to somebody else has just ceased to be ours: that is news to us.
    const owner = ownerOf(object, SERVING.kind) ?? (old && ownerOf(old, SERVING.kind));
    const serving = owner && (world.store(SERVING).get(storeKey(owner)) as Serving | undefined);
    if (owner === undefined || serving === undefined) return [];
    const isNews = type !== 'updated' || old === undefined || !isEqual(factsOf(old), factsOf(object));
    return isNews || !same(old, object, isRunning(serving)) ? [owner] : [];
  };
}

/** What makes drift. */
function factsOf({ metadata }: KubeObject): unknown {
  const { generation, deletionTimestamp, labels, annotations = {}, ownerReferences } = metadata;
  const { [REVISION_OF_DEPLOYMENT]: _counted, ...others } = annotations;
  return [generation, deletionTimestamp, labels, others, ownerReferences];
}

/** Kubernetes counts the templates of each Deployment there. */
const REVISION_OF_DEPLOYMENT = 'deployment.kubernetes.io/revision';

function sameKnative(before: KubeObject, after: KubeObject): boolean {
  return isEqual(statusOf(before, KNATIVE_FIELDS), statusOf(after, KNATIVE_FIELDS));
}

const KNATIVE_FIELDS = ['observedGeneration', 'latestCreatedRevisionName', 'conditions'];

/** Of one that starts, the steps on its way are not news before it is there; of one that runs, how many replicas are ready is the scaler's affair, as long as one is. */
function sameWorkload(before: KubeObject, after: KubeObject, running: boolean): boolean {
  if (!running) return isEqual(standingOf(before), standingOf(after));
  const facts = (object: KubeObject) => [
    statusOf(object, ['observedGeneration']),
    conditionsOf(object),
    (object['status']?.readyReplicas ?? 0) > 0,
  ];
  return isEqual(facts(before), facts(after));
}

function sameScaler(before: KubeObject, after: KubeObject): boolean {
  const ready = (object: KubeObject) => conditionsOf(object).filter(([type]) => type === 'Ready');
  return isEqual(ready(before), ready(after));
}

function statusOf(object: KubeObject, fields: readonly string[]): unknown[] {
  return fields.map((field) => object['status']?.[field]);
}

/** Conditions without their times. */
function conditionsOf(object: KubeObject): (string | undefined)[][] {
  const conditions = (object['status']?.conditions ?? []) as Record<string, string | undefined>[];
  return conditions.map(({ type, status, reason, message }) => [type, status, reason, message]);
}

/** A Revision and its PodAutoscaler belong to Knative; what they say counts while their Serving does not run, their metadata always (see `Plan.adjust`). */
function servingOfRevision({ type, object, old }: Change, world: World): Key[] {
  const serving = labelled(object, LABEL.serving, world);
  if (serving === undefined || type === 'deleted') return [];
  const isDrift = type === 'added' || old === undefined || !isEqual(factsOf(old), factsOf(object));
  const isNews = !isRunning(serving) && !isEqual(old?.['status'], object['status']);
  return isDrift || isNews ? [keyOf(serving)] : [];
}

/** A pod that comes and goes as the function scales wakes nobody: only what it says of a function that does not run, or its troubles. */
function servingOfPod(label: string): Watch['wakes'] {
  return ({ type, object, old }, world) => {
    const serving = labelled(object, label, world);
    if (serving === undefined || (type !== 'updated' && isWell(serving))) return [];
    const now = new Date();
    const before = type === 'added' ? asMade(object) : old;
    const isNews = type === 'deleted' || before === undefined || signatureOf(before, now) !== signatureOf(object, now);
    return isNews ? [keyOf(serving)] : [];
  };
}

/** A pod as it comes into being: that says nothing yet. */
function asMade(pod: KubeObject): KubeObject {
  return { ...pod, status: { phase: 'Pending' } };
}

function labelled(object: KubeObject, label: string, world: World): Serving | undefined {
  return world.store(SERVING).get(labelledBy(label)(object) ?? '') as Serving | undefined;
}

function isRunning({ status }: Serving): boolean {
  return status?.state === STATE.running;
}

/** It runs, and nothing is said to hold it up that might be over. */
function isWell(serving: Serving): boolean {
  const ready = findCondition(serving.status?.conditions, CONDITION.ready);
  return isRunning(serving) && (ready === undefined || ready.status === 'True');
}

/** A Component wakes the Serving that owns it; one that somebody else made, those that speak of it, when its type may be news. */
function usersOfComponent(change: Change, world: World): Key[] {
  const { type, object, old } = change;
  const owner = ownerOf(object, SERVING.kind);
  if (owner !== undefined) return world.store(SERVING).get(storeKey(owner)) === undefined ? [] : [owner];
  if (type === 'updated' && old?.['spec']?.type === object['spec']?.type) return [];
  const { namespace, name } = object.metadata;
  const neighbours = (world.store(SERVING).list() as Serving[]).filter(
    ({ metadata }) => metadata.namespace === namespace,
  );
  return neighbours.filter(({ spec }) => foreignComponents(spec).includes(name)).map(keyOf);
}

/** A Gateway names the hosts that the HTTP add-on knows its functions by. */
function usersOfGateway({ type, object, old }: Change, world: World): Key[] {
  if (type === 'updated' && isEqual(old?.['spec'], object['spec'])) return [];
  const users = (world.store(SERVING).list() as Serving[]).filter(
    (serving) =>
      serving.spec.triggers?.http?.engine === 'keda' &&
      storeKey(gatewayReference(serving)) === storeKey(object.metadata),
  );
  return users.map(keyOf);
}

/** The Gateway that carries the Serving's route. */
export function gatewayReference({ spec }: Serving) {
  return spec.triggers?.http?.route?.gatewayRef ?? DEFAULT_GATEWAY;
}

/** Without the spec: the pod template of a Revision is in its Service, too. */
function trimRevision({ spec: _spec, ...revision }: KubeObject): KubeObject {
  return { ...revision, status: { conditions: revision['status']?.conditions } };
}

/** A Job that a ScaledJob has made bears our labels; there may be many, and nobody reads them. */
function trimJob(job: KubeObject): KubeObject {
  return ownerOf(job, SERVING.kind) === undefined ? bareOf(job) : job;
}

/** Of a Component that somebody else has made only the type counts; its settings may hold what nobody else should. */
function trimComponent(component: KubeObject): KubeObject {
  if (ownerOf(component, SERVING.kind) !== undefined) return component;
  return { ...component, spec: { type: component['spec']?.type } };
}
