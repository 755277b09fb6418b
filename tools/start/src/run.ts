import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { FUNCTION, type KubeObject, MUTATING_WEBHOOK, VALIDATING_WEBHOOK } from '@openfunction/api';
import { CodedError, explain } from '@openfunction/errors';
import { canListen, freePort, type Identity, issueIdentity, poll, startRedis } from '@openfunction/local';
import { type Cluster, startOwnCluster, useCluster } from './cluster.ts';
import { startForwarder } from './forwarder.ts';
import { install, installOwn, readInstallation } from './install.ts';
import type { Options } from './options.ts';
import { Replica } from './replica.ts';
import type { Report } from './report.ts';
import { ROOT } from './root.ts';
import type { RunningParts } from './running-parts.ts';
import { identityFolder, makeServiceSpecs, NAMESPACE, serviceNames, WEBHOOK } from './services.ts';
import { updateSourceRepository } from './source-repository.ts';
import type { State } from './state.ts';

/** What every step works with. */
export interface Launch {
  options: Options;
  state: State;
  report: Report;
  parts: RunningParts;
}

interface Ports {
  functions: number;
  /** Where the API server reaches the webhook. */
  webhook: number;
  webhookReplicas: number[];
}

const USUAL_PORT = 8080;
const READY_MS = 90_000;

/*
 *   API server, Redis, Git repository of the samples      at once
 *     └─► CRDs, roles, webhook configurations
 *           └─► controller manager, identities ─► services (webhook, controllers, local platform)
 *                 └─► every /readyz says yes, and a Function is admitted
 *                       └─► Gateway
 */

/** Brings the whole system up; returns when it takes Functions. Throws with one sentence. */
export async function bringUp(launch: Launch): Promise<Cluster> {
  const { options, report, state, parts } = launch;
  const ports = await choosePorts(options);
  const repository = updateSourceRepository(state.sourceRepository, join(ROOT, 'samples'));
  const [cluster, redisUrl, manifests] = await Promise.all([
    report.step(
      'API server',
      () => startCluster(launch),
      ({ server }) => server,
    ),
    report.step('Redis', () => bringRedis(launch)),
    readInstallation({ platform: options.platform, ports }),
    repository,
  ]);
  await report.step('CRDs, base', () => install(cluster.client, manifests));
  const managing = report.step('controller manager', () => cluster.startControllerManager());
  await Promise.all([
    managing,
    report.step(
      'services',
      () => startServices(launch, cluster, { redisUrl, ports }),
      (names) => names.join(', '),
    ),
  ]);
  await report.step('admission', () => awaitAdmission(cluster, parts));
  await installOwn(cluster.client, manifests);
  return cluster;
}

async function startCluster({ options, state, parts, report }: Launch): Promise<Cluster> {
  const say = (line: string) => report.plain(line);
  if (options.kubeconfig === undefined) {
    const cluster = await startOwnCluster(state, say, (line) => report.line('restart', line));
    await parts.add('API server', cluster.stop);
    return cluster;
  }
  const cluster = await useCluster(options.kubeconfig, state, say);
  await parts.add('API server', async () => {
    await removeWebhooks(cluster);
    await cluster.stop();
  });
  return cluster;
}

/** A cluster that lives on must not wait for a webhook that is gone. */
async function removeWebhooks({ client }: Cluster): Promise<void> {
  await client.delete(MUTATING_WEBHOOK, { name: 'openfunction-mutating-webhook-configuration' });
  await client.delete(VALIDATING_WEBHOOK, { name: 'openfunction-validating-webhook-configuration' });
}

async function bringRedis({ state, parts, report }: Launch): Promise<string> {
  const directory = join(state.data, 'redis');
  const redis = await startRedis({
    directory,
    logDirectory: state.logs,
    log: (line) => report.plain(line),
    restart: (line) => report.line('restart', line),
  });
  await parts.add('Redis', redis.stop);
  return redis.url;
}

async function choosePorts(options: Options): Promise<Ports> {
  const webhookReplicas: number[] = [];
  for (let index = 0; index < options.replicas; index += 1) webhookReplicas.push(await freePort());
  const [only = 0] = webhookReplicas;
  const webhook = options.replicas === 1 ? only : await freePort();
  return { functions: await chooseFunctionsPort(options.port), webhook, webhookReplicas };
}

