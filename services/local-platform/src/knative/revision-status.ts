import { isTrue, stampConditions, type WantedCondition } from '../conditions.ts';
import type { ContainerStatus, Pod, Revision, RevisionStatus, TerminatedState } from '../objects.ts';
import { servingContainer } from './resources.ts';

/*
 *   image missing ◄──► starting ──► available ──► at zero
 *                       │   ▲          │   ▲        │
 *                       ▼   │          ▼   │        ▼
 *        crashed or too slow ┘     crash loop   (request) available
 */

/** What is known of a revision when its status is made. */
export interface RevisionSeen {
  revision: Revision;
  /** Digest of its image; undefined when the image is not on this machine. */
  digest: string | undefined;
  /** Replicas that its Deployment asks for; undefined while there is no Deployment. */
  replicas: number | undefined;
  /** When the Deployment was made. */
  deployedAt: Date | undefined;
  pods: readonly Pod[];
  progressDeadlineMs: number;
  now: Date;
}

export interface RevisionVerdict {
  status: RevisionStatus;
  /** When to look again if nothing else happens. */
  again?: Date;
}

interface State {
  containerHealthy: Omit<WantedCondition, 'type'>;
  resourcesAvailable: Omit<WantedCondition, 'type'>;
  again?: Date;
}

const TRUE = { status: 'True' } as const;
const DEPLOYING = { status: 'Unknown', reason: 'Deploying', message: 'The first instance is starting.' } as const;

/** Whether the first instance of a revision was ready once: it can start, and stays ready while it has no instance. */
export function wasReady(revision: Revision): boolean {
  return isTrue(revision.status?.conditions, 'ResourcesAvailable');
}

/** The status of a revision, with the conditions of Knative's own (ContainerHealthy, ResourcesAvailable, Active, Ready). */
export function revisionStatus(seen: RevisionSeen): RevisionVerdict {
  const { revision, now } = seen;
  const state = judge(seen);
  const ready = [state.containerHealthy, state.resourcesAvailable].sort((a, b) => rank(a) - rank(b))[0] ?? DEPLOYING;
  const conditions: WantedCondition[] = [
    { type: 'Active', ...activity(seen) },
    { type: 'ContainerHealthy', ...state.containerHealthy },
    { type: 'Ready', ...ready },
    { type: 'ResourcesAvailable', ...state.resourcesAvailable },
  ];
  const image = servingContainer(revision.spec.containers);
  const status: RevisionStatus = {
    observedGeneration: revision.metadata.generation ?? 1,
    conditions: stampConditions(revision.status?.conditions, conditions, now),
    actualReplicas: seen.pods.filter(isReady).length,
    desiredReplicas: seen.replicas ?? 0,
    ...(seen.digest && { containerStatuses: [{ name: image?.name ?? '', imageDigest: seen.digest }] }),
  };
  return { status, ...(state.again && { again: state.again }) };
}

/** The sentence about an image that this machine does not have. */
export function imageMissing(reference: string): string {
  return (
    `Image ${JSON.stringify(reference)} is not in the local image store: only images built on this machine can run here. ` +
    'Give the Function a build section, or use a cluster to run an image from a registry.'
  );
}

function judge(seen: RevisionSeen): State {
  const { revision, pods, now } = seen;
  const everReady = wasReady(revision);
  if (seen.digest === undefined) {
    const message = imageMissing(servingContainer(revision.spec.containers)?.image ?? '');
    return {
      containerHealthy: { status: 'False', reason: 'ImageNotFound', message },
      resourcesAvailable: before(everReady),
    };
  }
  if (pods.some(isReady)) return { containerHealthy: TRUE, resourcesAvailable: TRUE };
  const failure = pods.map((pod) => failureOf(pod, everReady)).find((found) => found !== undefined);
  if (failure !== undefined && seen.replicas !== 0)
    return { containerHealthy: failure, resourcesAvailable: before(everReady) };
  if (everReady) return { containerHealthy: TRUE, resourcesAvailable: TRUE };
  return starting(seen, now);
}

/** The first instance has not been ready yet: in time, or too late. */
function starting({ deployedAt, progressDeadlineMs, pods }: RevisionSeen, now: Date): State {
  const unknown = { status: 'Unknown', reason: 'Deploying' } as const;
  if (deployedAt === undefined) return { containerHealthy: unknown, resourcesAvailable: DEPLOYING };
  const deadline = new Date(deployedAt.getTime() + progressDeadlineMs);
  if (now < deadline) return { containerHealthy: unknown, resourcesAvailable: DEPLOYING, again: deadline };
  const running = pods.some((pod) => mainStatus(pod)?.state.running !== undefined);
  const why = running
    ? 'the function runs, but does not listen on the port in its environment variable PORT'
    : 'the function was not started';
  const message = `No instance became ready within ${progressDeadlineMs / 1000} s: ${why}.`;
  const late = { status: 'False', reason: 'ProgressDeadlineExceeded', message } as const;
  return { containerHealthy: unknown, resourcesAvailable: late };
}

function before(everReady: boolean): Omit<WantedCondition, 'type'> {
  return everReady ? TRUE : DEPLOYING;
}

/** Why the function's container is not healthy. A revision that was ready before is only unhealthy once it crashes in a row. */
function failureOf(pod: Pod, everReady: boolean): Omit<WantedCondition, 'type'> | undefined {
  const status = mainStatus(pod);
  if (status === undefined) return undefined;
  const { waiting } = status.state;
  if (waiting?.reason === 'ImageNotFound' || waiting?.reason === 'CreateContainerConfigError') {
    return { status: 'False', reason: waiting.reason, message: waiting.message };
  }
  if (everReady && (waiting?.reason !== 'CrashLoopBackOff' || status.restartCount === 0)) return undefined;
  const ended = status.state.terminated ?? status.lastState.terminated;
  return ended === undefined || ended.reason === 'PlatformRestarted' ? undefined : exitOf(ended);
}

function exitOf(ended: TerminatedState): Omit<WantedCondition, 'type'> {
  const message = `Container failed with: ${ended.message ?? `exit code ${ended.exitCode}, no output`}`;
  return { status: 'False', reason: `ExitCode${ended.exitCode}`, message };
}

function activity({ replicas, pods }: RevisionSeen): Omit<WantedCondition, 'type'> {
  if (pods.some(isReady)) return { ...TRUE, severity: 'Info' };
  if (replicas === 0) {
    return { status: 'False', severity: 'Info', reason: 'NoTraffic', message: 'The target is not receiving traffic.' };
  }
  return {
    status: 'Unknown',
    severity: 'Info',
    reason: 'Queued',
    message: 'Requests are held while an instance starts.',
  };
}

function isReady(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && isTrue(pod.status?.conditions, 'Ready');
}

function mainStatus(pod: Pod): ContainerStatus | undefined {
  const name = servingContainer(pod.spec.containers)?.name;
  return pod.status?.containerStatuses?.find((status) => status.name === name);
}

function rank(condition: Omit<WantedCondition, 'type'>): number {
  return { False: 0, Unknown: 1, True: 2 }[condition.status];
}
