import { createHash } from 'node:crypto';
import {
  conditionTime,
  HTTP_ROUTE,
  HTTP_SCALED_OBJECT,
  type Kind,
  KNATIVE_SERVICE,
  type KubeObject,
  LABEL,
  POD,
  SCALED_JOB,
  SCALED_OBJECT,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import { explain, isCoded } from '@openfunction/errors';
import { type KubeClient, Reflector, storeKey } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import { playPod, playScaler } from './played-parts.ts';

/** How a played part ends: as its owner would report it. */
export type Outcome = { ok: true } | { ok: false; reason: string; message: string; details?: FailureDetails };

/** What Shipwright says of the step that failed (BuildRun `status.failureDetails`). */
export interface FailureDetails {
  reason: string;
  message: string;
  location: { pod: string; container: string };
}

export interface NeighbourOptions {
  client: KubeClient;
  /** Milliseconds until a BuildRun ends, a Knative Service is ready, a route is accepted. Default 0: at once. */
  buildMs?: number;
  readyMs?: number;
  acceptMs?: number;
  /** Milliseconds until the containers of a function's pod run, and until KEDA takes a scaler up. Default: never. */
  podMs?: number;
  scalerMs?: number;
  /** How this BuildRun, Knative Service, Pod or scaler ends; undefined leaves it in progress. Default: well. */
  outcome?: (object: KubeObject) => Outcome | undefined;
  /** Told of errors: a neighbour that fails silently makes a test hang. */
  onError?: (message: string) => void;
}

/** The other controllers of a cluster, played: what they would write, and nothing else. */
export interface Neighbours {
  /** When each Knative Service was reported ready, by `namespace/name`, in milliseconds since the epoch. */
  readyAt: ReadonlyMap<string, number>;
  stop: () => Promise<void>;
}

const OK: Outcome = { ok: true };
/** Labels of the pods of functions, and of their Dapr proxies. */
const FUNCTION_PODS: readonly string[] = [LABEL.serving, LABEL.proxy];
const SCALERS: readonly Kind[] = [SCALED_OBJECT, SCALED_JOB, HTTP_SCALED_OBJECT];

/**
 * Plays Shipwright (Build, BuildRun), Knative Serving (Service) and a Gateway implementation (HTTPRoute) against a real API
 * server; where it is asked for, the kubelet (Pods of Deployments, which the real kube-controller-manager makes) and KEDA with its HTTP
 * add-on (that a scaler is taken up; nothing is scaled). One library for tests and benches, so that both see the same neighbours.
 */
export async function startNeighbours(options: NeighbourOptions): Promise<Neighbours> {
  const player = new Player(options);
  await player.start();
  return player;
}

class Player implements Neighbours {
  readonly readyAt = new Map<string, number>();
  readonly #options: NeighbourOptions;
  readonly #reflectors: Reflector[];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #writes = new Set<Promise<void>>();

  constructor(options: NeighbourOptions) {
    this.#options = options;
    const { buildMs = 0, readyMs = 0, acceptMs = 0, podMs, scalerMs } = options;
    this.#reflectors = [
      this.#play(SHIPWRIGHT_BUILD, 0, (build) => (has(build, 'registered') ? undefined : registered())),
      this.#play(SHIPWRIGHT_BUILD_RUN, buildMs, (run) => this.#endRun(run)),
      this.#play(KNATIVE_SERVICE, readyMs, (service) => this.#readyService(service)),
      this.#play(HTTP_ROUTE, acceptMs, acceptRoute),
      ...(podMs === undefined ? [] : FUNCTION_PODS.map((label) => this.#play(POD, podMs, this.#with(playPod), label))),
      ...(scalerMs === undefined ? [] : SCALERS.map((kind) => this.#play(kind, scalerMs, this.#with(playScaler)))),
    ];
  }

  async start(): Promise<void> {
    for (const reflector of this.#reflectors) reflector.start();
    await Promise.all(this.#reflectors.map((reflector) => reflector.ready()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.allSettled(this.#writes);
  }

  /** The status of an object that ends as the options say. */
  #with(play: (object: KubeObject, outcome: Outcome) => unknown) {
    const { outcome = () => OK } = this.#options;
    return (object: KubeObject): unknown => {
      const end = outcome(object);
      return end && play(object, end);
    };
  }

  #play(kind: Kind, delayMs: number, act: (object: KubeObject) => unknown, labelSelector?: string): Reflector {
    const { client } = this.#options;
    const reflector = new Reflector({
      client,
      kind,
      logger: silentLogger(),
      ...(labelSelector !== undefined && { labelSelector }),
      onChange: ({ type, object }) => {
        if (type === 'deleted' || act(object) === undefined) return;
        this.#later(delayMs, () => this.#write(kind, reflector.store.get(storeKey(object.metadata)), act));
      },
    });
    return reflector;
  }

  #later(delayMs: number, work: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const writing = work();
      this.#writes.add(writing);
      writing.finally(() => this.#writes.delete(writing));
    }, delayMs);
    this.#timers.add(timer);
  }

  /** Writes what the part is worth now; an object that is gone needs nothing. */
  async #write(kind: Kind, object: KubeObject | undefined, act: (object: KubeObject) => unknown): Promise<void> {
    const status = object && act(object);
    if (object === undefined || status === undefined) return;
    try {
      await this.#options.client.patch(
        kind,
        object.metadata,
        { status },
        { subresource: 'status', fieldManager: 'neighbours' },
      );
      if (kind === KNATIVE_SERVICE)
        this.readyAt.set(`${object.metadata.namespace}/${object.metadata.name}`, Date.now());
    } catch (error) {
      if (!isCoded(error, 'api.not-found')) this.#options.onError?.(explain(error));
    }
  }

  #endRun(run: KubeObject): unknown {
    if (has(run, 'completionTime')) return undefined;
    const cancelled = run['spec']?.state === 'BuildRunCanceled';
    const outcome = cancelled ? CANCELLED : (this.#options.outcome ?? (() => OK))(run);
    if (outcome === undefined) return undefined;
    const time = conditionTime(new Date());
    const digest = `sha256:${createHash('sha256').update(run.metadata.name).digest('hex')}`;
    return {
      startTime: time,
      completionTime: time,
      conditions: [condition('Succeeded', outcome, time)],
      ...(!outcome.ok && outcome.details !== undefined && { failureDetails: outcome.details }),
      ...(outcome.ok && {
        output: { digest, size: 1 },
        source: { git: { commitSha: '0123abc', commitAuthor: 'Test' } },
      }),
    };
  }

  #readyService(service: KubeObject): unknown {
    if (service['status']?.observedGeneration === service.metadata.generation) return undefined;
    const outcome = (this.#options.outcome ?? (() => OK))(service);
    if (outcome === undefined) return undefined;
    const revision = service['spec'].template.metadata.name as string;
    const host = `${service.metadata.name}.${service.metadata.namespace}.svc.cluster.local`;
    return {
      observedGeneration: service.metadata.generation,
      conditions: [condition('Ready', outcome, conditionTime(new Date()))],
      latestCreatedRevisionName: revision,
      ...(outcome.ok && {
        latestReadyRevisionName: revision,
        url: `http://${host}`,
        address: { url: `http://${host}` },
      }),
    };
  }
}

const CANCELLED: Outcome = { ok: false, reason: 'BuildRunCanceled', message: 'the user requested it to be canceled' };

function registered() {
  return { registered: 'True', reason: 'Succeeded', message: 'all validations succeeded' };
}

function acceptRoute(route: KubeObject): unknown {
  const { generation } = route.metadata;
  const parents = (route['status']?.parents ?? []) as { conditions: { observedGeneration: number }[] }[];
  if (parents[0]?.conditions[0]?.observedGeneration === generation) return undefined;
  const [parentRef] = route['spec'].parentRefs as unknown[];
  const time = conditionTime(new Date());
  const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
    ...condition(type, OK, time),
    reason: type,
    observedGeneration: generation,
  }));
  return { parents: [{ parentRef, controllerName: 'example.com/neighbours', conditions }] };
}

function condition(type: string, outcome: Outcome, lastTransitionTime: string) {
  if (outcome.ok) return { type, status: 'True', reason: 'Succeeded', message: '', lastTransitionTime };
  return { type, status: 'False', reason: outcome.reason, message: outcome.message, lastTransitionTime };
}

function has(object: KubeObject, field: string): boolean {
  return object['status']?.[field] !== undefined;
}
