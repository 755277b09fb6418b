import { sha256 } from './hash.ts';

/** Names of objects, labels, annotations and fixed values that several services rely on. */

export const SYSTEM_NAMESPACE = 'openfunction';
export const CONFIG_MAP_NAME = 'openfunction-config';

export const LABEL = {
  function: 'openfunction.io/function',
  builder: 'openfunction.io/builder',
  serving: 'openfunction.io/serving',
  proxy: 'openfunction.io/proxy',
  managed: 'openfunction.io/managed',
  version: 'app.kubernetes.io/version',
  managedBy: 'app.kubernetes.io/managed-by',
  /** Marks a Kubernetes Gateway that this project made; the value is `<namespace>.<name>` of the Gateway. */
  gateway: 'networking.openfunction.io/gateway',
} as const;

export const ANNOTATION = {
  traceparent: 'openfunction.io/traceparent',
  enableDapr: 'openfunction.io/enable-dapr',
  daprServiceMode: 'openfunction.io/dapr-service-mode',
  plugins: 'plugins',
  pluginsTracing: 'plugins.tracing',
  wasmVariant: 'module.wasm.image/variant',
  /** What admission has injected for a WebAssembly function, to be taken back with it. */
  wasmDefaults: 'openfunction.io/wasm-defaults',
  gatewayLastApplied: 'networking.openfunction.io/last-applied-configuration',
  gatewayInjectedListeners: 'networking.openfunction.io/injected-listeners',
  kubectlLastApplied: 'kubectl.kubernetes.io/last-applied-configuration',
  revisionController: 'openfunction.io/revision-controller',
  revisionControllerParams: 'openfunction.io/revision-controller-params',
} as const;

export const FINALIZER = { gateway: 'networking.openfunction.io/finalizer' } as const;

/** Keys of `status.resourceRef` of Builder and Serving. */
export const RESOURCE_REF = {
  shipwrightBuild: 'shipwright.io/build',
  shipwrightBuildRun: 'shipwright.io/buildRun',
  knativeService: 'serving.knative.dev/service',
  kedaHttpDeployment: 'http.keda.sh/deployment',
  kedaHttpScaledObject: 'http.keda.sh/httpscaledobject',
  asyncWorkload: 'Async/workload',
  asyncScaler: 'Async/scaler',
  daprComponents: 'dapr.io/component',
  daprProxy: 'dapr-proxy',
} as const;

export const DEFAULT_VERSION = 'latest';
export const DEFAULT_GATEWAY = { name: 'openfunction', namespace: 'openfunction' } as const;
export const DEFAULT_CLUSTER_DOMAIN = 'cluster.local';
export const DEFAULT_BUILD_STRATEGY = { name: 'openfunction', kind: 'ClusterBuildStrategy' } as const;
/** For a Dockerfile: of the strategies that read one, kaniko is the one that asks nothing of the nodes (deploy/strategies). */
export const DOCKERFILE_BUILD_STRATEGY = { name: 'kaniko', kind: 'ClusterBuildStrategy' } as const;
export const INTERNAL_LISTENER = { name: 'ofn-http-internal', port: 80, protocol: 'HTTP' } as const;
/** Service in the Gateway's namespace that leads to the data plane. */
export const GATEWAY_SERVICE_NAME = 'gateway';
export const KEDA_INTERCEPTOR = { name: 'keda-add-ons-http-interceptor-proxy', port: 8080 } as const;

export const FUNCTION_PORT = 8080;
export const SERVICE_PORT = 80;
export const FUNCTION_CONTAINER = 'function';
export const FUNCTION_PORT_NAME = 'function-port';
export const DAPR_PROXY_CONTAINER = 'dapr-proxy';

export const WASM = {
  runtime: 'wasmedge',
  runtimeClass: 'openfunction-crun',
  strategy: 'wasmedge',
  variant: 'compat-smart',
} as const;

/** State words of the original, in the status of Function, Builder and Serving. */
export const STATE = {
  created: 'Created',
  building: 'Building',
  starting: 'Starting',
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  skipped: 'Skipped',
  timeout: 'Timeout',
  canceled: 'Canceled',
} as const;
export type State = (typeof STATE)[keyof typeof STATE];

/** The states in which a build is over, well or not. */
export const BUILD_ENDED: readonly string[] = [STATE.succeeded, STATE.failed, STATE.timeout, STATE.canceled];

