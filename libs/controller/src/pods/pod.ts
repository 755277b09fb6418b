import type { KubeObject } from '@openfunction/api';

/** How a run of a container ended (core/v1 ContainerStateTerminated). */
export interface Ended {
  exitCode: number;
  reason?: string;
  startedAt?: string;
  finishedAt?: string;
}

/** A container's state (core/v1 ContainerState): at most one of these. */
interface State {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: Ended;
}

/** Where a readiness probe asks. */
export interface Probe {
  /** As people write it, e.g. `http://:8080/healthz`, `tcp://:8080`, `grpc://:50051`, `cat /tmp/ready`. */
  target: string;
}

/** One container of a pod. */
export interface ContainerFacts extends State {
  name: string;
  image: string;
  ready: boolean;
  restarts: number;
  /** How the run before the present one ended. */
  last?: Ended;
  /** Ports that it declares. */
  ports: number[];
  readiness?: Probe;
}

/** What a pod tells of itself. */
export interface PodFacts {
  namespace: string;
  name: string;
  phase: string;
  reason: string;
  message: string;
  /** Why the scheduler finds no node; undefined when it has, or has not looked yet. */
  unschedulable: string | undefined;
  /** In the order of the spec: the kubelet sorts states by name. Those that run before the others come first. */
  containers: ContainerFacts[];
}

interface ContainerSpec {
  name: string;
  image?: string;
  ports?: { containerPort: number }[];
  readinessProbe?: ProbeSpec;
}

interface ProbeSpec {
  httpGet?: { path?: string; port?: number | string };
  tcpSocket?: { port?: number | string };
  grpc?: { port?: number };
  exec?: { command?: string[] };
}

interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: State;
  lastState?: { terminated?: Ended };
}

interface PodStatus {
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
  initContainerStatuses?: ContainerStatus[];
  containerStatuses?: ContainerStatus[];
}

/** Reads a pod (core/v1), trimmed or not. */
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
    containers: readContainers(pod, status),
  };
}

function readContainers(pod: KubeObject, status: PodStatus): ContainerFacts[] {
  const { initContainers = [], containers = [] } = (pod['spec'] ?? {}) as Record<string, ContainerSpec[] | undefined>;
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const statuses = new Map(all.map((each) => [each.name, each]));
  return [...initContainers, ...containers].map((spec) => readContainer(spec, statuses.get(spec.name)));
}

function readContainer(spec: ContainerSpec, status: ContainerStatus | undefined): ContainerFacts {
  const { ready = false, restartCount: restarts = 0, state, lastState } = status ?? {};
  const target = targetOf(spec.readinessProbe);
  return {
    name: spec.name,
    image: spec.image ?? '',
    ready,
    restarts,
    ...state,
    ...(lastState?.terminated !== undefined && { last: lastState.terminated }),
    ports: (spec.ports ?? []).map(({ containerPort }) => containerPort),
    ...(target !== undefined && { readiness: { target } }),
  };
}

function targetOf(probe: ProbeSpec | undefined): string | undefined {
  const { httpGet, tcpSocket, grpc, exec } = probe ?? {};
  if (httpGet !== undefined) return `http://:${httpGet.port ?? ''}${httpGet.path ?? '/'}`;
  if (tcpSocket !== undefined) return `tcp://:${tcpSocket.port ?? ''}`;
  if (grpc !== undefined) return `grpc://:${grpc.port ?? ''}`;
  return exec === undefined ? undefined : (exec.command ?? []).join(' ');
}

const IMAGE_REASONS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'RegistryUnavailable',
  'ImageInspectError',
]);

/** Whether the kubelet cannot get the container's image (its reasons, pkg/kubelet/images/types.go). */
export function isUnpulled(container: Pick<ContainerFacts, 'waiting'> | undefined): boolean {
  return IMAGE_REASONS.has(container?.waiting?.reason ?? '');
}

/** Whether a container cannot be made, e.g. because a Secret it reads is missing. */
export function isMisconfigured(container: Pick<ContainerFacts, 'waiting'> | undefined): boolean {
  return /^Create(?:ContainerConfig|Container)Error$/.test(container?.waiting?.reason ?? '');
}

/** Whether a container has run, so that there can be a log. */
export function hasLog(container: Pick<ContainerFacts, 'running' | 'terminated' | 'last'> | undefined): boolean {
  return container?.running !== undefined || container?.terminated !== undefined || container?.last !== undefined;
}

/** A pod without what nobody reads here: its environment and volumes are the larger part of it. */
export function trimPod(pod: KubeObject): KubeObject {
  const { initContainers = [], containers = [] } = (pod['spec'] ?? {}) as Record<string, ContainerSpec[] | undefined>;
  const status = (pod['status'] ?? {}) as PodStatus;
  const { phase, reason, message, conditions, initContainerStatuses, containerStatuses = [] } = status;
  return {
    ...pod,
    spec: {
      ...(initContainers.length > 0 && { initContainers: initContainers.map(trimSpec) }),
      containers: containers.map(trimSpec),
    },
    status: {
      phase,
      reason,
      message,
      conditions: conditions?.filter(({ type }) => type === 'PodScheduled' || type === 'Ready'),
      ...(initContainerStatuses !== undefined && { initContainerStatuses: initContainerStatuses.map(trimStatus) }),
      containerStatuses: containerStatuses.map(trimStatus),
    },
  };
}

function trimSpec({ name, image, ports, readinessProbe }: ContainerSpec) {
  return {
    name,
    image,
    ...(ports !== undefined && { ports: ports.map(({ containerPort }) => ({ containerPort })) }),
    ...(readinessProbe !== undefined && { readinessProbe }),
  };
}

function trimStatus({ name, ready, restartCount, state, lastState }: ContainerStatus): ContainerStatus {
  return {
    name,
    ...(ready !== undefined && { ready }),
    ...(restartCount !== undefined && { restartCount }),
    ...(state !== undefined && { state }),
    ...(lastState?.terminated !== undefined && { lastState: { terminated: lastState.terminated } }),
  };
}
