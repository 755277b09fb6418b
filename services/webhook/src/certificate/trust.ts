import { isObject, type Kind, type KubeObject, MUTATING_WEBHOOK, VALIDATING_WEBHOOK } from '@openfunction/api';
import { type KubeClient, Reflector } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import { FIELD_MANAGER, MUTATING_CONFIGURATION, VALIDATING_CONFIGURATION } from '../names.ts';
import { toBase64 } from './bundle.ts';
import { Task } from './task.ts';

const CONFIGURATIONS: readonly (readonly [Kind, string])[] = [
  [MUTATING_WEBHOOK, MUTATING_CONFIGURATION],
  [VALIDATING_WEBHOOK, VALIDATING_CONFIGURATION],
];

/** Keeps `caBundle` in our two webhook configurations equal to the authority in use, whoever installs or changes them. */
export class TrustKeeper {
  readonly #client: KubeClient;
  readonly #logger: Logger;
  readonly #watches: Reflector[];
  readonly #task: Task;
  #authority: string | undefined;

  constructor(client: KubeClient, logger: Logger) {
    this.#client = client;
    this.#logger = logger;
    this.#task = new Task('trust', () => this.#keep(), logger);
    const onChange = () => this.#task.wake();
    this.#watches = CONFIGURATIONS.map(
      ([kind, name]) => new Reflector({ client, kind, fieldSelector: `metadata.name=${name}`, logger, onChange }),
    );
  }

  start(): void {
    for (const watch of this.#watches) watch.start();
  }

  /** From now on this authority (PEM) is the one to trust. */
  use(authority: string): void {
    this.#authority = authority;
    this.#task.wake();
  }

  async stop(): Promise<void> {
    await this.#task.stop();
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  async #keep(): Promise<void> {
    if (this.#authority === undefined) return;
    const caBundle = toBase64(this.#authority);
    for (const { kind, store } of this.#watches)
      for (const configuration of store.list()) {
        const patch = trustPatch(configuration, caBundle);
        if (patch.length === 0) continue;
        const { name } = configuration.metadata;
        store.put(await this.#client.patch(kind, { name }, patch, { type: 'json', fieldManager: FIELD_MANAGER }));
        this.#logger.info({ configuration: name }, 'authority trusted');
      }
  }
}

/** The JSON patch that sets a differing `caBundle`; it fails, and is made anew, when the list has changed meanwhile. */
export function trustPatch(configuration: KubeObject, caBundle: string): unknown[] {
  const webhooks: unknown = configuration['webhooks'];
  if (!Array.isArray(webhooks)) return [];
  return webhooks.flatMap((webhook: unknown, index) => {
    const client = isObject(webhook) ? webhook['clientConfig'] : undefined;
    if (!isObject(webhook) || !isObject(client) || client['caBundle'] === caBundle) return [];
    const path = `/webhooks/${index}`;
    return [
      { op: 'test', path: `${path}/name`, value: webhook['name'] },
      { op: 'add', path: `${path}/clientConfig/caBundle`, value: caBundle },
    ];
  });
}
