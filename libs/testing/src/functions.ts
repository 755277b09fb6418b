import { FUNCTION, type Function, type KubeObject } from '@openfunction/api';
import type { KubeClient } from '@openfunction/kube';
import { waitFor } from './wait-for.ts';

/** What a test Function asks for. */
export interface FunctionSketch {
  namespace: string;
  name: string;
  /** Adds `spec.build`; with an object, its fields go over the usual ones. */
  build?: boolean | Record<string, unknown>;
  /** Leaves `spec.serving` out with `false`; with an object, its fields go over the usual ones. */
  serving?: false | Record<string, unknown>;
  spec?: Record<string, unknown>;
}

/** A Function as admission leaves it: defaulted, with an http trigger. */
export function sketchFunction(sketch: FunctionSketch): Function {
  const { namespace, name, build = false, serving = {} } = sketch;
  const more = typeof build === 'object' ? build : {};
  const source = { url: 'https://git.example.com/acme/functions.git', sourceSubPath: name };
  const spec = {
    image: `registry.example.com/acme/${name}:v1`,
    version: 'v1.0.0',
    ...(build !== false && {
      build: { builder: 'example.com/builder:v1', srcRepo: source, env: { FUNC_NAME: 'Hello' }, ...more },
    }),
    ...(serving !== false && { serving: { triggers: { http: { port: 8080 } }, ...serving } }),
    ...sketch.spec,
  };
  return { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', metadata: { namespace, name }, spec };
}

const REDIS = 'redis.example.com:6379';
const COMPONENT = { type: 'bindings.redis', version: 'v1', metadata: [{ name: 'redisHost', value: REDIS }] };

/** What `serving` of a sketch can say beside the usual: one of each engine, with all the kinds of objects that it makes. */
export const SERVINGS = {
  /** On Knative, with outputs: Components and a Dapr proxy. */
  knativeDapr: {
    outputs: [{ dapr: { name: 'target', type: 'bindings.redis', operation: 'create' } }],
    bindings: { target: COMPONENT },
    states: { store: { spec: { ...COMPONENT, type: 'state.redis' } } },
  },
  /** On the HTTP add-on of KEDA, scaled from zero. */
  kedaHttp: {
    triggers: { http: { port: 8080, engine: 'keda' } },
    scaleOptions: { maxReplicas: 3, keda: { httpScaledObject: { targetPendingRequests: 10 } } },
  },
  /** Event-driven, scaled from zero, with a Dapr proxy that scales with it. */
  async: {
    triggers: { dapr: [{ name: 'orders', type: 'bindings.redis' }] },
    bindings: { orders: COMPONENT },
    scaleOptions: {
      maxReplicas: 3,
      keda: { triggers: [{ type: 'redis', metadata: { address: REDIS, listName: 'orders', listLength: '5' } }] },
    },
  },
} as const satisfies Record<string, Record<string, unknown>>;

/** The default Gateway `openfunction/openfunction` with an internal and an external listener. */
export function defaultGateway(): KubeObject {
  const listener = (name: string, hostname: string) => ({ name, hostname, port: 80, protocol: 'HTTP' });
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

/** Creates the Function; `kubectl apply` for tests. */
export async function applyFunction(client: KubeClient, fn: Function): Promise<Function> {
  return (await client.apply(FUNCTION, fn, { fieldManager: 'kubectl', force: true })) as Function;
}

/** Waits until a condition of the Function has this status for its present generation; returns the Function. */
export async function untilCondition(
  client: KubeClient,
  fn: { metadata: { namespace?: string; name: string } },
  type: string,
  status: 'True' | 'False' | 'Unknown',
  timeoutMs = 15_000,
): Promise<Function> {
  return await waitFor(
    `Function ${fn.metadata.name} ${type}=${status}`,
    async () => {
      const live = (await client.get(FUNCTION, fn.metadata)) as Function | undefined;
      const condition = live?.status?.conditions?.find((each) => each.type === type);
      if (condition?.status === status && condition.observedGeneration === live?.metadata.generation) return live;
      throw new Error(JSON.stringify(live?.status?.conditions ?? 'no status'));
    },
    timeoutMs,
  );
}
