import { controllerSettings } from '@openfunction/controller';
import { frameConfig } from '@openfunction/service';
import { z } from 'zod';

/** Settings of the build-controller; environment names are in upper case with underscores. */
export const BuildControllerConfig = z.object({
  ...frameConfig,
  ...controllerSettings,
});
export type BuildControllerConfig = z.output<typeof BuildControllerConfig>;
