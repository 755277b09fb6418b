import { pause } from '@openfunction/kube';
import type { ContainerLogs, DaprLink } from '../node/runner.ts';
import type { Pod } from '../objects.ts';
import type { Backends } from './backends.ts';
import type { Serving } from './servings.ts';
import { daprVariables } from './settings.ts';
import { SIDECAR, type Sidecar } from './sidecar.ts';

const LOOK_MS = 200;

/** A function with a sidecar of its own. */
export function sidecarLink(pod: Pod, sidecar: Sidecar, app: Backends): DaprLink {
  return {
    connect: async (waiting, signal) => {
      while (!sidecar.ready && !signal.aborted) {
        waiting(sidecar.trouble.reason, sidecar.trouble.message);
        await pause(LOOK_MS, signal);
      }
      return signal.aborted ? undefined : daprVariables(pod, await sidecar.ports);
    },
    opened: (port) => app.set('function', port),
    closed: () => app.delete('function'),
    get sidecar() {
      return { sidecar: sidecar.status() };
    },
    logs: (container) => sidecarLogs(sidecar, container),
    stop: (graceMs) => sidecar.stop(graceMs),
  };
}

/** A function whose Dapr runs in a proxy pod. */
export function proxyLink(pod: Pod, serving: Serving): DaprLink {
  const uid = pod.metadata.uid ?? '';
  serving.use();
  return {
    connect: async (waiting, signal) => {
      for (let why = serving.trouble(); why !== undefined && !signal.aborted; why = serving.trouble()) {
        waiting(why.reason, why.message);
        await pause(LOOK_MS, signal);
      }
      return signal.aborted ? undefined : daprVariables(pod, await serving.ports());
    },
    opened: (port) => serving.functions.set(uid, port),
    closed: () => serving.functions.delete(uid),
    sidecar: {},
    logs: () => undefined,
    stop: async () => serving.leave(),
  };
}

export function sidecarLogs(sidecar: Sidecar, container: string): ContainerLogs | undefined {
  if (container !== SIDECAR) return undefined;
  return { current: sidecar.log, restarts: sidecar.restarts, path: (restarts) => sidecar.logPath(restarts) };
}
