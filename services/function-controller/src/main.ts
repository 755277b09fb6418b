import { runService } from '@openfunction/service';
import { FunctionControllerConfig } from './config.ts';
import { start } from './start.ts';

await runService({ name: 'function-controller', schema: FunctionControllerConfig, start });
