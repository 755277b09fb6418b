import { explain } from '@openfunction/errors';
import { pause } from '@openfunction/kube';
import { findProgram } from '@openfunction/local';
import type { Logger } from '@openfunction/telemetry';

export interface DaprRuntimeOptions {
  /** A daprd to use; undefined: the one in the cache, built once when it is not there. */
  program: string | undefined;
  logger: Logger;
  /** Finds or builds it; says what takes time. */
  find?: (say: (progress: string) => void) => Promise<string>;
}

const AGAIN_MS = 30_000;
const STARTED_MS = 500;
const BUILDING =
  'The Dapr runtime (daprd) is being built once on this machine, which takes about 4 minutes; the function starts then.';

/** The program daprd: looked for, and built, when the first pod needs it, and not before. */
export class DaprRuntime {
  readonly #options: DaprRuntimeOptions;
  #finding: Promise<string> | undefined;

  constructor(options: DaprRuntimeOptions) {
    this.#options = options;
  }

  /**
   * The path of daprd. Meanwhile `waiting` hears why it is not there yet; what went wrong is tried again every 30 s.
   * Undefined when `signal` fires first.
   */
  async program(waiting: (reason: string, message: string) => void, signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      const slow = setTimeout(() => waiting('DaprBuilding', BUILDING), STARTED_MS);
      try {
        return await untilAborted(this.#find(), signal);
      } catch (error) {
        waiting('DaprNotAvailable', `The Dapr runtime cannot be had: ${explain(error)}`);
      } finally {
        clearTimeout(slow);
      }
      await pause(AGAIN_MS, signal);
    }
    return undefined;
  }

  /** One search for all who ask. */
  #find(): Promise<string> {
    const { program, logger, find = (say) => findProgram('daprd', say) } = this.#options;
    if (program !== undefined) return Promise.resolve(program);
    this.#finding ??= find((progress) => logger.info({ progress }, 'Dapr runtime')).catch((error: unknown) => {
      this.#finding = undefined;
      throw error;
    });
    return this.#finding;
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  const left = Promise.withResolvers<undefined>();
  const leave = () => left.resolve(undefined);
  signal.addEventListener('abort', leave, { once: true });
  return Promise.race([work, left.promise]).finally(() => signal.removeEventListener('abort', leave));
}
