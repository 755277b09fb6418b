import { controllerSettings } from '@openfunction/controller';
import { frameConfig } from '@openfunction/service';
import { z } from 'zod';

/** Settings of the serving-controller; environment names are in upper case with underscores. */
export const ServingControllerConfig = z.object({
  ...frameConfig,
  ...controllerSettings,
});
export type ServingControllerConfig = z.output<typeof ServingControllerConfig>;
