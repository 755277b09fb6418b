import { z } from 'zod';

/** The settings every controller has; spread it into the service's own schema. */
export const controllerSettings = {
  redisUrl: z.string().min(1),
  /** Prefix of every key in Redis, so that several installations can share one. */
  queuePrefix: z.string().default('openfunction'),
  /** Keys worked on at once by one replica. */
  concurrency: z.coerce.number().int().min(1).max(256).default(16),
  /** Test switch: watch events of our own kinds are taken in this many milliseconds later. */
  watchDelayMs: z.coerce.number().int().min(0).default(0),
  /** Test switch: off leaves finding each other's work to the watches. */
  handOver: z.enum(['on', 'off']).default('on'),
};

/** What `controllerSettings` yields, and what the service's frame knows of the cluster. */
export type ControllerSettings = z.output<z.ZodObject<typeof controllerSettings>> & {
  kubeconfig?: string | undefined;
  openfunctionNamespace: string;
};
