import { createPrivateKey, X509Certificate } from 'node:crypto';
import { CodedError } from '@openfunction/errors';
import type { Logger } from '@openfunction/telemetry';
import { splitCertificates } from './ca-bundle.ts';
import { FileWatch } from './file-watch.ts';
import type { Offer } from './handover.ts';

/** PEM files, e.g. of a Secret that cert-manager writes and the pod mounts. */
export interface CertificateFiles {
  cert: string;
  key: string;
  /** Authorities to be trusted; without it that is somebody else's business. */
  ca?: string | undefined;
}

/** Offers what mounted files hold, again each time they change. */
export function watchCertificateFiles(
  files: CertificateFiles,
  logger: Logger,
  onOffer: (offer: Offer) => void,
): FileWatch<'cert' | 'key' | 'ca'> {
  const { cert, key, ca } = files;
  // One read for all three; without an authority the certificate stands in, and is not used as one.
  return new FileWatch({ cert, key, ca: ca ?? cert }, logger, (texts) => {
    if (!new X509Certificate(texts.cert).checkPrivateKey(createPrivateKey(texts.key)))
      throw new CodedError('config.invalid', `certificate files: ${key}: is not the key of ${cert}`);
    const authorities = ca === undefined ? [] : splitCertificates(texts.ca);
    if (ca !== undefined && authorities.length === 0)
      throw new CodedError('config.invalid', `certificate files: ${ca}: holds no certificate`);
    onOffer({ leaf: { cert: texts.cert, key: texts.key }, needs: authorities, also: [] });
  });
}
