import { DAPR_PROXY_CONTAINER, FUNCTION_CONTAINER, type KubeObject } from '@openfunction/api';
import {
  type ContainerFacts,
  hasLog,
  isMisconfigured,
  isUnpulled,
  type PodFacts,
  plain,
  pullCause,
  readPod,
  schedulingCause,
  tailOf,
} from '@openfunction/controller/pods';
import { type Look, logKey, type Trouble, troubled, type Verdict } from './verdict.ts';

/** What a pod, or one of its containers, is in. */
export interface PodTrouble {
  pod: PodFacts;
  container: ContainerFacts | undefined;
  row: Row;
}

/** One known trouble. Rows are asked in order; the first that matches explains. */
interface Row {
  reason: string;
  /** Of the pod as a whole. */
  ofPod?: (pod: PodFacts) => boolean;
  /** Of one container. */
  ofContainer?: (container: ContainerFacts, pod: PodFacts, now: Date) => boolean;
  cause: (facts: Facts) => string;
  /** The part of the cause that stays, where the kubelet tells details only now and then. */
  stem?: (facts: Facts) => string;
  next: (facts: Facts) => string;
  /** Only somebody else can help: it does not pass by itself. */
  hard?: true;
  /** The container's last words tell more. */
  log?: true;
}

interface Facts {
  pod: PodFacts;
  container: ContainerFacts;
}

/** The container that Dapr's injector adds, and the one that Knative adds. */
const DAPRD = 'daprd';
const QUEUE_PROXY = 'queue-proxy';
/** A container that has crashed before and runs again has to last this long, or it is taken to be crashing still. */
const LASTING_MS = 10_000;
const TEMPLATE = 'spec.serving.template';
const NO_CONTAINER: ContainerFacts = { name: '', image: '', ready: false, restarts: 0, ports: [] };

const ROWS: readonly Row[] = [
  {
    reason: 'Unschedulable',
    ofPod: ({ unschedulable }) => unschedulable !== undefined,
    cause: ({ pod }) => `no node takes pod ${pod.name}: ${schedulingCause(pod.unschedulable ?? '')}`,
    stem: ({ pod }) => `no node takes pod ${pod.name}`,
    next: () => `Add a node or free one, or ask for less in ${TEMPLATE} (resources, nodeSelector, affinity)`,
  },
  {
    reason: 'PodEvicted',
    ofPod: ({ reason }) => reason === 'Evicted',
    cause: ({ pod }) =>
      `pod ${pod.name} was evicted from its node: ${plain(pod.message) || 'the node ran short of a resource'}`,
    next: () => `Request what the function needs in ${TEMPLATE} (memory, ephemeral-storage), or free the node`,
  },
  {
    reason: 'ImagePullFailed',
    hard: true,
    ofContainer: isUnpulled,
    cause: (facts) => `${unpulled(facts)}${pullCause(facts.container.waiting?.message ?? '')}`,
    stem: unpulled,
    next: ({ pod, container: { name } }) =>
      name === FUNCTION_CONTAINER
        ? `Check the name in spec.image, that this cluster reaches its registry, and that spec.imageCredentials names a docker-registry Secret of namespace ${pod.namespace} that may pull it`
        : `Check the name of that image${placeOf(name)}, and that this cluster reaches its registry`,
  },
  {
    reason: 'CreateContainerConfigError',
    hard: true,
    ofContainer: isMisconfigured,
    cause: ({ container }) =>
      `container ${container.name} cannot be made: ${plain(container.waiting?.message ?? '') || 'its node does not say why'}`,
    stem: ({ container }) => `container ${container.name} cannot be made`,
    next: () => `Create what is missing: a Secret or ConfigMap that ${TEMPLATE} reads`,
  },
  {
    reason: 'OutOfMemory',
    hard: true,
    ofContainer: (container, _pod, now) => endOf(container)?.reason === 'OOMKilled' && isCrashing(container, now),
    cause: ({ container }) => `container ${container.name} was killed at its memory limit`,
    next: ({ container }) => `Raise resources.limits.memory of container ${container.name} in ${TEMPLATE}`,
  },
  {
    reason: 'CrashLoop',
    hard: true,
    log: true,
    ofContainer: (container, pod, now) => pod.phase !== 'Succeeded' && isCrashing(container, now),
    cause: ({ container }) => `container ${container.name} ${howItEnded(container)}`,
    next: ({ container: { name } }) =>
      name === DAPRD
        ? 'Correct the Dapr component that its log names (spec.serving.bindings, pubsub, states)'
        : `Correct the function, or what it is started with (spec.serving.params, ${TEMPLATE})`,
  },
  {
    reason: 'NotReady',
    ofContainer: (container, pod) => isUnanswered(container, pod),
    cause: ({ pod, container }) => `pod ${pod.name}: ${unanswered(container, pod)}`,
    stem: ({ pod }) => `pod ${pod.name}:`,
    next: () => `Check that the function listens there (spec.serving.triggers.http.port, ${TEMPLATE})`,
  },
  {
    // Whoever runs pods may have reasons of its own why a container does not start yet.
    reason: 'ContainerWaiting',
    ofContainer: ({ waiting }) => isUnknownWait(waiting),
    cause: ({ container: { name, waiting } }) =>
      `container ${name} does not start yet (${waiting?.reason}): ${plain(waiting?.message ?? '')}`,
    stem: ({ container: { name, waiting } }) => `container ${name} does not start yet (${waiting?.reason})`,
    next: () => 'If that lasts, the events of the pod say more',
  },
  {
    reason: 'ContainerCreating',
    ofContainer: ({ waiting }) => waiting?.reason === 'ContainerCreating' || waiting?.reason === 'PodInitializing',
    cause: ({ pod, container }) => `container ${container.name} of pod ${pod.name} is being made`,
    next: () => 'If that lasts, a volume or a network is missing: the events of the pod say which',
  },
];

