import { setTimeout as pause } from 'node:timers/promises';
import { KubeClient } from '@openfunction/kube';
import type { RunningService, ServiceContext } from '@openfunction/service';
import type { Bundle } from './certificate/bundle.ts';
import { CertificateKeeper } from './certificate/keeper.ts';
import { TrustKeeper } from './certificate/trust.ts';
import type { WebhookConfig } from './config.ts';
import { type ReviewServer, serveReviews } from './server.ts';

/** Starts the webhook: certificate first, then the server, then the API server is told to trust it. */
export async function start(context: ServiceContext<WebhookConfig>): Promise<RunningService> {
  const { config, logger, health } = context;
  const client = await KubeClient.load({ kubeconfig: config.kubeconfig });
  const namespace = config.openfunctionNamespace;
  const first = Promise.withResolvers<Bundle>();
  let server: ReviewServer | undefined;
  health.add('server', () => server !== undefined || 'waits for the certificate');

  const trust = new TrustKeeper(client, logger);
  const use = (bundle: Bundle) => {
    first.resolve(bundle);
    server?.swap(bundle.leaf);
    if (server !== undefined) trust.use(bundle.authority.cert);
  };
  const certificates = new CertificateKeeper({ client, namespace, logger, onBundle: use });
  certificates.start();
  trust.start();

  const { host, port, maxInFlight } = config;
  const bundle = await first.promise;
  server = await serveReviews({ host, port, maxInFlight, identity: bundle.leaf, logger });
  logger.info({ component: 'webhook', port: server.port }, 'listening');
  // What came while the port was being bound is taken over too.
  use(certificates.held ?? bundle);

  const stop = async () => {
    // Readiness is gone already; whoever has not heard of it yet still gets answers.
    server.drain();
    await pause(config.drainSeconds * 1000);
    await server.close();
    await Promise.all([certificates.stop(), trust.stop()]);
    await client.close();
  };
  return { stop };
}
