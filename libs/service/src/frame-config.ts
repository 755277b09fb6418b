import { z } from 'zod';

/** The settings every service has; spread it into the service's own schema. */
export const frameConfig = {
  /** Port of /healthz, /readyz and /metrics; 0 takes any free one and logs it. */
  healthPort: z.coerce.number().int().min(0).max(65535).default(8081),
  /** Address that the health port is bound to. */
  healthHost: z.string().default('0.0.0.0'),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Namespace that the operator itself runs in. */
  openfunctionNamespace: z.string().default('openfunction'),
  /** Kubeconfig file; in a pod the ServiceAccount is used when it is unset. */
  kubeconfig: z.string().optional(),
};
