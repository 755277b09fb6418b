import { frameConfig } from '@openfunction/service';
import { z } from 'zod';

const DAY_S = 86_400;

const settings = z.object({
  ...frameConfig,
  /** Port of the HTTPS server; 0 takes any free one and logs it. */
  port: z.coerce.number().int().min(0).max(65535).default(9443),
  /** Address that the HTTPS server is bound to. */
  host: z.string().default('0.0.0.0'),
  /** Reviews in flight, from the headers to the end of the answer; more are answered with 429. */
  maxInFlight: z.coerce.number().int().min(1).default(500),
  /** How long reviews are still answered after readiness was given up, seconds. */
  drainSeconds: z.coerce.number().min(0).max(15).default(2),
  /** How long it is waited after that until every client has closed its connections, seconds; API servers do after 90 s unused. */
  connectionWaitSeconds: z.coerce.number().min(0).max(300).default(95),
  /** Life of a server certificate, seconds; it is renewed at 2/3 of it. */
  leafLifetimeSeconds: z.coerce
    .number()
    .min(3)
    .default(7 * DAY_S),
  /** Life of the authority that signs them, seconds; the next one is made at 2/3 of it. */
  authorityLifetimeSeconds: z.coerce
    .number()
    .min(15)
    .default(365 * DAY_S),
  /** Server certificate and key (PEM) from files, read again when they change, instead of our own in the Secret. */
  tlsCertFile: z.string().optional(),
  tlsKeyFile: z.string().optional(),
  /** Authority (PEM) of that certificate, to be written to every caBundle; unset: caBundle is somebody else's business. */
  caFile: z.string().optional(),
  /** Authority (PEM), one of which must have signed the certificate of whoever asks; unset: anybody may. */
  clientCaFile: z.string().optional(),
});

/** Settings of the webhook; each is read from the environment variable of its name (`PORT`, `HOST`, …). */
export const webhookConfig = settings
  .refine((config) => config.authorityLifetimeSeconds >= 7 * config.leafLifetimeSeconds, {
    path: ['authorityLifetimeSeconds'],
    message: 'must be at least seven times LEAF_LIFETIME_SECONDS, so that the next authority is known in time',
  })
  .refine((config) => (config.tlsCertFile === undefined) === (config.tlsKeyFile === undefined), {
    path: ['tlsKeyFile'],
    message: 'must be set together with TLS_CERT_FILE',
  })
  .refine((config) => config.caFile === undefined || config.tlsCertFile !== undefined, {
    path: ['caFile'],
    message: 'is of use only with TLS_CERT_FILE',
  });

export type WebhookConfig = z.output<typeof webhookConfig>;
