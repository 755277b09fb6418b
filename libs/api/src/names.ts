import { sha256 } from './hash.ts';
import { isObject } from './rules.ts';

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
  /** On a Function: any new value asks for one more build; taking it away asks for nothing. */
  rebuild: 'openfunction.io/rebuild',
  /** On a Function: the exact value `true`, and nothing else, stops every write for it. */
  paused: 'openfunction.io/paused',
  /** On a Function: number of the version that is served until the annotation goes. */
  rollbackTo: 'openfunction.io/rollback-to',
  /**
   * On a Namespace: what a container may take that does not say it itself, e.g. `cpu=1,memory=1Gi`. It holds for every pod of the
   * namespace, not only for builds, so nobody but who may change the namespace can ask for it.
   */
  buildLimits: 'openfunction.io/build-limits',
  /** On a Namespace: what such a container asks for. */
  buildRequests: 'openfunction.io/build-requests',
  /** On a Builder: hash of what was to be served when it was made. */
  builtFor: 'openfunction.io/built-for',
  /** On a Builder: `true` when it was cancelled for another build, and not by a user. */
  superseded: 'openfunction.io/superseded',
  /** On a Build of Shipwright that was made after something had been said of its Builder: when, by the clock of the controller that made it. */
  madeAt: 'openfunction.io/made-at',
  /** On a Serving whose image has no digest: name of the Builder that has built it. */
  builtBy: 'openfunction.io/built-by',
  /** On a Serving that goes on while what was changed together with the build waits for it: hash of what waits. */
  awaits: 'openfunction.io/awaits',
  /** On a Serving: `withheld` while another version gets the requests for the hosts of its Function (docs/adr/0014). */
  hosts: 'openfunction.io/hosts',
  /** On the ControllerRevision of a version: route and scale options that it ran with last, as JSON. */
  inPlace: 'openfunction.io/in-place',
  /** On the ConfigMap of the operator: the last text of each key that could be used, as JSON. */
  lastGood: 'openfunction.io/last-good',
  enableDapr: 'openfunction.io/enable-dapr',
  daprServiceMode: 'openfunction.io/dapr-service-mode',
  daprEnabled: 'dapr.io/enabled',
  daprAppId: 'dapr.io/app-id',
  daprAppPort: 'dapr.io/app-port',
  daprAppProtocol: 'dapr.io/app-protocol',
  plugins: 'plugins',
  pluginsTracing: 'plugins.tracing',
  wasmVariant: 'module.wasm.image/variant',
  /** On a Knative Service: names of the labels and annotations of its Revision that were changed after it had been made. */
  revisionKeys: 'openfunction.io/revision-keys',
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

/**
 * Whether a Serving has been running at some time: from then on no time limit counts, and it may have requests. The Go operator did
 * not note when: where nothing else is said, one that failed had been running.
 */
export function hasRun(serving: {
  status?: { state?: string; readyTime?: string; conditions?: readonly unknown[] };
}): boolean {
  const { state, readyTime, conditions } = serving.status ?? {};
  return state === STATE.running || readyTime !== undefined || (state === STATE.failed && conditions === undefined);
}

/** Triggers of KEDA that tell how busy the pods are: at zero there is nothing to tell, so they wake nobody. */
const LOAD_TRIGGERS: readonly unknown[] = ['cpu', 'memory'];

/** Whether a trigger of KEDA is of that kind. Takes any JSON. */
export function isLoadTrigger(trigger: unknown): boolean {
  return isObject(trigger) && LOAD_TRIGGERS.includes(trigger['type']);
}

/** The strategy of a build that names none: a Dockerfile alone needs one that reads it (controllers.md Q22). Takes any JSON. */
export function defaultBuildStrategy({ builder, dockerfile }: { builder?: unknown; dockerfile?: unknown }) {
  return isGiven(dockerfile) && !isGiven(builder) ? DOCKERFILE_BUILD_STRATEGY : DEFAULT_BUILD_STRATEGY;
}

/** Whether a text field says something. */
export function isGiven(value: unknown): value is string {
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

/** Name of the ControllerRevision that records one version of a Function. */
export function versionName(fn: string, hash: string): string {
  return childName(fn, `-${hash}`);
}

/** Name of the ReferenceGrant that lets the routes of a namespace lead to the KEDA HTTP add-on. */
export function referenceGrantName(namespace: string): string {
  return childName(`openfunction-${namespace}`, '');
}

/** Value of the annotation `hosts` of a Serving that shall not answer for the hosts of its Function. */
export const HOSTS_WITHHELD = 'withheld';

/** The one host of a Serving that answers for no other: nobody is told of it. */
export function withheldHost(
  serving: { metadata: { name: string; namespace?: string } },
  clusterDomain: string,
): string {
  return `${serving.metadata.name}.${serving.metadata.namespace}.svc.${clusterDomain}`;
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

/** A StatefulSet's name and a hash of 11 characters are a label of its pods. */
export const MAX_STATEFUL_SET_NAME = MAX_LABEL - 11;

/**
 * Name of a child of a Serving: `<serving>-<what>-<h>`. What no DNS label can hold is replaced, and what is too long is cut: `h` tells
 * apart what then reads alike, so it is to be made from the whole.
 */
export function servingChildName(serving: string, what: string, hash: string, most: number = MAX_LABEL): string {
  // Of the Serving's own name, `serving-` and ten characters, nothing is lost.
  const room = most - servingName(hash).length - hash.length - 2;
  const readable = labelText(what).slice(0, room).replace(/-+$/, '');
  return childName(serving, `-${readable}-${hash}`, most);
}

/** What a label can hold of a text, e.g. of a version: others than letters, digits, `-`, `_` and `.` are replaced. */
export function labelValue(text: string): string {
  const kept = text.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, MAX_LABEL);
  return kept.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

/** A DNS label of at most 63 characters that ends in the suffix; a long parent is cut and told apart by a hash. */
function childName(parent: string, suffix: string, most: number = MAX_LABEL): string {
  const base = labelText(parent);
  if (base === parent && isLabelStart(base) && base.length + suffix.length <= most) return base + suffix;
  const mark = shortHash('', parent);
  const kept = (isLabelStart(base) ? base : `n-${base}`).slice(0, most - suffix.length - mark.length - 1);
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

/** Whether the user has paused this very object. */
export function isPaused(object: { metadata: { annotations?: Record<string, string> } }): boolean {
  return object.metadata.annotations?.[ANNOTATION.paused] === 'true';
}

/** How the Go operator shows in a cluster (controllers.md §4.1). */
export const GO_OPERATOR = {
  /** Its leader's Lease, in its own namespace. */
  lease: '79f0111e.openfunction.io',
  /** What its updates bear in managedFields: client-go's default, the name of the binary in the image, and of a local build. */
  fieldManagers: ['openfunction', 'manager'],
} as const;
