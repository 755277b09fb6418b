import {
  BUILDER_CANCELLED,
  type Builder,
  type Function,
  type FunctionStatus,
  type Gateway,
  type KubeObject,
  type Serving,
} from '@openfunction/api';
import type { FunctionSeen } from '../observe.ts';
import { planFunction } from '../plan.ts';

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
  readonly builders = new Map<string, Builder>();
  readonly servings = new Map<string, Serving>();
  route: KubeObject | undefined;
  routeAppliedAt: Date | undefined;
  entryService: KubeObject | undefined;
  now = NOW;
  readonly events: string[] = [];

  constructor(fn: Function) {
    this.fn = fn;
  }

  seen(): FunctionSeen {
    const { fn, gateway, builders, servings, route, routeAppliedAt, entryService } = this;
    return {
      fn,
      gateway,
      builders,
      servings,
      route,
      routeAppliedAt,
      entryService,
      knativeServices: this.#knative(),
      rewritesHosts: true,
    };
  }

  plan() {
    return planFunction(this.seen(), this.now, { drainSeconds: 5 });
  }

  /** Plans and acts until nothing changes; returns how many rounds that took. */
  settle(): number {
    for (let round = 0; round < 10; round += 1) {
      const before = JSON.stringify(this.#state());
      this.#act();
      if (JSON.stringify(this.#state()) === before) return round;
    }
    throw new Error('the plan does not settle');
  }

  /** The Builder that the status names ends in this state. */
  endBuild(state: 'Succeeded' | 'Failed', digest = 'sha256:1'): void {
    const builder = this.builder();
    const output = state === 'Succeeded' ? { output: { digest } } : {};
    this.builders.set(builder.metadata.name, {
      ...builder,
      status: { state, reason: state, message: `it ${state}`, ...output },
    });
  }

  /** The Serving that the status names reaches this state. */
  endServing(state: 'Running' | 'Failed'): void {
    const serving = this.serving();
    this.servings.set(serving.metadata.name, {
      ...serving,
      status: { state, message: `it is ${state}`, url: `${serving.metadata.name}-ksvc` },
    });
  }

  acceptRoute(status: 'True' | 'False' = 'True'): void {
    if (this.route === undefined) throw new Error('there is no route');
    const condition = {
      type: 'Accepted',
      status,
      reason: status === 'True' ? 'Accepted' : 'NoMatchingParent',
      message: 'as it is',
      lastTransitionTime: CREATED,
      observedGeneration: this.route.metadata.generation,
    };
    this.route = { ...this.route, status: { parents: [{ conditions: [condition] }] } };
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

  #act(): void {
    const plan = this.plan();
    for (const child of plan.apply) this.#apply(child);
    if (plan.status !== undefined) this.fn = { ...this.fn, status: JSON.parse(JSON.stringify(plan.status)) };
    this.events.push(...plan.events.map(({ reason }) => reason));
    for (const child of plan.remove) this.#remove(child);
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
    } else if (child.kind === 'HTTPRoute') {
      if (JSON.stringify(child['spec']) === JSON.stringify(this.route?.['spec'])) return;
      const generation = (this.route?.metadata.generation ?? 0) + 1;
      this.route = { ...child, metadata: { ...metadata, generation }, status: this.route?.['status'] };
      this.routeAppliedAt = this.now;
    } else this.entryService = child;
  }

  #remove(child: KubeObject): void {
    this.builders.delete(child.kind === 'Builder' ? child.metadata.name : '');
    this.servings.delete(child.kind === 'Serving' ? child.metadata.name : '');
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
    const { fn, builders, servings, route, entryService } = this;
    return [fn.status, [...builders], [...servings], route, entryService];
  }
}
