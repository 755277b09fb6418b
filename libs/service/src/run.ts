import { hideSecrets, loadConfig } from '@openfunction/config';
import { explain } from '@openfunction/errors';
import { createLogger, type Logger, startTelemetry } from '@openfunction/telemetry';
import type { z } from 'zod';
import { Health, serveHealth } from './health.ts';

/** What a service is given to start with. */
export interface ServiceContext<Config> {
  config: Readonly<Config>;
  logger: Logger;
  health: Health;
}

/** A running service, and how it ends. */
export interface RunningService {
  /** Waits until nobody sends work here any more, for as long as the service allows; not called after a fault. */
  drain?: () => Promise<void>;
  /** Finishes work in hand; it is given up after the grace time. */
  stop: () => Promise<void>;
}

/** The settings that the frame itself reads; each service's schema contains them (`frameConfig`). */
interface FrameConfig {
  healthPort: number;
  healthHost: string;
  logLevel: string;
}

const STOP_GRACE_MS = 20_000;

/**
 * The frame of every service: configuration, telemetry, health port, signals and an orderly stop. Ends the process: 0 after
 * SIGTERM or SIGINT, 1 with one line in the log when it cannot start or something was thrown that nobody caught.
 */
export async function runService<Schema extends z.ZodObject>(options: {
  name: string;
  schema: Schema;
  start: (context: ServiceContext<z.output<Schema>>) => Promise<RunningService>;
}): Promise<void> {
  let logger = createLogger(options.name);
  try {
    const config = loadConfig(options.schema, { env: process.env, argv: process.argv.slice(2) });
    const frame = config as unknown as FrameConfig;
    logger = createLogger(options.name, frame.logLevel);
    logger.info({ config: hideSecrets(config as Record<string, unknown>) }, 'starting');
    await serve(options.name, frame, logger, (health) => options.start({ config, logger, health }));
  } catch (error) {
    logger.fatal({ error: explain(error) }, 'cannot start');
    process.exit(1);
  }
}

async function serve(
  name: string,
  frame: FrameConfig,
  logger: Logger,
  start: (health: Health) => Promise<RunningService>,
): Promise<void> {
  const health = new Health();
  let hasStarted = false;
  health.add('start', () => hasStarted || 'is starting');
  const telemetry = await startTelemetry(name, process.env);
  const { healthHost: host, healthPort: port } = frame;
  const endpoint = await serveHealth({ health, host, port, metrics: telemetry.serveMetrics });
  logger.info({ component: 'health', port: endpoint.port }, 'listening');
  const service = await start(health);
  hasStarted = true;
  logger.info('started');
  onEnd(logger, {
    drain: async () => {
      health.stopping();
      await service.drain?.();
    },
    stop: async () => {
      health.stopping();
      await service.stop();
      await telemetry.stop();
      await endpoint.close();
    },
  });
}

/** Ends once, at the first signal or fault; the end of the grace time, which begins after the drain, ends the process at once. */
function onEnd(logger: Logger, { drain, stop }: Required<RunningService>): void {
  let ending = false;
  const run = async (code: number) => {
    if (code === 0) await drain();
    setTimeout(() => process.exit(code === 0 ? 2 : code), STOP_GRACE_MS).unref();
    await stop();
  };
  const end = (cause: string, code: number) => {
    if (ending) return;
    ending = true;
    logger.info({ cause }, 'stopping');
    run(code).then(
      () => process.exit(code),
      (error: unknown) => {
        logger.error({ error: explain(error) }, 'stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => end('SIGTERM', 0));
  process.on('SIGINT', () => end('SIGINT', 0));
  process.on('uncaughtException', (error) => {
    logger.fatal({ error: explain(error), stack: error.stack }, 'uncaught');
    end('uncaught exception', 1);
  });
  process.on('unhandledRejection', (reason) => {
    logger.fatal({ error: explain(reason), stack: (reason as Error)?.stack }, 'unhandled rejection');
    end('unhandled rejection', 1);
  });
}
