import { DEFAULT_CLUSTER_DOMAIN } from '@openfunction/api';
import { controllerSettings } from '@openfunction/controller';
import { frameConfig } from '@openfunction/service';
import { z } from 'zod';

/** Settings of the serving-controller; environment names are in upper case with underscores. */
export const ServingControllerConfig = z.object({
  ...frameConfig,
  ...controllerSettings,
  /** DNS domain of the cluster, where no Gateway says it. */
  clusterDomain: z.string().min(1).default(DEFAULT_CLUSTER_DOMAIN),
});
export type ServingControllerConfig = z.output<typeof ServingControllerConfig>;
