import type { Pod } from '../objects.ts';

/** What the annotations of a pod ask of its Dapr sidecar. */
export interface DaprSettings {
  appId: string;
  /** Whether the pod has an application for the sidecar to call at all. */
  hasApp: boolean;
  protocol: 'grpc' | 'http';
  logAsJson: boolean;
  logLevel: string;
  /** Requests to the application at once; undefined: no limit. */
  maxConcurrency: number | undefined;
}

/** The label that ties the pods of a function to the proxy pods of the same Serving. */
const SERVING_LABEL = 'openfunction.io/serving';
const PROXY_LABEL = 'openfunction.io/proxy';
const PROXY_CONTAINER = 'dapr-proxy';
/** Where a function looks for Dapr when that is no sidecar of its own. */
const HOST_VARIABLES = ['DAPR_HOST', 'DAPR_SIDECAR_IP'];
const LEVELS = ['debug', 'info', 'warn', 'error'];

/** The settings of a pod's sidecar (annotations of Dapr 1.16); undefined when it has none. */
export function readDapr(pod: Pod): DaprSettings | undefined {
  const of = (name: string) => pod.metadata.annotations?.[`dapr.io/${name}`];
  if (!isTrue(of('enabled'))) return undefined;
  const level = of('log-level') ?? '';
  const concurrency = Number.parseInt(of('app-max-concurrency') ?? '', 10);
  return {
    appId: of('app-id') || pod.metadata.name,
    hasApp: Boolean(of('app-port')),
    protocol: (of('app-protocol') ?? 'http').startsWith('grpc') ? 'grpc' : 'http',
    logAsJson: isTrue(of('log-as-json')),
    logLevel: LEVELS.includes(level) ? level : 'info',
    maxConcurrency: concurrency > 0 ? concurrency : undefined,
  };
}

/** Whether a pod is OpenFunction's Dapr proxy: a sidecar for functions that run in other pods. */
export function isProxy(pod: Pod): boolean {
  return readDapr(pod) !== undefined && pod.spec.containers.some(({ name }) => name === PROXY_CONTAINER);
}

/** The Serving of a pod, of a function or of its proxy; the app id stands in where there is no label. */
export function servingOf(pod: Pod): string {
  const { labels = {}, annotations = {}, namespace } = pod.metadata;
  return `${namespace}/${labels[PROXY_LABEL] ?? labels[SERVING_LABEL] ?? annotations['dapr.io/app-id'] ?? ''}`;
}

/** Whether the function of a pod looks for Dapr in another pod. */
export function usesProxy(pod: Pod): boolean {
  if (readDapr(pod) !== undefined) return false;
  return pod.spec.containers.some(({ env = [] }) => env.some(({ name }) => HOST_VARIABLES.includes(name)));
}

/** The variables by which a function finds a sidecar of this machine. */
export function daprVariables(pod: Pod, ports: { http: number; grpc: number }): Record<string, string> {
  const hosts = usesProxy(pod) ? Object.fromEntries(HOST_VARIABLES.map((name) => [name, '127.0.0.1'])) : {};
  return { ...hosts, DAPR_HTTP_PORT: String(ports.http), DAPR_GRPC_PORT: String(ports.grpc) };
}

/** As Dapr's injector reads its switches. */
function isTrue(text: string | undefined): boolean {
  return ['y', 'yes', 'true', 'on', '1'].includes((text ?? '').toLowerCase());
}
