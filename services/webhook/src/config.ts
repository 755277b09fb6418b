import { frameConfig } from '@openfunction/service';
import { z } from 'zod';

/** Settings of the webhook; each is read from the environment variable of its name (`PORT`, `HOST`, …). */
export const webhookConfig = z.object({
  ...frameConfig,
  /** Port of the HTTPS server; 0 takes any free one and logs it. */
  port: z.coerce.number().int().min(0).max(65535).default(9443),
  /** Address that the HTTPS server is bound to. */
  host: z.string().default('0.0.0.0'),
});

export type WebhookConfig = z.output<typeof webhookConfig>;