/**
 * What keeps the newest pods from working: a trouble that does not pass by itself before one that may. Pods that are going, or have
 * done their work, are in none.
 */
export function findTrouble(pods: readonly KubeObject[], now: Date): PodTrouble | undefined {
  const living = pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .sort(newestFirst)
    .map(readPod)
    .filter(({ phase }) => phase !== 'Succeeded');
  const troubles = living.flatMap((pod) => troubleOf(pod, now) ?? []);
  // An evicted pod stays behind as a tombstone: it explains only where nothing stands in its place.
  const isStill = ({ row }: PodTrouble) =>
    row.reason !== 'PodEvicted' || living.every(({ reason }) => reason === 'Evicted');
  return troubles.find(({ row }) => row.hard) ?? troubles.find(isStill);
}

function troubleOf(pod: PodFacts, now: Date): PodTrouble | undefined {
  for (const row of ROWS) {
    if (row.ofPod?.(pod) === true) return { pod, container: undefined, row };
    const container = pod.containers.find((each) => row.ofContainer?.(each, pod, now) === true);
    if (container !== undefined) return { pod, container, row };
  }
  return undefined;
}

/** The container whose log tells more, and whether of its run before the present one; undefined when there is none. */
export function logOf({ pod, container, row }: PodTrouble) {
  if (row.log !== true || container === undefined || !hasLog(container)) return undefined;
  return { pod: pod.name, container: container.name, previous: container.running !== undefined };
}

/** What a trouble of its pods means for an object; when time alone may end it, the verdict says when to look again. */
export function inTrouble(object: KubeObject, ready: 'False' | 'Unknown', trouble: PodTrouble, look: Look): Verdict {
  const until = lastsUntil(trouble);
  const verdict = troubled(object, ready, explain(trouble, look.logs));
  return until === undefined || until <= look.now ? verdict : { ...verdict, again: until };
}

/** A container that runs again after a crash proves its health by lasting. */
function lastsUntil({ container, row }: PodTrouble): Date | undefined {
  if (row.log !== true || container?.ready !== true || container.running === undefined) return undefined;
  return new Date(Date.parse(container.running.startedAt ?? '') + LASTING_MS);
}