/** Whether a Builder's build is over. */
export function isBuilderEnded(builder: { status?: { state?: string } }): boolean {
  return BUILD_ENDED.includes(builder.status?.state ?? '');
}

/** The strategy of a build that names none: a Dockerfile alone needs one that reads it (controllers.md Q22). Takes any JSON. */
export function defaultBuildStrategy({ builder, dockerfile }: { builder?: unknown; dockerfile?: unknown }) {
  return hasText(dockerfile) && !hasText(builder) ? DOCKERFILE_BUILD_STRATEGY : DEFAULT_BUILD_STRATEGY;
}

function hasText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

export const PHASE = { build: 'Build', serving: 'Serving' } as const;

/** Value of `spec.state` that stops a Builder (two l, as in the original; the state it leads to has one). */
export const BUILDER_CANCELLED = 'Cancelled';

const MAX_LABEL = 63;
const HASH_LENGTH = 10;

/**
 * Ten characters [a-z0-9], the first one a letter, that identify a child: the same parent, content and predecessor give
 * the same name, so a repeated step repeats the same write, and going back to an earlier content makes a new child.
 * @param previousChild the child named in the parent's status before the change, if there is one
 */
export function shortHash(parentUid: string, contentHash: string, previousChild = ''): string {
  const number = BigInt(`0x${sha256(JSON.stringify([parentUid, contentHash, previousChild]))}`);
  const letter = String.fromCharCode(97 + Number(number % 26n));
  return (
    letter +
    (number / 26n)
      .toString(36)
      .slice(0, HASH_LENGTH - 1)
      .padStart(HASH_LENGTH - 1, '0')
  );
}

export function builderName(hash: string): string {
  return `builder-${hash}`;
}

export function servingName(hash: string): string {
  return `serving-${hash}`;
}

export function buildName(builder: string, hash: string): string {
  return childName(builder, `-build-${hash}`);
}

export function buildRunName(builder: string, hash: string): string {
  return childName(builder, `-buildrun-${hash}`);
}

export function knativeServiceName(serving: string, hash: string): string {
  return childName(serving, `-ksvc-${hash}`);
}

/**
 * Name of the Knative revision: `<service>-<version>`, the version without dots, e.g. `-v100` for `v1.0.0`.
 * What no DNS label can hold is replaced, and told apart by a hash of the version as written.
 */
export function revisionName(service: string, version: string): string {
  const plain = version.replaceAll('.', '');
  const room = MAX_LABEL - service.length - 1;
  if (isLabelEnd(plain) && plain.length <= room) return `${service}-${plain}`;
  const mark = shortHash('', version);
  const readable = labelText(plain).slice(0, Math.max(0, room - mark.length - 1));
  return childName(service, readable === '' ? `-${mark}` : `-${readable.replace(/-+$/, '')}-${mark}`);
}

/** A DNS label of at most 63 characters that ends in the suffix; a long parent is cut and told apart by a hash. */
function childName(parent: string, suffix: string): string {
  const base = labelText(parent);
  if (base === parent && isLabelStart(base) && base.length + suffix.length <= MAX_LABEL) return base + suffix;
  const mark = shortHash('', parent);
  const kept = (isLabelStart(base) ? base : `n-${base}`).slice(0, MAX_LABEL - suffix.length - mark.length - 1);
  return `${kept.replace(/-+$/, '')}-${mark}${suffix}`;
}

function labelText(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** A Service name must begin with a letter. */
function isLabelStart(text: string): boolean {
  return /^[a-z]/.test(text);
}

function isLabelEnd(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text);
}

/** Annotation of a Function; the exact value `true`, and nothing else, stops every write for it. */
export const PAUSED_ANNOTATION = 'openfunction.io/paused';

/** Whether the user has paused this very object. */
export function isPaused(object: { metadata: { annotations?: Record<string, string> } }): boolean {
  return object.metadata.annotations?.[PAUSED_ANNOTATION] === 'true';
}

/** How the Go operator shows in a cluster (controllers.md §4.1). */
export const GO_OPERATOR = {
  /** Its leader's Lease, in its own namespace. */
  lease: '79f0111e.openfunction.io',
  /** What its updates bear in managedFields: client-go's default, the name of the binary in the image, and of a local build. */
  fieldManagers: ['openfunction', 'manager'],
} as const;
