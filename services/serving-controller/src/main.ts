import { runService } from '@openfunction/service';
import { ServingControllerConfig } from './config.ts';
import { start } from './start.ts';

await runService({ name: 'serving-controller', schema: ServingControllerConfig, start });
