import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeClient } from '@openfunction/kube';
import { type Identity, issueIdentity, type ServiceProcess, startService, writeKubeconfig } from '@openfunction/local';
import type { ClusterAddress } from './cluster.ts';
import { waitFor } from './wait-for.ts';

/** An API server as a client finds it. */
export interface Endpoint {
  server: string;
  /** Authority of its certificate, PEM. */
  ca: string;
}

export interface SystemOptions {
  cluster: ClusterAddress;
  client: KubeClient;
  /** Folders under services/. Default: the three controllers. */
  services?: readonly string[];
  /** Of each service; two are the normal case. */
  replicas?: number;
  /** Settings for all of them. */
  env?: Record<string, string>;
  /** Where this replica finds the API server, e.g. a proxy of its own. Default: where the cluster has it. */
  endpointOf?: (name: string) => Promise<Endpoint>;
}

/** Our services as processes on a test cluster, each under its own ServiceAccount. */
export interface System {
  readonly replicas: ReadonlyMap<string, ServiceProcess>;
  /** What all keys of these services in Redis begin with. */
  readonly queuePrefix: string;
  /** Ends one replica with SIGKILL and starts another in its place. */
  kill: (name: string) => Promise<void>;
  /** Ends one replica with SIGKILL and leaves it so; one that has ended already is left alone. */
  halt: (name: string) => Promise<void>;
  /** Starts a halted replica again; returns when it is ready. */
  revive: (name: string) => Promise<void>;
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
  readonly queuePrefix = `of-${randomBytes(4).toString('hex')}`;

  constructor(options: SystemOptions) {
    this.#options = options;
    this.#directory = join(options.cluster.directory, `system-${this.queuePrefix}`);
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
    await this.halt(name);
    await this.#launch(serviceOf(name), name);
  }

  async halt(name: string): Promise<void> {
    const { process: child } = this.#replica(name);
    if (child.running) process.kill(child.pid, 'SIGKILL');
    await child.exited;
  }

  async revive(name: string): Promise<void> {
    if (this.#replica(name).process.running) throw new Error(`${name} is not halted`);
    await this.#launch(serviceOf(name), name);
    await ready(name, this.#replica(name));
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

  #replica(name: string): ServiceProcess {
    const replica = this.replicas.get(name);
    if (replica === undefined) throw new Error(`no replica ${name}`);
    return replica;
  }

  async #launch(service: string, name: string): Promise<void> {
    const env = {
      KUBECONFIG: await this.#kubeconfig(service, name),
      REDIS_URL: this.#options.cluster.redisUrl,
      QUEUE_PREFIX: this.queuePrefix,
      ...this.#options.env,
    };
    this.replicas.set(name, await startService({ service, name, env, logs: join(this.#directory, 'logs') }));
  }

  /** The service's own, or one that leads this replica elsewhere under the same identity. */
  async #kubeconfig(service: string, name: string): Promise<string> {
    const identity = this.#identities.get(service);
    if (identity === undefined) throw new Error(`no identity of ${service}`);
    const { endpointOf } = this.#options;
    if (endpointOf === undefined) return identity.kubeconfig;
    const file = join(this.#directory, 'kubeconfigs', name);
    const { server, ca } = await endpointOf(name);
    await writeKubeconfig(file, { server, caData: ca, namespace: NAMESPACE, tokenFile: identity.token });
    return file;
  }
}

function serviceOf(name: string): string {
  return name.replace(/-\d+$/, '');
}

async function ready(name: string, replica: ServiceProcess): Promise<void> {
  await waitFor(`${name} is ready`, async () => {
    const answer = await replica.readiness();
    if (answer !== true) throw new Error(answer);
    return true;
  });
}