async function chooseFunctionsPort(wanted: number | undefined): Promise<number> {
  if (wanted === 0) return freePort();
  if (wanted === undefined) return (await canListen(USUAL_PORT)) ? USUAL_PORT : freePort();
  if (await canListen(wanted)) return wanted;
  throw new CodedError(
    'process.failed',
    `port ${wanted} of 127.0.0.1 is in use: choose another one with --port, or 0 for any`,
  );
}

async function startServices(
  launch: Launch,
  cluster: Cluster,
  world: { redisUrl: string; ports: Ports },
): Promise<string[]> {
  const { options, state, parts, report } = launch;
  const say = (line: string) => report.line('restart', line);
  const services = serviceNames(options);
  await Promise.all(services.map((service) => identify(service, launch, cluster)));
  const specs = makeServiceSpecs({
    state,
    replicas: options.replicas,
    platform: options.platform,
    redisUrl: world.redisUrl,
    webhookPorts: world.ports.webhookReplicas,
    functionsPort: world.ports.functions,
    kubeletClientCa: cluster.kubeletClientCa,
    env: { ...sharedRedisPrefix(state), ...process.env },
  });
  const replicas = specs.map((spec) => new Replica(spec, say));
  await parts.add('services', () => Promise.all(replicas.map((replica) => replica.stop())).then(() => undefined));
  for (const replica of replicas) replica.start();
  await forwardToWebhooks(
    launch,
    world.ports,
    replicas.filter((_, index) => specs[index]?.service === WEBHOOK),
  );
  await Promise.all(replicas.map((replica) => awaitReady(replica, parts)));
  return services;
}

/** A Redis that is not ours may serve other checkouts too. */
function sharedRedisPrefix(state: State): NodeJS.ProcessEnv {
  if (!process.env['REDIS_URL']) return {};
  return { QUEUE_PREFIX: `openfunction-${createHash('sha256').update(state.directory).digest('hex').slice(0, 8)}` };
}

async function identify(service: string, { state, parts, report }: Launch, cluster: Cluster): Promise<Identity> {
  const identity = await issueIdentity({
    client: cluster.client,
    ca: cluster.ca,
    namespace: NAMESPACE,
    serviceAccount: `openfunction-${service}`,
    directory: identityFolder(state, service),
    log: (line) => report.line('identity', line),
  });
  await parts.add(`identity of ${service}`, identity.stop);
  return identity;
}

/** One webhook is reached on its own port; several through a forwarder, since no kube-proxy runs here. */
async function forwardToWebhooks({ parts }: Launch, ports: Ports, replicas: readonly Replica[]): Promise<void> {
  if (replicas.length < 2) return;
  const backends = replicas.map((replica, index) => ({
    port: ports.webhookReplicas[index] ?? 0,
    isReady: async () => (await replica.readiness()) === true,
  }));
  const forwarder = await startForwarder(ports.webhook, backends);
  await parts.add('webhook forwarder', forwarder.stop);
}

async function awaitReady(replica: Replica, parts: RunningParts): Promise<void> {
  let last: true | string = 'is starting';
  const ready = await poll(
    async () => {
      parts.refuseWhenStopping();
      last = await replica.readiness();
      return last === true ? true : undefined;
    },
    READY_MS,
    100,
  );
  if (ready === undefined) {
    throw new CodedError('process.failed', `${replica.name} is not ready after ${READY_MS / 1000} s: ${last}`);
  }
}

/** Asks, without writing, for a Function until the API server has learned to trust the webhook. */
async function awaitAdmission({ client }: Cluster, parts: RunningParts): Promise<void> {
  let last = '';
  const tried = async () => {
    parts.refuseWhenStopping();
    try {
      await client.apply(FUNCTION, PROBE, { fieldManager: 'openfunction-start', dryRun: true });
      return true;
    } catch (error) {
      last = explain(error);
      return undefined;
    }
  };
  if ((await poll(tried, READY_MS, 100)) !== undefined) return;
  throw new CodedError('process.failed', `the API server admits no Function: ${last}`);
}

const PROBE: KubeObject = {
  apiVersion: 'core.openfunction.io/v1beta2',
  kind: 'Function',
  metadata: { name: 'openfunction-start-probe', namespace: 'default' },
  spec: { image: 'local/probe:v1', serving: { triggers: { http: { port: 8080 } } } },
};
