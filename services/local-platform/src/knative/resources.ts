import {
  apiVersionOf,
  DEPLOYMENT,
  KNATIVE_REVISION,
  KNATIVE_SERVICE,
  type KubeObject,
  type OwnerReference,
  POD_AUTOSCALER,
} from '@openfunction/api';
import type { Container, KnativeService, Revision, RevisionSpec } from '../objects.ts';

/** Label on everything that belongs to a revision; its value is the revision's name. */
export const REVISION_LABEL = 'serving.knative.dev/revision';
const REVISION_UID_LABEL = 'serving.knative.dev/revisionUID';
const SERVICE_LABEL = 'serving.knative.dev/service';
const CONFIGURATION_LABEL = 'serving.knative.dev/configuration';
const GENERATION_LABEL = 'serving.knative.dev/configurationGeneration';
/** What Knative calls the only container when nobody named it. */
const DEFAULT_CONTAINER = 'user-container';
const DEFAULT_PORT = 8080;

/** The name of the revision that a Service wants now: as its template says, else by generation as Knative does. */
export function revisionNameOf(service: KnativeService): string {
  const generated = `${service.metadata.name}-${String(service.metadata.generation ?? 1).padStart(5, '0')}`;
  return service.spec.template.metadata?.name ?? generated;
}

/** The revision of a Service's template. */
export function makeRevision(service: KnativeService): KubeObject {
  const { metadata, spec } = service.spec.template;
  const name = service.metadata.name;
  return {
    apiVersion: apiVersionOf(KNATIVE_REVISION),
    kind: KNATIVE_REVISION.kind,
    metadata: {
      name: revisionNameOf(service),
      namespace: service.metadata.namespace ?? '',
      labels: {
        ...metadata?.labels,
        [SERVICE_LABEL]: name,
        [CONFIGURATION_LABEL]: name,
        [GENERATION_LABEL]: String(service.metadata.generation ?? 1),
      },
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ownerReferences: [ownedBy(apiVersionOf(KNATIVE_SERVICE), service)],
    },
    spec,
  };
}

/** The name of the Service that a revision belongs to. */
export function serviceNameOf(revision: KubeObject): string {
  return revision.metadata.labels?.[SERVICE_LABEL] ?? '';
}

export function deploymentNameOf(revision: KubeObject): string {
  return `${revision.metadata.name}-deployment`;
}

/**
 * The Deployment of a revision, with its image pinned to `digest`. How many replicas it has is left out: it begins with
 * one (Knative's initial scale) and is the scaler's business from then on.
 */
export function makeDeployment(revision: Revision, digest: string, progressDeadlineSeconds: number): KubeObject {
  const { name, namespace = '', uid = '' } = revision.metadata;
  const labels = { ...revision.metadata.labels, [REVISION_LABEL]: name, [REVISION_UID_LABEL]: uid, app: name };
  return {
    apiVersion: apiVersionOf(DEPLOYMENT),
    kind: DEPLOYMENT.kind,
    metadata: {
      name: deploymentNameOf(revision),
      namespace,
      labels,
      ownerReferences: [ownedBy(apiVersionOf(KNATIVE_REVISION), revision)],
    },
    spec: {
      selector: { matchLabels: { [REVISION_UID_LABEL]: uid } },
      progressDeadlineSeconds,
      revisionHistoryLimit: 0,
      template: {
        metadata: { labels, ...(revision.metadata.annotations && { annotations: revision.metadata.annotations }) },
        spec: podSpecOf(revision, digest),
      },
    },
  };
}

/**
 * What says how a revision scales, as Knative makes it: the annotations of the revision are copied to it, and from then on are read
 * here, where they may change.
 */
export function makePodAutoscaler(revision: Revision): KubeObject {
  const { name, namespace = '', labels, annotations } = revision.metadata;
  return {
    apiVersion: apiVersionOf(POD_AUTOSCALER),
    kind: POD_AUTOSCALER.kind,
    metadata: {
      name,
      namespace,
      labels: { ...labels, [REVISION_LABEL]: name, app: name },
      ...(annotations && { annotations }),
      ownerReferences: [ownedBy(apiVersionOf(KNATIVE_REVISION), revision)],
    },
    spec: {
      containerConcurrency: revision.spec.containerConcurrency ?? 0,
      protocolType: 'http1',
      scaleTargetRef: { apiVersion: apiVersionOf(DEPLOYMENT), kind: DEPLOYMENT.kind, name: deploymentNameOf(revision) },
    },
  };
}

/** `repository@sha256:…` for a reference that was resolved to this digest. */
export function pinned(reference: string, digest: string): string {
  const bare = reference.split('@', 1)[0] ?? reference;
  return `${bare}@${digest}`;
}

/** The container that answers requests: the one named `function`, else the one with a port, else the first. */
export function servingContainer(containers: readonly Container[]): Container | undefined {
  const named = containers.find(({ name }) => name === 'function');
  return named ?? containers.find(({ ports }) => (ports?.length ?? 0) > 0) ?? containers[0];
}

/** A revision's spec as a PodSpec: Knative's own fields taken out, its defaults and variables put in. */
function podSpecOf(revision: Revision, digest: string): object {
  const { containerConcurrency: _concurrency, timeoutSeconds: _timeout, ...rest } = revision.spec;
  const {
    responseStartTimeoutSeconds: _start,
    idleTimeoutSeconds: _idle,
    ...pod
  } = rest as RevisionSpec & Record<string, unknown>;
  const serving = servingContainer(pod.containers);
  return {
    enableServiceLinks: false,
    ...pod,
    containers: pod.containers.map((container) =>
      container === serving ? servingContainerOf(revision, container, digest) : container,
    ),
  };
}

function servingContainerOf(revision: Revision, container: Container, digest: string): object {
  const port = container.ports?.[0]?.containerPort ?? DEFAULT_PORT;
  const service = serviceNameOf(revision);
  const knative = { K_REVISION: revision.metadata.name, K_CONFIGURATION: service, K_SERVICE: service };
  const ports = container.ports ?? [];
  return {
    ...container,
    name: container.name || DEFAULT_CONTAINER,
    ports: ports.length > 0 ? ports : [{ containerPort: port }],
    image: pinned(container.image ?? '', digest),
    env: [...(container.env ?? []), ...Object.entries(knative).map(([name, value]) => ({ name, value }))],
    ...(container.readinessProbe && { readinessProbe: withPort(container.readinessProbe, port) }),
  };
}

/** Knative lets a probe's port out or zero; a Pod does not. */
function withPort(probe: object, port: number): object {
  const filled: Record<string, unknown> = { ...probe };
  for (const kind of ['httpGet', 'tcpSocket']) {
    const action = filled[kind] as { port?: number } | undefined;
    if (action !== undefined) filled[kind] = { ...action, port: action.port || port };
  }
  return filled;
}

function ownedBy(apiVersion: string, owner: KubeObject): OwnerReference {
  const { name, uid = '' } = owner.metadata;
  return { apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}
