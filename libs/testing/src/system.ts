import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeClient } from '@openfunction/kube';
import { type Identity, issueIdentity, type ServiceProcess, startService } from '@openfunction/local';
import type { ClusterAddress } from './cluster.ts';
import { waitFor } from './wait-for.ts';

export interface SystemOptions {
  cluster: ClusterAddress;
  client: KubeClient;
  /** Folders under services/. Default: the three controllers. */
  services?: readonly string[];
  /** Of each service; two are the normal case. */
  replicas?: number;
  /** Settings for all of them. */
  env?: Record<string, string>;
}

/** Our services as processes on a test cluster, each under its own ServiceAccount. */
export interface System {
  readonly replicas: ReadonlyMap<string, ServiceProcess>;
  /** Ends one replica with SIGKILL and starts another in its place. */
  kill: (name: string) => Promise<void>;
  stop: () => Promise<void>;
}

const CONTROLLERS = ['function-controller', 'build-controller', 'serving-controller'];
const NAMESPACE = 'openfunction';

/** Starts the services and returns when every replica is ready. They share a queue prefix of their own. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const system = new RunningSystem(options);
  try {
    await system.start();
    return system;
  } catch (error) {
    await system.stop();
    throw error;
  }
}

class RunningSystem implements System {
  readonly replicas = new Map<string, ServiceProcess>();
  readonly #options: SystemOptions;
  readonly #identities = new Map<string, Identity>();
  readonly #directory: string;
  readonly #prefix = `of-${randomBytes(4).toString('hex')}`;

  constructor(options: SystemOptions) {
    this.#options = options;
    this.#directory = join(options.cluster.directory, `system-${this.#prefix}`);
    mkdirSync(this.#directory, { recursive: true });
  }

  async start(): Promise<void> {
    const { services = CONTROLLERS, replicas = 2 } = this.#options;
    for (const service of services) await this.#identify(service);
    const names = services.flatMap((service) =>
      Array.from({ length: replicas }, (_, index) => ({ service, name: `${service}-${index}` })),
    );
    await Promise.all(names.map(({ service, name }) => this.#launch(service, name)));
    for (const [name, replica] of this.replicas) await ready(name, replica);
  }

  async kill(name: string): Promise<void> {
    const replica = this.replicas.get(name);
    if (replica === undefined) throw new Error(`no replica ${name}`);
    process.kill(replica.process.pid, 'SIGKILL');
    await replica.process.exited;
    await this.#launch(name.replace(/-\d+$/, ''), name);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.replicas.values()].map((replica) => replica.process.stop()));
    await Promise.all([...this.#identities.values()].map((identity) => identity.stop()));
  }

  async #identify(service: string): Promise<void> {
    const { client, cluster } = this.#options;
    const directory = join(this.#directory, 'identities', service);
    const serviceAccount = `openfunction-${service}`;
    this.#identities.set(
      service,
      await issueIdentity({ client, ca: cluster.ca, namespace: NAMESPACE, serviceAccount, directory }),
    );
  }

  async #launch(service: string, name: string): Promise<void> {
    const env = {
      KUBECONFIG: this.#identities.get(service)?.kubeconfig ?? '',
      REDIS_URL: this.#options.cluster.redisUrl,
      QUEUE_PREFIX: this.#prefix,
      ...this.#options.env,
    };
    this.replicas.set(name, await startService({ service, name, env, logs: join(this.#directory, 'logs') }));
  }
}

async function ready(name: string, replica: ServiceProcess): Promise<void> {
  await waitFor(`${name} is ready`, async () => {
    const answer = await replica.readiness();
    if (answer !== true) throw new Error(answer);
    return true;
  });
}
