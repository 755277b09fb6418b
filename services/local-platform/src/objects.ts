import type { KubeObject, ObjectMeta, TypedObject } from '@openfunction/api';

/** Foreign objects, as far as the local platform touches them. */
export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: { fieldRef?: { fieldPath: string } };
}

export interface Probe {
  httpGet?: { path?: string; scheme?: string; httpHeaders?: { name: string; value: string }[] };
  tcpSocket?: object;
}

export interface Container {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  env?: EnvVar[];
  envFrom?: object[];
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  readinessProbe?: Probe;
}

export interface PodSpec {
  nodeName?: string;
  schedulerName?: string;
  restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  terminationGracePeriodSeconds?: number;
  serviceAccountName?: string;
  containers: Container[];
  initContainers?: Container[];
  ephemeralContainers?: Container[];
  schedulingGates?: object[];
}

export interface TerminatedState {
  exitCode: number;
  signal?: number;
  reason: string;
  message?: string;
  startedAt?: string;
  finishedAt: string;
}

export interface ContainerState {
  waiting?: { reason: string; message: string };
  running?: { startedAt: string };
  terminated?: TerminatedState;
}

export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  containerID?: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: ContainerState;
}

/** A condition of any foreign kind: message and observedGeneration are not always there. */
export interface ForeignCondition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  severity?: 'Info' | 'Warning';
  lastTransitionTime?: string | null;
  observedGeneration?: number;
}

export interface PodStatus {
  phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  conditions?: ForeignCondition[];
  containerStatuses?: ContainerStatus[];
  ephemeralContainerStatuses?: ContainerStatus[];
  startTime?: string;
  hostIP?: string;
  podIP?: string;
  podIPs?: { ip: string }[];
}

export type Pod = TypedObject<PodSpec, PodStatus>;

/** The spec of a Knative revision: a PodSpec with two fields more. */
export interface RevisionSpec extends PodSpec {
  /** Requests that one instance works on at once; 0 or absent: no limit. */
  containerConcurrency?: number;
  /** Seconds in which an answer has to begin. */
  timeoutSeconds?: number;
}

export interface RevisionStatus {
  observedGeneration?: number;
  conditions?: ForeignCondition[];
  containerStatuses?: { name: string; imageDigest: string }[];
  actualReplicas?: number;
  desiredReplicas?: number;
}

export type Revision = TypedObject<RevisionSpec, RevisionStatus>;

export interface KnativeServiceSpec {
  template: { metadata?: Partial<ObjectMeta>; spec: RevisionSpec };
}

export interface KnativeServiceStatus {
  observedGeneration?: number;
  conditions?: ForeignCondition[];
  latestCreatedRevisionName?: string;
  latestReadyRevisionName?: string;
  url?: string;
  address?: { url: string };
  traffic?: { latestRevision: boolean; percent: number; revisionName: string }[];
}

export type KnativeService = TypedObject<KnativeServiceSpec, KnativeServiceStatus>;

export interface ParentReference {
  group?: string;
  kind?: string;
  namespace?: string;
  name: string;
  sectionName?: string;
  port?: number;
}

export interface NamedValue {
  name: string;
  value: string;
}

export interface HeaderModifier {
  set?: NamedValue[];
  add?: NamedValue[];
  remove?: string[];
}

export interface PathModifier {
  type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  replaceFullPath?: string;
  replacePrefixMatch?: string;
}

export interface RouteFilter {
  type: string;
  requestHeaderModifier?: HeaderModifier;
  responseHeaderModifier?: HeaderModifier;
  urlRewrite?: { hostname?: string; path?: PathModifier };
  requestRedirect?: { scheme?: string; hostname?: string; port?: number; statusCode?: number; path?: PathModifier };
}

export interface ValueMatch extends NamedValue {
  type?: 'Exact' | 'RegularExpression';
}

export interface RouteMatch {
  path?: { type?: 'Exact' | 'PathPrefix' | 'RegularExpression'; value?: string };
  headers?: ValueMatch[];
  queryParams?: ValueMatch[];
  method?: string;
}

export interface BackendRef {
  group?: string;
  kind?: string;
  name: string;
  namespace?: string;
  port?: number;
  weight?: number;
}

export interface RouteRule {
  matches?: RouteMatch[];
  filters?: RouteFilter[];
  backendRefs?: BackendRef[];
}

export interface HttpRouteSpec {
  parentRefs?: ParentReference[];
  hostnames?: string[];
  rules?: RouteRule[];
}

export interface RouteParentStatus {
  parentRef: ParentReference;
  controllerName: string;
  conditions: ForeignCondition[];
}

export type HttpRoute = TypedObject<HttpRouteSpec, { parents?: RouteParentStatus[] }>;

export interface Listener {
  name: string;
  hostname?: string;
  port: number;
  protocol: string;
  allowedRoutes?: { namespaces?: { from?: 'All' | 'Same' | 'Selector' } };
}

export interface ListenerStatus {
  name: string;
  supportedKinds: { group: string; kind: string }[];
  attachedRoutes: number;
  conditions: ForeignCondition[];
}

export interface GatewayStatus {
  addresses?: { type: string; value: string }[];
  conditions?: ForeignCondition[];
  listeners?: ListenerStatus[];
}

export type KubeGateway = TypedObject<{ gatewayClassName: string; listeners: Listener[] }, GatewayStatus>;

export type GatewayClass = TypedObject<
  { controllerName: string },
  { conditions?: ForeignCondition[]; supportedFeatures?: { name: string }[] }
>;

export interface ComponentMetadata {
  name: string;
  value?: unknown;
  secretKeyRef?: { name?: string; key?: string };
  envRef?: string;
}

export interface ComponentSpec {
  type: string;
  version: string;
  metadata?: ComponentMetadata[];
  ignoreErrors?: boolean;
  initTimeout?: string;
}

/** Scopes and secret store of a Dapr Component stand beside its spec. */
export type DaprComponent = TypedObject<ComponentSpec, undefined> & {
  scopes?: string[];
  auth?: { secretStore?: string };
};

/** `namespace/name` of an object. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** The two halves of `namespace/name`. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
