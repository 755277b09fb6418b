import {
  BUILDER_CANCELLED,
  type Builder,
  type Function,
  type FunctionStatus,
  type Gateway,
  type Kind,
  type KubeObject,
  type Serving,
} from '@openfunction/api';
import { CodedError } from '@openfunction/errors';
import { markFailed } from '../conditions.ts';
import type { FunctionSeen } from '../observe.ts';
import { planFunction } from '../plan.ts';
import type { Interception } from '../resources/hosts.ts';
import { readVersion } from '../resources/version.ts';

export const NOW = new Date('2026-01-01T12:00:00Z');
const CREATED = '2026-01-01T11:00:00Z';

export function makeFunction(spec: Partial<Function['spec']>, status?: FunctionStatus): Function {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Function',
    metadata: { name: 'fn', namespace: 'ns', uid: 'uid-fn', generation: 1, creationTimestamp: CREATED },
    spec: { image: 'acme/fn:v1', version: 'v1.0.0', ...spec },
    ...(status !== undefined && { status }),
  };
}

export const HTTP = { triggers: { http: { port: 8080 } } };
export const BUILD = { builder: 'b', srcRepo: { url: 'https://git.example.com/fn.git' } };

export function makeGateway(): Gateway {
  const listener = (name: string, hostname: string, port = 80) => ({ name, hostname, port, protocol: 'HTTP' });
  return {
    apiVersion: 'networking.openfunction.io/v1alpha1',
    kind: 'Gateway',
    metadata: { name: 'openfunction', namespace: 'openfunction' },
    spec: {
      domain: 'ofn.io',
      gatewayRef: { name: 'contour', namespace: 'projectcontour' },
      gatewaySpec: {
        listeners: [listener('ofn-http-internal', '*.cluster.local'), listener('ofn-http-external', '*.ofn.io')],
      },
    },
  };
}

/** The objects around one Function, which a plan can be carried out on: what the shell and the API server would do. */
export class World {
  fn: Function;
  gateway: Gateway | undefined = makeGateway();
  kubeGatewayExists = true;
  unservedRouteKind: Kind | undefined;
  readonly builders = new Map<string, Builder>();
  readonly servings = new Map<string, Serving>();
  readonly revisions = new Map<string, KubeObject>();
  route: KubeObject | undefined;
  routeAppliedAt: Date | undefined;
  entryService: KubeObject | undefined;
  entryServiceAppliedAt: Date | undefined;
  grant: KubeObject | undefined;
  /** What the HTTPScaledObjects of the Servings say, by the name of the Serving. */
  readonly interceptions = new Map<string, Interception>();
  now = NOW;
  clusterDomain = 'cluster.local';
  readonly events: string[] = [];
  /** Kinds of children that are refused. */
  refused: readonly string[] = [];

  constructor(fn: Function) {
    this.fn = fn;
  }

  seen(): FunctionSeen {
    const { fn, gateway, builders, servings, route, routeAppliedAt, entryService } = this;
    return {
      fn,
      gateway,
      unservedRouteKind: this.unservedRouteKind,
      kubeGatewayExists: this.kubeGatewayExists,
      builders,
      servings,
      versions: [...this.revisions.values()].map(readVersion).filter((version) => version !== undefined),
      route,
      routeAppliedAt,
      entryService,
      entryServiceAppliedAt: this.entryServiceAppliedAt,
      interceptions: this.interceptions,
      grant: this.grant,
      servesGrants: true,
      knativeServices: this.#knative(),
      rewritesHosts: true,
    };
  }

  plan() {
    const { now, clusterDomain } = this;
    return planFunction(this.seen(), now, { drainSeconds: 5, kedaHttpNamespace: 'keda', clusterDomain });
  }

