import { join } from 'node:path';
import type { ServiceSpec } from '@openfunction/local';
import type { State } from './state.ts';

export const NAMESPACE = 'openfunction';
export const PLATFORM = 'local-platform';
export const WEBHOOK = 'webhook';
const CONTROLLERS = ['function-controller', 'build-controller', 'serving-controller'];

/** What the services need to know of the world they are started in. */
export interface World {
  state: State;
  replicas: number;
  platform: boolean;
  redisUrl: string;
  /** One for each replica of the webhook. */
  webhookPorts: readonly number[];
  /** Port of the functions' HTTP. */
  functionsPort: number;
  kubeletClientCa: string | undefined;
  env: NodeJS.ProcessEnv;
}

/** Settings of ours that are not for the local platform; what a build and a function see of the rest, it decides itself. */
const NOT_FOR_THE_PLATFORM = /^(KUBECONFIG|REDIS_URL|CONFIG_FILE|HEALTH_PORT|NODE_OPTIONS|OPENFUNCTION_PARENT)$/;
/** Settings that a user or a test may give to every service. */
const PASSED_ON = ['LOG_LEVEL', 'NODE_EXTRA_CA_CERTS', 'TZ'];
/** And to every controller: services/*-controller/src/config.ts. */
const CONTROLLER_SETTINGS = ['QUEUE_PREFIX', 'CONCURRENCY', 'DRAIN_SECONDS', 'WATCH_DELAY_MS', 'HAND_OVER'];

/** The services that run, in the order of their names on the terminal. */
export function serviceNames(options: { platform: boolean }): string[] {
  return [WEBHOOK, ...CONTROLLERS, ...(options.platform ? [PLATFORM] : [])];
}

/** Every process to start: one for each replica, and one local platform. */
export function makeServiceSpecs(world: World): ServiceSpec[] {
  return serviceNames(world).flatMap((service) => {
    const count = service === PLATFORM ? 1 : world.replicas;
    return Array.from({ length: count }, (_, index) => ({
      service,
      name: count === 1 ? service : `${service}-${index + 1}`,
      env: { ...commonEnv(service, world), ...ownEnv(service, index, world) },
      logs: world.state.logs,
    }));
  });
}

/** Where the credentials of a service are kept. */
export function identityFolder(state: State, service: string): string {
  return join(state.identities, service);
}

function commonEnv(service: string, world: World): Record<string, string> {
  return {
    ...pick(world.env, PASSED_ON),
    KUBECONFIG: join(identityFolder(world.state, service), 'kubeconfig'),
    OPENFUNCTION_NAMESPACE: NAMESPACE,
  };
}

function ownEnv(service: string, index: number, world: World): Record<string, string> {
  // Whoever stops all of it does not wait for the API server to let go of its connections.
  if (service === WEBHOOK)
    return { HOST: '127.0.0.1', PORT: String(world.webhookPorts[index]), CONNECTION_WAIT_SECONDS: '0' };
  if (service === PLATFORM) return platformEnv(world);
  return { ...pick(world.env, CONTROLLER_SETTINGS), REDIS_URL: world.redisUrl };
}

function platformEnv({ state, functionsPort, kubeletClientCa, env }: World): Record<string, string> {
  const inherited = Object.keys(env).filter((name) => !NOT_FOR_THE_PLATFORM.test(name));
  return {
    ...pick(env, inherited),
    KUBECONFIG: join(identityFolder(state, PLATFORM), 'kubeconfig'),
    HTTP_PORT: String(functionsPort),
    KUBELET_PORT: '0',
    STATE_DIRECTORY: join(state.data, PLATFORM),
    IMAGES_DIRECTORY: state.images,
    SAMPLES_REPOSITORY: state.sourceRepository,
    ...(kubeletClientCa !== undefined && { KUBELET_CLIENT_CA: kubeletClientCa }),
  };
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
