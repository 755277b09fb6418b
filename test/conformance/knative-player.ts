import { DEPLOYMENT, type Kind, type KubeObject } from '@openfunction/api';
import { explain, isCoded } from '@openfunction/errors';
import { type KubeClient, Reflector } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';

/** Knative's own kinds: nobody but its parts reads them. */
export const POD_AUTOSCALER: Kind = {
  group: 'autoscaling.internal.knative.dev',
  versions: ['v1alpha1'],
  kind: 'PodAutoscaler',
  plural: 'podautoscalers',
  namespaced: true,
};
const INGRESS: Kind = {
  group: 'networking.internal.knative.dev',
  versions: ['v1alpha1'],
  kind: 'Ingress',
  plural: 'ingresses',
  namespaced: true,
};

/**
 * Plays the two parts of Knative that do not run here, in all namespaces: the autoscaler, which says that a revision is active
 * once a pod of it is ready, and the ingress, which says that every route is in place.
 */
export class KnativePlayer {
  readonly #client: KubeClient;
  readonly #complain: (line: string) => void;
  readonly #deployments: Reflector;
  readonly #autoscalers: Reflector;
  readonly #ingresses: Reflector;
  readonly #writes = new Set<Promise<void>>();

  constructor(client: KubeClient, complain: (line: string) => void) {
    this.#client = client;
    this.#complain = complain;
    const logger = silentLogger();
    const onChange = ({ type, object }: { type: string; object: KubeObject }) => {
      if (type !== 'deleted') this.#look(object);
    };
    this.#deployments = new Reflector({ client, kind: DEPLOYMENT, logger, onChange });
    this.#autoscalers = new Reflector({ client, kind: POD_AUTOSCALER, logger, onChange });
    this.#ingresses = new Reflector({ client, kind: INGRESS, logger, onChange });
  }

  async start(): Promise<void> {
    for (const reflector of this.#reflectors) reflector.start();
    await Promise.all(this.#reflectors.map((reflector) => reflector.ready()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
    await Promise.allSettled(this.#writes);
  }

  get #reflectors(): Reflector[] {
    return [this.#deployments, this.#autoscalers, this.#ingresses];
  }

  #look(object: KubeObject): void {
    if (object.kind === INGRESS.kind) this.#say(INGRESS, object, accepted(object));
    for (const autoscaler of this.#autoscalers.store.list()) {
      const { namespace } = autoscaler.metadata;
      const deployment = this.#deployments.store.get(`${namespace}/${autoscaler['spec'].scaleTargetRef.name}`);
      const isMeant =
        object.metadata.uid === autoscaler.metadata.uid || object.metadata.uid === deployment?.metadata.uid;
      if (isMeant && deployment !== undefined) this.#say(POD_AUTOSCALER, autoscaler, scaled(autoscaler, deployment));
    }
  }

  #say(kind: Kind, object: KubeObject, status: object | undefined): void {
    if (status === undefined) return;
    const options = { subresource: 'status', fieldManager: 'knative' } as const;
    const writing = this.#client.patch(kind, object.metadata, { status }, options).then(
      () => {},
      (error) => {
        if (!isCoded(error, 'api.not-found'))
          this.#complain(`a played part of Knative cannot write: ${explain(error)}`);
      },
    );
    this.#writes.add(writing);
    writing.finally(() => this.#writes.delete(writing));
  }
}

/** What the autoscaler says of a revision with or without ready pods; undefined when it has said so. */
function scaled(autoscaler: KubeObject, deployment: KubeObject): object | undefined {
  const replicas = Number(deployment['status']?.readyReplicas ?? 0);
  const said = autoscaler['status'];
  if (said?.actualScale === replicas && said.observedGeneration === autoscaler.metadata.generation) return undefined;
  // A revision that has been up once stays initialised.
  const initialised = replicas > 0 || conditionOf(said, 'ScaleTargetInitialized') === 'True';
  const active = replicas > 0 ? 'True' : 'Unknown';
  return {
    observedGeneration: autoscaler.metadata.generation,
    serviceName: autoscaler.metadata.name,
    metricsServiceName: `${autoscaler.metadata.name}-private`,
    actualScale: replicas,
    desiredScale: Number(deployment['spec'].replicas ?? 1),
    conditions: [
      condition('Active', active, active === 'True' ? undefined : 'Queued'),
      condition('Ready', initialised ? active : 'Unknown', active === 'True' ? undefined : 'Queued'),
      condition('ScaleTargetInitialized', initialised ? 'True' : 'Unknown'),
      condition('SKSReady', 'True'),
    ],
  };
}

function accepted(ingress: KubeObject): object | undefined {
  const { generation } = ingress.metadata;
  if (ingress['status']?.observedGeneration === generation) return undefined;
  const balancer = { ingress: [{ domainInternal: 'ingress.example.svc.cluster.local' }] };
  return {
    observedGeneration: generation,
    publicLoadBalancer: balancer,
    privateLoadBalancer: balancer,
    conditions: ['LoadBalancerReady', 'NetworkConfigured', 'Ready'].map((type) => condition(type, 'True')),
  };
}

function conditionOf(status: KubeObject['status'], type: string): string | undefined {
  return (status?.conditions as { type: string; status: string }[] | undefined)?.find((each) => each.type === type)
    ?.status;
}

function condition(type: string, status: string, reason?: string) {
  return { type, status, ...(reason !== undefined && { reason }), lastTransitionTime: new Date().toISOString() };
}
