import { get } from 'node:http';
import { pause } from '@openfunction/kube';
import type { Pod } from '../objects.ts';
import { HEALTH_PATH } from './http-relay.ts';
import type { DaprSettings } from './settings.ts';

/** The ports of one daprd, all on 127.0.0.1. */
export interface DaprdPorts {
  http: number;
  grpc: number;
  internal: number;
  metrics: number;
  /** Where daprd finds the application. */
  app: number;
}

/** HTTP_PROXY is our own: it knows the names of the cluster. */
const PASSED_ON = ['PATH', 'HTTP_PROXY', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
const HEALTH_EVERY_MS = 100;
const HEALTH_TIMEOUT_MS = 1_000;
const SHUTDOWN_SECONDS = 5;
const HEALTH_SECONDS = 1;

/** The arguments of daprd (docs.dapr.io/reference/arguments-annotations-overview) for these settings. */
export function daprdArguments(settings: DaprSettings, ports: DaprdPorts, components: string): string[] {
  const { appId, hasApp, protocol, logAsJson, logLevel, maxConcurrency } = settings;
  const flags: Record<string, string | number | undefined> = {
    'app-id': appId,
    'app-port': hasApp ? ports.app : undefined,
    'app-protocol': protocol,
    // The relays answer for the application: it takes events while it has an instance.
    'enable-app-health-check': hasApp ? 'true' : undefined,
    'app-health-check-path': HEALTH_PATH,
    'app-health-probe-interval': HEALTH_SECONDS,
    'app-max-concurrency': maxConcurrency,
    'app-channel-address': '127.0.0.1',
    'dapr-listen-addresses': '127.0.0.1',
    'dapr-http-port': ports.http,
    'dapr-grpc-port': ports.grpc,
    'dapr-internal-grpc-port': ports.internal,
    'dapr-internal-grpc-listen-address': '127.0.0.1',
    'metrics-port': ports.metrics,
    'metrics-listen-address': '127.0.0.1',
    'dapr-graceful-shutdown-seconds': SHUTDOWN_SECONDS,
    'resources-path': components,
    'log-level': logLevel,
    'log-as-json': String(logAsJson),
  };
  return Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
}

/** Its variables: harmless ones of the host, the namespace that it says it is in, and where other sidecars find it. */
export function daprdEnvironment(pod: Pod, home: string, host: NodeJS.ProcessEnv): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => (host[name] === undefined ? [] : [[name, host[name]]]));
  const own = { HOME: home, NAMESPACE: pod.metadata.namespace ?? '', DAPR_HOST_IP: '127.0.0.1' };
  return { ...Object.fromEntries(passed), ...own };
}

/** Waits until daprd's API answers and its Components are loaded (healthz/outbound). False when `signal` fires first. */
export async function untilHealthy(port: number, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await answers(port)) return !signal.aborted;
    await pause(HEALTH_EVERY_MS, signal);
  }
  return false;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const path = '/v1.0/healthz/outbound';
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: HEALTH_TIMEOUT_MS });
    request.once('response', (response) => {
      response.resume();
      resolve(response.statusCode === 204);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

/** daprd's last words: the message of the fatal line, in plain text or JSON, else all of it. */
export function fatalWords(text: string): string {
  const fatal = text.split('\n').findLast((line) => /level=(fatal|error)|"level":"(fatal|error)"/.test(line));
  if (fatal === undefined) return text;
  try {
    return String((JSON.parse(fatal) as { msg?: string }).msg ?? fatal);
  } catch {
    return /msg="((?:[^"\\]|\\.)*)"/.exec(fatal)?.[1]?.replaceAll('\\"', '"') ?? fatal;
  }
}
