import { resolve } from 'node:path';
import { KubeClient } from '@openfunction/kube';
import type { RunningService, ServiceContext } from '@openfunction/service';
import { builderCache, startBuilder } from './builder/index.ts';
import type { PlatformConfig } from './config.ts';
import { startClusterNames } from './dapr/cluster-names.ts';
import { ImageStore } from './images/index.ts';
import { makeServingCertificate } from './node/certificate.ts';
import { Heartbeat } from './node/heartbeat.ts';
import { KubeletServer } from './node/kubelet-server.ts';
import { makeParts } from './parts.ts';
import { connectParts } from './wiring.ts';

/** Brings all of the local platform up; resolves when requests are answered and pods are run. */
export async function start({ config, logger, health }: ServiceContext<PlatformConfig>): Promise<RunningService> {
  let ready = false;
  health.add('watches', () => ready || 'the objects of the cluster have not all been read yet');
  const client = await KubeClient.load({ kubeconfig: config.kubeconfig });
  const images = new ImageStore(resolve(config.imagesDirectory));
  // What its children get of it: a proxy of the host has no say, one of our own joins below.
  const env: NodeJS.ProcessEnv = { ...process.env, HTTP_PROXY: undefined };
  const parts = makeParts(client, images, config, env, logger);
  connectParts(parts);

  parts.addressing.port = await parts.router.start(config.httpPort);
  logger.info({ component: 'router', port: parts.addressing.port }, 'listening');
  const clusterNames = await startClusterNames({
    domains: [`svc.${config.clusterDomain}`, config.domain],
    routerPort: () => parts.addressing.port,
  });
  env['HTTP_PROXY'] = clusterNames.url;
  const kubelet = new KubeletServer({
    ...(await makeServingCertificate(new Date())),
    clientCaFile: config.kubeletClientCa,
    port: config.kubeletPort,
    find: (pod) => parts.node.find(pod),
  });
  const kubeletPort = await kubelet.start();
  logger.info({ component: 'kubelet', port: kubeletPort }, 'listening');

  await parts.watches.start();
  const heartbeat = new Heartbeat(client, logger);
  await heartbeat.start(kubeletPort);
  await parts.node.start();
  const { services, revisions, routes, gateways, scaledObjects, scaledJobs } = parts;
  const loops = [services, revisions, routes, gateways, scaledObjects, scaledJobs];
  for (const loop of loops) loop.start();
  parts.scaler.start();
  const builder = startBuilder({
    client,
    images,
    cacheDirectory: builderCache(resolve(config.openfunctionCache)),
    localRepository: config.samplesRepository,
    concurrency: config.buildConcurrency,
    environment: process.env,
    logger,
  });
  ready = true;

  const stop = async () => {
    heartbeat.stop();
    parts.scaler.stop();
    for (const loop of loops) loop.stop();
    // At once: no new connections, and each function ends when its requests under way are answered.
    await Promise.all([parts.router.stop(), parts.node.stop(), builder.stop()]);
    await Promise.all([kubelet.stop(), clusterNames.stop(), parts.watches.stop()]);
    await client.close();
  };
  return { stop };
}
