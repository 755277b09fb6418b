import type { KubeObject } from '@openfunction/api';

/** One step of a build: a container of its pod that Tekton named `step-<name>`. */
export interface Step {
  name: string;
  image: string;
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: { exitCode: number; reason?: string; startedAt?: string; finishedAt?: string };
}

/** What the pod of a build tells, in the order in which its steps run. */
export interface PodFacts {
  namespace: string;
  name: string;
  phase: string;
  reason: string;
  message: string;
  /** Why the scheduler finds no node; undefined when it has, or has not looked yet. */
  unschedulable: string | undefined;
  steps: Step[];
}

type State = Pick<Step, 'waiting' | 'running' | 'terminated'>;

interface PodStatus {
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
  containerStatuses?: { name: string; state?: State }[];
}

const STEP = /^step-/;

/** Label on the pod: Shipwright puts it on its TaskRun, and Tekton copies it. */
export const RUN_LABEL = 'buildrun.shipwright.io/name';

export function readPod(pod: KubeObject): PodFacts {
  const status = (pod['status'] ?? {}) as PodStatus;
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
  return {
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name,
    phase: status.phase ?? 'Pending',
    reason: status.reason ?? '',
    message: status.message ?? '',
    unschedulable: scheduled?.status === 'False' ? (scheduled.message ?? scheduled.reason ?? '') : undefined,
    steps: readSteps(pod, status),
  };
}

/** In the order of the spec: the kubelet sorts states by name. */
function readSteps(pod: KubeObject, status: PodStatus): Step[] {
  const containers = (pod['spec']?.containers ?? []) as { name: string; image?: string }[];
  const states = new Map((status.containerStatuses ?? []).map(({ name, state }) => [name, state ?? {}]));
  return containers
    .filter(({ name }) => STEP.test(name))
    .map(({ name, image = '' }) => ({ name, image, ...states.get(name) }));
}

/** The step that failed: the first in order, as Tekton ends the ones behind it with an error too. */
export function failedStep({ steps }: PodFacts): Step | undefined {
  return steps.find(({ terminated }) => terminated !== undefined && terminated.exitCode !== 0);
}

/** A step whose image the kubelet cannot get (its reasons, pkg/kubelet/images/types.go). */
export function unpulledStep({ steps }: PodFacts): Step | undefined {
  return steps.find(isUnpulled);
}

export function isUnpulled(step: Step | undefined): boolean {
  return IMAGE_REASONS.has(step?.waiting?.reason ?? '');
}

const IMAGE_REASONS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'RegistryUnavailable',
  'ImageInspectError',
]);

/** A step whose container cannot be made, e.g. because a Secret it reads is missing. */
export function misconfiguredStep({ steps }: PodFacts): Step | undefined {
  return steps.find(({ waiting }) => waiting?.reason === 'CreateContainerConfigError');
}

/** The step at work: all containers run from the start, each waits for the one before it to end (Tekton's entrypoint). */
export function currentStep({ steps }: PodFacts): (Step & { since: string | undefined }) | undefined {
  const at = steps.findIndex(({ terminated }) => terminated === undefined);
  const step = steps[at];
  if (step?.running === undefined) return undefined;
  return { ...step, since: steps[at - 1]?.terminated?.finishedAt ?? step.running.startedAt };
}

/** Whether a container has run, so that there can be a log. */
export function hasLog(step: Step | undefined): boolean {
  return step?.running !== undefined || step?.terminated !== undefined;
}

/** A pod without what nobody reads here: its environment and volumes are the larger part of it. */
export function trimPod(pod: KubeObject): KubeObject {
  const containers = (pod['spec']?.containers ?? []) as { name: string; image?: string }[];
  const status = (pod['status'] ?? {}) as PodStatus;
  const { phase, reason, message, conditions, containerStatuses = [] } = status;
  return {
    ...pod,
    spec: { containers: containers.map(({ name, image }) => ({ name, image })) },
    status: {
      phase,
      reason,
      message,
      conditions: conditions?.filter(({ type }) => type === 'PodScheduled'),
      containerStatuses: containerStatuses.map(({ name, state }) => ({ name, state })),
    },
  };
}
