import { frameConfig } from '@openfunction/service';
import { z } from 'zod';

/** Settings of the webhook; each is read from the environment variable of its name (`PORT`, `HOST`, …). */
export const webhookConfig = z.object({
  ...frameConfig,
  /** Port of the HTTPS server; 0 takes any free one and logs it. */
  port: z.coerce.number().int().min(0).max(65535).default(9443),
  /** Address that the HTTPS server is bound to. */
  host: z.string().default('0.0.0.0'),
  /** Reviews in flight, from the headers to the end of the answer; more are answered with 429. */
  maxInFlight: z.coerce.number().int().min(1).default(500),
  /** How long reviews are still answered after readiness was given up, seconds. */
  drainSeconds: z.coerce.number().min(0).max(15).default(2),
});

export type WebhookConfig = z.output<typeof webhookConfig>;