/** The trouble in words. */
export function explain({ pod, container, row }: PodTrouble, logs: ReadonlyMap<string, string>): Trouble {
  const facts = { pod, container: container ?? NO_CONTAINER };
  const log = container === undefined ? undefined : logs.get(logKey(pod.name, container));
  const reads = row.log === true && container !== undefined && hasLog(container);
  return {
    reason: row.reason,
    cause: row.cause(facts),
    stem: row.stem?.(facts) ?? row.cause(facts),
    next: row.next(facts),
    tail: reads ? tailOf(log) : '',
    more: reads
      ? `kubectl logs -n ${pod.namespace} ${pod.name} -c ${container.name}${container.running === undefined ? '' : ' --previous'}`
      : `kubectl describe pod -n ${pod.namespace} ${pod.name}`,
  };
}

/** Whether it does not pass by itself. */
export function isHard({ row }: PodTrouble): boolean {
  return row.hard === true;
}

/** What a change of a pod may change in a verdict; equal as long as it says the same. */
export function signatureOf(pod: KubeObject, now: Date): string {
  const facts = readPod(pod);
  const trouble = troubleOf(facts, now);
  const containers = facts.containers.map(({ name, ready, restarts, waiting, running }) => [
    name,
    ready,
    restarts,
    waiting?.reason,
    running !== undefined,
  ]);
  const going = pod.metadata.deletionTimestamp !== undefined;
  return JSON.stringify([facts.phase, going, trouble?.row.reason, trouble?.container?.name, containers]);
}

/** Whether a container waits for something that it names, and that no kubelet knows. */
function isUnknownWait(waiting: ContainerFacts['waiting']): boolean {
  const { reason = '', message = '' } = waiting ?? {};
  return message !== '' && !['ContainerCreating', 'PodInitializing', 'CrashLoopBackOff'].includes(reason);
}

/** How the container's last run ended. */
function endOf({ terminated, last }: ContainerFacts) {
  return terminated ?? last;
}

/** It ended with an error, or ends again and again; running for a moment after that is no proof of health. */
function isCrashing(container: ContainerFacts, now: Date): boolean {
  const { terminated, waiting, running, last, restarts } = container;
  if (waiting?.reason === 'CrashLoopBackOff') return true;
  if (terminated !== undefined) return terminated.exitCode !== 0;
  if (running === undefined || restarts === 0 || last === undefined || last.exitCode === 0) return false;
  return !container.ready || now.getTime() - Date.parse(running.startedAt ?? '') < LASTING_MS;
}

function howItEnded(container: ContainerFacts): string {
  const { exitCode = 0 } = endOf(container) ?? {};
  return exitCode === 0 ? 'ends (exit code 0), but a function has to go on running' : `ends with exit code ${exitCode}`;
}

function unpulled({ pod, container }: Facts): string {
  return `image ${container.image} for container ${container.name} of pod ${pod.name} cannot be pulled`;
}

/** Where an image that is not the function's is written. */
function placeOf(container: string): string {
  if (container === DAPR_PROXY_CONTAINER)
    return ' (openfunction.dapr-proxy.image in the ConfigMap openfunction-config)';
  return container === DAPRD || container === QUEUE_PROXY ? '' : ` in ${TEMPLATE}`;
}

function isUnanswered(container: ContainerFacts, { containers }: PodFacts): boolean {
  if (container.running === undefined || container.ready) return false;
  // Knative asks the function through its own container, whose probe says nothing of the function while that does not run.
  return container.name !== QUEUE_PROXY || containers.every(({ running }) => running !== undefined);
}

function unanswered({ name, readiness }: ContainerFacts, { containers }: PodFacts): string {
  if (name === QUEUE_PROXY) {
    const ports = containers.find((container) => container.name === FUNCTION_CONTAINER)?.ports ?? [];
    return `container ${FUNCTION_CONTAINER} runs, but does not answer on port ${ports.at(-1) ?? ''}`;
  }
  return readiness === undefined
    ? `container ${name} runs, but is not ready`
    : `container ${name} runs, but does not answer its readiness probe (${readiness.target})`;
}

function newestFirst(a: KubeObject, b: KubeObject): number {
  return (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
}
