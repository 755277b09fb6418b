import type { Pod } from '../objects.ts';
import type { ContainerLog } from './container-log.ts';
import type { PodRun } from './pod-status.ts';

/** The logs of one container of a pod. */
export interface ContainerLogs {
  /** The log of the running or last run; undefined before the first. */
  current: ContainerLog | undefined;
  /** How many runs there were before. */
  restarts: number;
  /** Where the log of run number `restarts` is. */
  path(restarts: number): string;
}

/** What keeps one pod running on this machine. */
export interface Runner {
  readonly pod: Pod;
  readonly uid: string;
  /** The pod's own folder. */
  readonly directory: string;
  /** What is known of the pod now; a new object at each change. */
  readonly run: PodRun;
  /** The logs of a container; undefined when it does not run here. */
  logs(container: string): ContainerLogs | undefined;
  /** Ends the pod's processes within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** What the function of a pod needs of Dapr. */
export interface DaprLink {
  /** The variables by which it finds Dapr, as soon as that answers; `waiting` hears why it does not. Undefined when `signal` fires first. */
  connect(
    waiting: (reason: string, message: string) => void,
    signal: AbortSignal,
  ): Promise<Record<string, string> | undefined>;
  /** The function takes events on this port. */
  opened(port: number): void;
  /** It no longer does. */
  closed(): void;
  /** What is to be said of a sidecar of the pod itself. */
  readonly sidecar: Pick<PodRun, 'sidecar'>;
  logs(container: string): ContainerLogs | undefined;
  stop(graceMs: number): Promise<void>;
}
