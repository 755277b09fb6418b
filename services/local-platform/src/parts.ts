import { resolve } from 'node:path';
import type { KubeClient } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import type { PlatformConfig } from './config.ts';
import { DaprPart } from './dapr/dapr-part.ts';
import { DaprRuntime } from './dapr/runtime.ts';
import { ScaledJobReconciler } from './keda/scaled-job-reconciler.ts';
import { ScaledObjectReconciler } from './keda/scaled-object-reconciler.ts';
import { serviceNameOf } from './knative/resources.ts';
import { type ImageLookup, RevisionReconciler } from './knative/revision-reconciler.ts';
import { Scaler } from './knative/scaler.ts';
import { ServiceReconciler } from './knative/service-reconciler.ts';
import type { Addressing } from './knative/urls.ts';
import { LocalNode } from './node/local-node.ts';
import { PodsByRevision } from './node/pod-index.ts';
import type { RunnableImage } from './node/pod-runner.ts';
import { accepts } from './node/readiness.ts';
import type { KnativeService, Revision } from './objects.ts';
import { keyOf } from './objects.ts';
import { Directory } from './router/directory.ts';
import { GatewayReconciler } from './router/gateway-reconciler.ts';
import { Router } from './router/router.ts';
import { TrafficTable } from './traffic/traffic-table.ts';
import { Watches } from './watches.ts';
import { WorkLoop } from './work-loop.ts';

/** The parts of the platform, not started yet. */
export type Parts = ReturnType<typeof makeParts>;

export type Images = ImageLookup & { resolve(reference: string): Promise<RunnableImage | undefined> };

const DEFAULT_START_SECONDS = 300;

/**
 * Makes every part with what it needs of the others; who wakes whom is in wiring.ts. Long, as it is a list: nothing is decided here.
 */
export function makeParts(
  client: KubeClient,
  images: Images,
  config: PlatformConfig,
  env: NodeJS.ProcessEnv,
  logger: Logger,
) {
  const watches = new Watches(client, logger);
  const [deployments, autoscalers, revisionStore, serviceStore] = [
    watches.store('deployments'),
    watches.store('autoscalers'),
    watches.store('revisions'),
    watches.store('services'),
  ];
  const pods = new PodsByRevision();
  const addressing: Addressing = { domain: config.domain, clusterDomain: config.clusterDomain, port: config.httpPort };
  const holdMs = config.holdSeconds * 1000;
  const traffic: TrafficTable = new TrafficTable({
    queueLimit: config.queueLimit,
    holdMs,
    now: Date.now,
    probe: accepts,
    onHeld: (revision) => scaler.wake(revision),
  });
  const directory = new Directory({
    routes: watches.store('routes'),
    gateways: watches.store('gateways'),
    classes: watches.store('classes'),
    services: serviceStore,
    revisions: revisionStore,
    addressing: () => addressing,
  });
  const isReachable = (revision: Revision) => {
    const service = serviceStore.get(`${revision.metadata.namespace}/${serviceNameOf(revision)}`) as
      | KnativeService
      | undefined;
    const { latestCreatedRevisionName: created, latestReadyRevisionName: ready } = service?.status ?? {};
    return [created, ready].includes(revision.metadata.name) || directory.isRouted(keyOf(revision));
  };
  const scaler: Scaler = new Scaler({
    client,
    revisions: revisionStore,
    deployments,
    autoscalers,
    traffic,
    logger,
    isReachable,
    now: Date.now,
  });
  const revisionReconciler: RevisionReconciler = new RevisionReconciler({
    client,
    revisions: revisionStore,
    deployments,
    autoscalers,
    pods,
    images,
    traffic,
    progressDeadlineMs: config.progressDeadlineSeconds * 1000,
    again: (key, ms) => revisions.addAfter(key, ms),
  });
  const serviceReconciler = new ServiceReconciler({
    client,
    services: serviceStore,
    revisions: revisionStore,
    addressing: () => addressing,
  });
  const gatewayReconciler = new GatewayReconciler(client, directory, watches.store('routes'));
  const runtime = new DaprRuntime({ program: config.daprd, logger });
  const dapr = new DaprPart({ client, components: watches.store('components'), runtime });
  const loop = (name: string, run: (key: string) => Promise<void>) => new WorkLoop({ name, run, logger });
  const scaling = { client, logger };
  const scaledObjectReconciler = new ScaledObjectReconciler({
    ...scaling,
    objects: watches.store('scaledObjects'),
    again: (key, ms) => scaledObjects.addAfter(key, ms),
  });
  const scaledJobReconciler = new ScaledJobReconciler({
    ...scaling,
    objects: watches.store('scaledJobs'),
    again: (key, ms) => scaledJobs.addAfter(key, ms),
  });
  const scaledObjects: WorkLoop = loop('scaled objects', (key) => scaledObjectReconciler.reconcile(key));
  const scaledJobs: WorkLoop = loop('scaled jobs', (key) => scaledJobReconciler.reconcile(key));
  const revisions: WorkLoop = loop('revisions', (key) => revisionReconciler.reconcile(key));
  return {
    watches,
    addressing,
    pods,
    traffic,
    directory,
    scaler,
    dapr,
    scaledObjects,
    scaledJobs,
    revisions,
    services: loop('services', (key) => serviceReconciler.reconcile(key)),
    routes: loop('routes', (key) => gatewayReconciler.route(key)),
    gateways: loop('gateways', () => gatewayReconciler.gateways()),
    node: new LocalNode({
      client,
      pods: watches.store('pods'),
      images,
      traffic,
      dapr,
      directory: resolve(config.stateDirectory),
      env,
      logger,
    }),
    router: new Router({
      directory,
      door: (revision) => (revisionStore.get(revision) === undefined ? undefined : traffic.of(revision)),
      startMs: (revision) =>
        ((revisionStore.get(revision) as Revision | undefined)?.spec.timeoutSeconds ?? DEFAULT_START_SECONDS) * 1000,
      holdMs,
      logger,
    }),
  };
}
