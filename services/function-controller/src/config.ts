import { DEFAULT_CLUSTER_DOMAIN } from '@openfunction/api';
import { controllerSettings } from '@openfunction/controller';
import { frameConfig } from '@openfunction/service';
import { z } from 'zod';

/** Settings of the function-controller; environment names are in upper case with underscores. */
export const FunctionControllerConfig = z.object({
  ...frameConfig,
  ...controllerSettings,
  /** Seconds that an old version goes on after the gateway has accepted the route to the new one. */
  drainSeconds: z.coerce.number().min(0).max(3600).default(5),
  /** Namespace in which the HTTP add-on of KEDA is installed. */
  kedaHttpNamespace: z.string().min(1).default('keda'),
  /** DNS domain of the cluster, where no Gateway says it; that of the serving-controller. */
  clusterDomain: z.string().min(1).default(DEFAULT_CLUSTER_DOMAIN),
});
export type FunctionControllerConfig = z.output<typeof FunctionControllerConfig>;
