import { rfc3339, stampConditions, type WantedCondition } from '../conditions.ts';
import type { Container, ContainerState, ContainerStatus, Pod, PodStatus } from '../objects.ts';

/** What the node knows of a pod that it runs. */
export interface PodRun {
  container: Container;
  /** Digest of the image; empty while it is not found. */
  imageId: string;
  containerId: string;
  ready: boolean;
  restarts: number;
  state: ContainerState;
  lastState: ContainerState;
  acceptedAt: Date;
  /** The Dapr runtime beside the function, when there is one. */
  sidecar?: ContainerStatus;
}

/** The status of a pod as a kubelet would write it. */
export function podStatus(pod: Pod, run: PodRun, now: Date): PodStatus {
  const phase = phaseOf(pod, run.state);
  const notReady = phase === 'Succeeded' ? 'PodCompleted' : 'ContainersNotReady';
  const names = [
    ...(run.ready ? [] : [run.container.name]),
    ...(run.sidecar?.ready === false ? [run.sidecar.name] : []),
  ];
  const unready = {
    status: 'False',
    reason: notReady,
    message: `containers with unready status: [${names.join(' ')}]`,
  } as const;
  const readiness = names.length === 0 ? ({ status: 'True' } as const) : unready;
  const conditions: WantedCondition[] = [
    { type: 'PodReadyToStartContainers', status: 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'Ready', ...readiness },
    { type: 'ContainersReady', ...readiness },
    { type: 'PodScheduled', status: 'True' },
  ];
  return {
    phase,
    conditions: stampConditions(pod.status?.conditions, conditions, now),
    containerStatuses: pod.spec.containers.map((container) =>
      container.name === run.container.name ? containerStatus(run) : notRunHere(container),
    ),
    ...(run.sidecar && { ephemeralContainerStatuses: [run.sidecar] }),
    startTime: pod.status?.startTime ?? rfc3339(run.acceptedAt),
    hostIP: '127.0.0.1',
    podIP: '127.0.0.1',
    podIPs: [{ ip: '127.0.0.1' }],
  };
}

/** Whether a container that ended with this code is started again. */
export function isRestarted(pod: Pod, exitCode: number): boolean {
  const policy = pod.spec.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

function phaseOf(pod: Pod, state: ContainerState): PodStatus['phase'] {
  const { terminated, waiting } = state;
  if (terminated !== undefined && !isRestarted(pod, terminated.exitCode))
    return terminated.exitCode === 0 ? 'Succeeded' : 'Failed';
  return waiting !== undefined && waiting.reason !== 'CrashLoopBackOff' ? 'Pending' : 'Running';
}

function containerStatus(run: PodRun): ContainerStatus {
  return {
    name: run.container.name,
    image: run.container.image ?? '',
    imageID: run.imageId,
    ...(run.containerId !== '' && { containerID: run.containerId }),
    ready: run.ready,
    started: run.state.running !== undefined,
    restartCount: run.restarts,
    state: run.state,
    lastState: run.lastState,
  };
}

/** Only the function itself and Dapr run on this machine; other sidecars do not. */
function notRunHere(container: Container): ContainerStatus {
  const message = 'The local platform runs the function container of a pod only.';
  return {
    name: container.name,
    image: container.image ?? '',
    imageID: '',
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason: 'NotRunHere', message } },
    lastState: {},
  };
}
