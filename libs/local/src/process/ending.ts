import { constants } from 'node:os';
import { explain } from '@openfunction/errors';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `stop` once when this process is told to end (SIGINT, SIGTERM, SIGHUP) or fails (uncaught exception, unhandled
 * rejection), then exits with 128 + signal, or 1. A second signal exits at once; the guard then ends what is left.
 * Returns a function that takes the handlers away again.
 */
export function stopOnEnd(stop: () => Promise<void>, report: (line: string) => void = console.error): () => void {
  let ending = false;
  const end = (code: number) => {
    if (ending) process.exit(code);
    ending = true;
    stop()
      .catch((error) => report(explain(error)))
      .finally(() => process.exit(code));
  };
  const onSignal = (signal: NodeJS.Signals) => end(128 + constants.signals[signal]);
  const onError = (error: unknown) => {
    report(explain(error));
    end(1);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off('uncaughtException', onError);
    process.off('unhandledRejection', onError);
  };
}
