import { runService } from '@openfunction/service';
import { BuildControllerConfig } from './config.ts';
import { start } from './start.ts';

await runService({ name: 'build-controller', schema: BuildControllerConfig, start });
