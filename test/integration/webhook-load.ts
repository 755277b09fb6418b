import { setTimeout as pause } from 'node:timers/promises';
import { FUNCTION } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import type { KubeClient } from '@openfunction/kube';

/** What came of creating Functions at a steady pace. */
export interface Load {
  /** So far. */
  readonly created: number;
  /** What went wrong, each in one line. */
  readonly failures: string[];
  /** Ends it, and waits for the last answer. */
  stop: () => Promise<{ created: number; perSecond: number }>;
}

/** More than so many at once, and the machine is too slow for the pace: the next one waits. */
const AT_ONCE = 20;

/** Creates Functions named `<prefix>-<n>` through the API server, so many in a second, until it is stopped. */
export function createAtPace(client: KubeClient, options: { prefix: string; perSecond: number }): Load {
  const failures: string[] = [];
  const open = new Set<Promise<void>>();
  const startedAt = performance.now();
  let [created, ended] = [0, false];
  const one = async (name: string) => {
    try {
      await client.create(FUNCTION, {
        apiVersion: 'core.openfunction.io/v1beta2',
        kind: 'Function',
        metadata: { name, namespace: 'default' },
        spec: { image: 'registry/hello', serving: {} },
      });
      created += 1;
    } catch (error) {
      failures.push(`${new Date().toISOString()} ${name}: ${explain(error)}`);
    }
  };
  const run = async () => {
    for (let n = 0; !ended; n++) {
      const wait = startedAt + (n * 1000) / options.perSecond - performance.now();
      if (wait > 1) await pause(wait);
      if (open.size >= AT_ONCE) await Promise.race(open);
      const call = one(`${options.prefix}-${n}`).finally(() => open.delete(call));
      open.add(call);
    }
    await Promise.all(open);
  };
  const running = run();
  return {
    failures,
    get created() {
      return created;
    },
    stop: async () => {
      ended = true;
      await running;
      return { created, perSecond: Math.round((created * 1000) / (performance.now() - startedAt)) };
    },
  };
}
