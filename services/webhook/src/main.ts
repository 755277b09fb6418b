import { runService } from '@openfunction/service';
import { webhookConfig } from './config.ts';
import { start } from './start.ts';

await runService({ name: 'webhook', schema: webhookConfig, start });
