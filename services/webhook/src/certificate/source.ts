import type { KubeClient } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import type { WebhookConfig } from '../config.ts';
import { Handover } from './handover.ts';
import type { KeyPair } from './issue.ts';
import { CertificateKeeper } from './keeper.ts';
import { watchCertificateFiles } from './mounted.ts';
import { TrustKeeper } from './trust.ts';

/** Where the server's certificate comes from, and who is told to trust it. */
export interface CertificateSource {
  /** True when the API server trusts what is served. */
  isTrusted: () => boolean;
  start: () => void;
  stop: () => Promise<void>;
}

/** The certificate of another replica may be seen this much later: our own by its watch, a mounted one when the kubelet syncs. */
const OWN_LAG_MS = 5_000;
const MOUNTED_LAG_MS = 5 * 60_000;

/** The certificate that the settings ask for: mounted files, else our own in the shared Secret. Tells each one to be served. */
export function makeCertificateSource(options: {
  client: KubeClient;
  config: WebhookConfig;
  logger: Logger;
  onLeaf: (leaf: KeyPair) => void;
}): CertificateSource {
  const { client, config, logger, onLeaf } = options;
  const { tlsCertFile: cert, tlsKeyFile: key, caFile: ca } = config;
  const isMounted = cert !== undefined && key !== undefined;
  const trust = new TrustKeeper({ client, logger, keepOthersMs: isMounted ? MOUNTED_LAG_MS : OWN_LAG_MS });
  const handover = new Handover(trust, logger, onLeaf);
  const supply = isMounted
    ? watchCertificateFiles({ cert, key, ca }, logger, (offer) => handover.offer(offer))
    : new CertificateKeeper({
        client,
        namespace: config.openfunctionNamespace,
        lifetimes: { leaf: config.leafLifetimeSeconds * 1000, authority: config.authorityLifetimeSeconds * 1000 },
        logger,
        onOffer: (offer) => handover.offer(offer),
        isTrusted: (authority) => trust.holds([authority]),
      });
  return {
    isTrusted: () => handover.served !== undefined && trust.covers(handover.served.needs),
    start: () => {
      supply.start();
      // Without an authority to write, caBundle is not even looked at.
      if (!isMounted || ca !== undefined) trust.start();
    },
    stop: async () => {
      handover.stop();
      await Promise.all([supply.stop(), trust.stop()]);
    },
  };
}
