import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { conditionTime, type KubeObject, NODE, POD } from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import { makeServingCertificate } from '../../services/local-platform/src/node/certificate.ts';

/** How one step of a build's pod ends. */
export interface StepEnd {
  /** Name of the container, e.g. `step-source-default`. */
  step: string;
  exitCode: number;
  /** As the kubelet gives it; default `Error` or `Completed`. */
  reason?: string;
  /** What the step wrote into Tekton's result files, e.g. `shp-error-reason`. */
  results?: Record<string, string>;
  log?: string;
}

/** Type of a result of the task in a termination message (Tekton's pkg/result). */
const TASK_RESULT = 1;

/**
 * Plays a kubelet: writes the status of pods as a test says, and answers for their logs. Nothing runs.
 */
export class Kubelet {
  readonly #client: KubeClient;
  readonly #node = `played-${randomBytes(4).toString('hex')}`;
  readonly #logs = new Map<string, string>();
  #server: Server | undefined;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Joins the cluster with a node that takes pods. */
  async start(): Promise<void> {
    const server = createServer(await makeServingCertificate(new Date()), ({ url = '' }, response) => {
      const log = this.#logs.get(new URL(url, 'https://127.0.0.1').pathname.replace('/containerLogs/', ''));
      response.writeHead(log === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(log);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    await this.#client.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: this.#node } });
    const status = {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    };
    await this.#status(NODE, { name: this.#node }, status);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  /** Takes the pod and starts all of its containers, as a kubelet does: Tekton makes each step wait for its turn. */
  async run(pod: KubeObject): Promise<void> {
    await this.#bind(pod);
    const running = { running: { startedAt: conditionTime(new Date()) } };
    await this.#pod(pod, { phase: 'Running', ...states(pod, () => running) });
  }

  /** Starts the pod's containers and lets their probes succeed but those of `failing`; it has an address, and no node. */
  async serve(pod: KubeObject, failing: readonly string[] = []): Promise<void> {
    const ready = failing.length === 0 ? 'True' : 'False';
    const { initContainerStatuses, containerStatuses } = states(pod, () => ({
      running: { startedAt: conditionTime(new Date()) },
    }));
    await this.#pod(pod, {
      phase: 'Running',
      podIP: '127.0.0.1',
      podIPs: [{ ip: '127.0.0.1' }],
      conditions: [
        ...['PodScheduled', 'Initialized'].map((type) => podCondition(type, 'True')),
        ...['ContainersReady', 'Ready'].map((type) => podCondition(type, ready)),
      ],
      initContainerStatuses,
      containerStatuses: containerStatuses.map((each) => ({ ...each, ready: !failing.includes(each.name) })),
    });
  }

  /** No node takes the pod, the scheduler says. */
  async refuse(pod: KubeObject, message: string): Promise<void> {
    const condition = { ...podCondition('PodScheduled', 'False'), reason: 'Unschedulable', message };
    await this.#pod(pod, { conditions: [condition] });
  }

  /** The container has ended again and again and is left alone for a while. */
  async crash(pod: KubeObject, container: string, { exitCode, log }: { exitCode: number; log: string }): Promise<void> {
    const { namespace, name } = pod.metadata;
    await this.#bind(pod);
    this.#logs.set(`${namespace}/${name}/${container}`, log);
    const message = `back-off 10s restarting failed container=${container} pod=${name}_${namespace}`;
    const waiting = { waiting: { reason: 'CrashLoopBackOff', message } };
    const running = { running: { startedAt: conditionTime(new Date()) } };
    const { initContainerStatuses, containerStatuses } = states(pod, (each) =>
      each === container ? waiting : running,
    );
    const last = { terminated: { ...terminated({ step: container, exitCode }), message: log } };
    await this.#pod(pod, {
      phase: 'Running',
      initContainerStatuses,
      containerStatuses: containerStatuses.map((each) =>
        each.name === container ? { ...each, restartCount: 3, lastState: last } : each,
      ),
    });
  }

  /** Ends every step of a pod that runs: the given ones as given, those before them well, those after them as Tekton ends them. */
  async end(pod: KubeObject, ends: readonly StepEnd[] = []): Promise<void> {
    const { namespace, name } = pod.metadata;
    const steps = stepsOf(pod);
    const failed = ends.find(({ exitCode }) => exitCode !== 0);
    const failedAt = failed === undefined ? steps.length : steps.indexOf(failed.step);
    for (const { step, log } of ends) if (log !== undefined) this.#logs.set(`${namespace}/${name}/${step}`, log);
    const state = (step: string, index: number) => {
      const skipped = { step, exitCode: 1 };
      const end = ends.find((each) => each.step === step) ?? (index > failedAt ? skipped : { step, exitCode: 0 });
      return { terminated: terminated(end) };
    };
    await this.#pod(pod, { phase: failed === undefined ? 'Succeeded' : 'Failed', ...states(pod, state) });
  }

  /** The pod is thrown off its node. */
  async evict(pod: KubeObject, message: string): Promise<void> {
    await this.#pod(pod, { phase: 'Failed', reason: 'Evicted', message });
  }

  /** Containers of the pod cannot start, e.g. `ImagePullBackOff`. */
  async hold(pod: KubeObject, waiting: { reason: string; message: string }): Promise<void> {
    await this.#pod(pod, { phase: 'Pending', ...states(pod, () => ({ waiting })) });
  }

  async #bind({ metadata: { namespace, name } }: KubeObject): Promise<void> {
    const target = { apiVersion: 'v1', kind: 'Node', name: this.#node };
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
    const key = { name, ...(namespace !== undefined && { namespace }) };
    await this.#client.request('POST', this.#client.path(POD, key, 'binding'), { body });
  }

  #pod({ metadata }: KubeObject, status: object): Promise<unknown> {
    return this.#status(POD, metadata, status);
  }

  #status(kind: typeof POD, object: { namespace?: string; name: string }, status: object): Promise<unknown> {
    return this.#client.patch(kind, object, { status }, { subresource: 'status', fieldManager: 'kubelet' });
  }
}

/** The steps of a build's pod, in the order in which they run. */
export function stepsOf(pod: KubeObject): string[] {
  return (pod['spec'].containers as { name: string }[]).map(({ name }) => name);
}

function states(pod: KubeObject, state: (step: string, index: number) => object) {
  const done = { terminated: terminated({ step: '', exitCode: 0 }) };
  const statusOf = (container: { name: string; image: string }, each: object) => ({
    name: container.name,
    image: container.image,
    imageID: '',
    ready: 'running' in each,
    restartCount: 0,
    state: each,
  });
  const containers = pod['spec'].containers as { name: string; image: string }[];
  const first = (pod['spec'].initContainers ?? []) as { name: string; image: string }[];
  return {
    initContainerStatuses: first.map((container) => statusOf(container, done)),
    containerStatuses: containers.map((container, index) => statusOf(container, state(container.name, index))),
  };
}

function podCondition(type: string, status: string) {
  return { type, status, lastTransitionTime: conditionTime(new Date()) };
}

function terminated({ exitCode, reason, results = {} }: StepEnd) {
  const time = conditionTime(new Date());
  const entries = Object.entries(results).map(([key, value]) => ({ key, value, type: TASK_RESULT }));
  return {
    exitCode,
    reason: reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
    startedAt: time,
    finishedAt: time,
    ...(entries.length > 0 && { message: JSON.stringify(entries) }),
  };
}
