import type { Kind } from '@openfunction/api';
import { KubeClient } from '@openfunction/kube';
import { openQueue, type WorkQueue } from '@openfunction/queue';
import type { Logger } from '@openfunction/telemetry';
import { GoOperatorGate } from './go-operator.ts';
import type { ControllerSettings } from './settings.ts';
import { Shell } from './shell.ts';
import type { Controller } from './types.ts';

export interface ControllerStart<Seen, Status> {
  config: ControllerSettings;
  logger: Logger;
  health: { add: (name: string, check: () => true | string) => void };
  controller: Controller<Seen, Status>;
  /** ServiceAccount and field manager, e.g. `openfunction-build-controller`. */
  identity: string;
  /** The other controllers that are told of our work: the kind they work on, and the name of their queue. */
  partners: readonly (readonly [Kind, string])[];
}

/** Connects one controller to the API server and Redis and starts it. The service's `start` is this call. */
export async function startController<Seen, Status>(
  options: ControllerStart<Seen, Status>,
): Promise<{ stop: () => Promise<void> }> {
  const { config, logger, controller, identity } = options;
  const client = await KubeClient.load({ kubeconfig: config.kubeconfig });
  const open = (name: string) => openQueue({ url: config.redisUrl, name, prefix: config.queuePrefix, logger });
  const queue = open(controller.name);
  const partners = config.handOver === 'on' ? options.partners : [];
  const handOver = new Map<Kind, WorkQueue>(partners.map(([kind, name]) => [kind, open(name)]));
  const { concurrency, watchDelayMs, openfunctionNamespace: namespace } = config;
  const gate = new GoOperatorGate({ client, namespace, controller: controller.name, identity, logger });
  const shell = new Shell({
    controller,
    client,
    queue,
    handOver,
    fieldManager: identity,
    concurrency,
    watchDelayMs,
    logger,
    gate,
  });
  options.health.add(controller.name, () => shell.check());
  await shell.start();
  return {
    stop: async () => {
      await shell.stop();
      for (const partner of handOver.values()) await partner.close();
      await client.close();
    },
  };
}