  /** Plans and acts until nothing changes; returns how many rounds that took. */
  settle(): number {
    for (let round = 0; round < 10; round += 1) {
      const before = JSON.stringify(this.#state());
      this.act();
      if (JSON.stringify(this.#state()) === before) return round;
    }
    throw new Error('the plan does not settle');
  }

  /** The children that are wanted now. */
  children(): KubeObject[] {
    const { apply, apart = [] } = this.plan();
    return [...apply, ...apart.flat()];
  }

  /** Carries out the first so many writes of one plan: fewer than all are what a crash leaves. */
  act(most = Number.POSITIVE_INFINITY): void {
    const { apply, apart = [], status, remove, events } = this.plan();
    const isRefused = ({ kind }: KubeObject) => this.refused.includes(kind);
    const [first] = apart.flatMap((group) => group.find(isRefused) ?? []);
    const upToRefusal = (group: KubeObject[]) =>
      group.some(isRefused) ? group.slice(0, group.findIndex(isRefused)) : group;
    const writes = [
      ...[...apply, ...apart.flatMap(upToRefusal)].map((child) => () => this.#apply(child)),
      () => {
        if (status === undefined) return;
        const error = new CodedError('name.taken', `${first?.kind} "fn" exists and belongs to nobody in particular`);
        const said = first === undefined ? status : markFailed(this.fn, error, this.now, { child: first, status });
        this.fn = { ...this.fn, status: JSON.parse(JSON.stringify(said)) };
      },
      ...remove.map((child) => () => this.#remove(child)),
    ];
    for (const write of writes.slice(0, most)) write();
    this.events.push(...events.map(({ reason }) => reason));
  }

  /** The Builder that the status names ends in this state; a digest of null is none. */
  endBuild(state: 'Succeeded' | 'Failed', digest: string | null = 'sha256:1'): void {
    const builder = this.builder();
    const output = state === 'Succeeded' && digest !== null ? { output: { digest } } : {};
    this.builders.set(builder.metadata.name, {
      ...builder,
      status: { state, reason: state, message: `it ${state}`, ...output },
    });
  }

  /** The Serving that the status names reaches this state. */
  endServing(state: 'Running' | 'Failed' | 'Timeout'): void {
    const serving = this.serving();
    const readyTime = state === 'Running' ? this.now.toISOString() : serving.status?.readyTime;
    this.servings.set(serving.metadata.name, {
      ...serving,
      status: {
        ...(readyTime !== undefined && { readyTime }),
        state,
        message: `it is ${state}`,
        url: `${serving.metadata.name}-ksvc`,
        conditions: serving.status?.conditions ?? [],
      },
    });
  }

  /** The Serving that the status names says this of itself; its state stays. */
  sayOfServing(status: 'True' | 'False' | 'Unknown', reason: string, message: string): void {
    const serving = this.serving();
    const ready = { type: 'Ready', status, reason, message, lastTransitionTime: this.now.toISOString() } as const;
    this.servings.set(serving.metadata.name, { ...serving, status: { ...serving.status, conditions: [ready] } });
  }

  acceptRoute(status: 'True' | 'False' = 'True'): void {
    const reason = status === 'True' ? 'Accepted' : 'NoMatchingParent';
    this.judgeRoute([{ conditions: { Accepted: [status, reason] } }]);
  }

  /** What the gateway says of the route as it is now, parent by parent: status and reason of each condition. */
  judgeRoute(parents: { listener?: string; conditions: Record<string, [status: string, reason: string]> }[]): void {
    if (this.route === undefined) throw new Error('there is no route');
    const observedGeneration = this.route.metadata.generation;
    const common = { message: 'as it is', lastTransitionTime: CREATED, observedGeneration };
    const said = parents.map(({ listener, conditions }) => ({
      ...(listener !== undefined && { parentRef: { sectionName: listener } }),
      conditions: Object.entries(conditions).map(([type, [status, reason]]) => ({ type, status, reason, ...common })),
    }));
    this.route = { ...this.route, status: { parents: said } };
  }

  /** The Serving that the status names runs, and the gateway, where there is a route, has heard of it. */
  run(): void {
    this.endServing('Running');
    this.settle();
    if (this.route !== undefined) this.acceptRoute();
    this.settle();
  }

  /** What is wanted is made and runs, gets the requests, and what was there before it goes. */
  switchOver(): void {
    this.settle();
    this.run();
    this.later(6);
    this.settle();
  }

  /** So many seconds go by. */
  later(seconds: number): void {
    this.now = new Date(this.now.getTime() + seconds * 1000);
  }

  builder(): Builder {
    return this.#named(this.builders, this.fn.status?.build?.resourceRef);
  }

  serving(): Serving {
    return this.#named(this.servings, this.fn.status?.serving?.resourceRef);
  }

  condition(type: string) {
    return this.fn.status?.conditions?.find((condition) => condition.type === type);
  }

  change(spec: Partial<Function['spec']>): void {
    const { metadata } = this.fn;
    this.fn = {
      ...this.fn,
      metadata: { ...metadata, generation: (metadata.generation ?? 0) + 1 },
      spec: { ...this.fn.spec, ...spec },
    };
  }

  #named<T>(objects: ReadonlyMap<string, T>, name: string | undefined): T {
    const found = objects.get(name ?? '');
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  #apply(child: KubeObject): void {
    const { name } = child.metadata;
    const metadata = { ...child.metadata, uid: `uid-${name}`, creationTimestamp: CREATED };
    if (child.kind === 'Builder') {
      const status =
        (child as Builder).spec.state === BUILDER_CANCELLED ? { state: 'Canceled' } : this.builders.get(name)?.status;
      this.builders.set(name, { ...(child as Builder), metadata, ...(status && { status }) });
    } else if (child.kind === 'Serving') {
      const status = this.servings.get(name)?.status;
      this.servings.set(name, { ...(child as Serving), metadata, ...(status && { status }) });
    } else if (child.kind === 'ControllerRevision') {
      this.revisions.set(name, JSON.parse(JSON.stringify({ ...child, metadata })));
    } else if (child.kind === 'HTTPRoute') {
      if (JSON.stringify(child['spec']) === JSON.stringify(this.route?.['spec'])) return;
      const generation = (this.route?.metadata.generation ?? 0) + 1;
      this.route = { ...child, metadata: { ...metadata, generation }, status: this.route?.['status'] };
      this.routeAppliedAt = this.now;
    } else if (child.kind === 'ReferenceGrant') {
      this.grant = child;
    } else if (JSON.stringify(child['spec']) !== JSON.stringify(this.entryService?.['spec'])) {
      this.entryService = child;
      this.entryServiceAppliedAt = this.now;
    }
  }

  #remove(child: KubeObject): void {
    this.builders.delete(child.kind === 'Builder' ? child.metadata.name : '');
    this.servings.delete(child.kind === 'Serving' ? child.metadata.name : '');
    this.revisions.delete(child.kind === 'ControllerRevision' ? child.metadata.name : '');
    if (child.kind === 'HTTPRoute') this.route = undefined;
    if (child.kind === 'Service') this.entryService = undefined;
  }

  #knative(): Map<string, KubeObject> {
    const running = [...this.servings.values()].filter(({ status }) => status?.url !== undefined);
    return new Map(
      running.map(({ metadata }) => {
        const name = `${metadata.name}-ksvc`;
        const status = {
          latestReadyRevisionName: `${name}-v1`,
          url: `http://${name}.ns`,
          address: { url: `http://${name}.ns.svc` },
        };
        return [
          name,
          { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name, namespace: 'ns' }, status },
        ];
      }),
    );
  }

  #state() {
    const { fn, builders, servings, revisions, route, entryService, grant } = this;
    return [fn.status, [...builders], [...servings], [...revisions], route, entryService, grant];
  }
}
