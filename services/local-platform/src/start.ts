import { resolve } from 'node:path';
import { KubeClient } from '@openfunction/kube';
import type { RunningService, ServiceContext } from '@openfunction/service';
import { builderCache, startBuilder } from './builder/index.ts';
import type { PlatformConfig } from './config.ts';
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
  const parts = makeParts(client, images, config, process.env, logger);
  connectParts(parts);

  parts.addressing.port = await parts.router.start(config.httpPort);
  logger.info({ component: 'router', port: parts.addressing.port }, 'listening');
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
  for (const loop of [parts.services, parts.revisions, parts.routes, parts.gateways]) loop.start();
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
    for (const loop of [parts.services, parts.revisions, parts.routes, parts.gateways]) loop.stop();
    // At once: no new connections, and each function ends when its requests under way are answered.
    await Promise.all([parts.router.stop(), parts.node.stop(), builder.stop()]);
    await Promise.all([kubelet.stop(), parts.watches.stop()]);
    await client.close();
  };
  return { stop };
}
