import { runService } from '@openfunction/service';
import { platformConfig } from './config.ts';
import { start } from './start.ts';

await runService({ name: 'local-platform', schema: platformConfig, start });
