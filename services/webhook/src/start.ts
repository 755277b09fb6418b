import { X509Certificate } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError } from '@openfunction/errors';
import { KubeClient } from '@openfunction/kube';
import type { RunningService, ServiceContext } from '@openfunction/service';
import { splitCertificates } from './certificate/ca-bundle.ts';
import { FileWatch } from './certificate/file-watch.ts';
import type { KeyPair } from './certificate/issue.ts';
import { makeCertificateSource } from './certificate/source.ts';
import { ClusterNames } from './cluster-names.ts';
import type { WebhookConfig } from './config.ts';
import { type ReviewServer, type ServerIdentity, serveReviews } from './server.ts';

/** Starts the webhook: certificate first, then the server; it is ready when the API server has been told to trust it. */
export async function start(context: ServiceContext<WebhookConfig>): Promise<RunningService> {
  const { config, logger, health } = context;
  const client = await KubeClient.load({ kubeconfig: config.kubeconfig });
  const first = Promise.withResolvers<void>();
  let server: ReviewServer | undefined;
  let leaf: KeyPair | undefined;
  let clientCa: string | undefined;

  const identity = (): ServerIdentity | undefined =>
    leaf === undefined || (config.clientCaFile !== undefined && clientCa === undefined)
      ? undefined
      : { ...leaf, clientCa };
  const show = () => {
    const shown = identity();
    if (shown === undefined) return;
    first.resolve();
    server?.swap(shown);
  };
  const certificates = makeCertificateSource({
    client,
    config,
    logger,
    onLeaf: (next) => {
      leaf = next;
      show();
    },
  });
  const clients = watchClientCa(config.clientCaFile, context, (text) => {
    clientCa = text;
    show();
  });
  health.add('server', () => server !== undefined || 'waits for the certificate');
  health.add('trust', once(certificates.isTrusted, 'waits until every caBundle holds the authority'));
  const names = new ClusterNames(client, logger);
  certificates.start();
  clients?.start();
  names.start();

  await first.promise;
  const { host, port, maxInFlight } = config;
  server = await serveReviews({
    host,
    port,
    maxInFlight,
    identity: identity() as ServerIdentity,
    logger,
    cluster: names,
  });
  logger.info({ component: 'webhook', port: server.port }, 'listening');
  // What came while the port was being bound is taken over too.
  show();

  const drain = async () => {
    // Readiness is gone already; whoever has not heard of it yet still gets answers.
    server.drain();
    await pause(config.drainSeconds * 1000);
    // Connections that are open need no other certificate, and whoever stays renews it.
    await Promise.all([certificates.stop(), server.emptied(config.connectionWaitSeconds * 1000)]);
  };
  const stop = async () => {
    await server.close();
    await Promise.all([certificates.stop(), clients?.stop(), names.stop()]);
    await client.close();
  };
  return { drain, stop };
}

function watchClientCa(
  file: string | undefined,
  { logger }: ServiceContext<WebhookConfig>,
  onText: (text: string) => void,
): FileWatch<'ca'> | undefined {
  return file === undefined
    ? undefined
    : new FileWatch({ ca: file }, logger, ({ ca }) => {
        // Throws what is wrong with it before anything is swapped.
        for (const cert of splitCertificates(ca)) new X509Certificate(cert);
        if (splitCertificates(ca).length === 0) throw new CodedError('config.invalid', `${file}: holds no certificate`);
        onText(ca);
      });
}

/** A check that stays passed: later on, the API server may well trust what this replica is about to serve only in a moment. */
function once(check: () => boolean, waitsFor: string): () => true | string {
  let passed = false;
  return () => {
    passed ||= check();
    return passed || waitsFor;
  };
}
