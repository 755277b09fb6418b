/**
 * The kinds this project reads or writes: how each is addressed in the API.
 * Foreign kinds list every served version we understand, newest first; discovery picks the first one that is served.
 */
export interface Kind {
  group: string;
  /** Understood versions, preferred first. */
  versions: readonly [string, ...string[]];
  kind: string;
  plural: string;
  namespaced: boolean;
}

function kind(
  group: string,
  versions: readonly [string, ...string[]],
  name: string,
  plural: string,
  namespaced = true,
): Kind {
  return { group, versions, kind: name, plural, namespaced };
}

export const FUNCTION = kind('core.openfunction.io', ['v1beta2'], 'Function', 'functions');
export const BUILDER = kind('core.openfunction.io', ['v1beta2'], 'Builder', 'builders');
export const SERVING = kind('core.openfunction.io', ['v1beta2'], 'Serving', 'servings');
export const GATEWAY = kind('networking.openfunction.io', ['v1alpha1'], 'Gateway', 'gateways');
export const EVENT_SOURCE = kind('events.openfunction.io', ['v1alpha1'], 'EventSource', 'eventsources');
export const EVENT_BUS = kind('events.openfunction.io', ['v1alpha1'], 'EventBus', 'eventbuses');
export const CLUSTER_EVENT_BUS = kind(
  'events.openfunction.io',
  ['v1alpha1'],
  'ClusterEventBus',
  'clustereventbuses',
  false,
);
export const TRIGGER = kind('events.openfunction.io', ['v1alpha1'], 'Trigger', 'triggers');

/** v1alpha1 alone is served by Shipwright up to v0.11; both are since v0.12. */
const SHIPWRIGHT_VERSIONS = ['v1beta1', 'v1alpha1'] as const;
export const SHIPWRIGHT_BUILD = kind('shipwright.io', SHIPWRIGHT_VERSIONS, 'Build', 'builds');
export const SHIPWRIGHT_BUILD_RUN = kind('shipwright.io', SHIPWRIGHT_VERSIONS, 'BuildRun', 'buildruns');
export const CLUSTER_BUILD_STRATEGY = kind(
  'shipwright.io',
  SHIPWRIGHT_VERSIONS,
  'ClusterBuildStrategy',
  'clusterbuildstrategies',
  false,
);
export const BUILD_STRATEGY = kind('shipwright.io', SHIPWRIGHT_VERSIONS, 'BuildStrategy', 'buildstrategies');

export const KNATIVE_SERVICE = kind('serving.knative.dev', ['v1'], 'Service', 'services');
export const KNATIVE_REVISION = kind('serving.knative.dev', ['v1'], 'Revision', 'revisions');

/** Knative's own: one for each Revision, made by Knative; the autoscaler reads its annotations at every look. */
export const POD_AUTOSCALER = kind('autoscaling.internal.knative.dev', ['v1alpha1'], 'PodAutoscaler', 'podautoscalers');

export const HTTP_SCALED_OBJECT = kind('http.keda.sh', ['v1alpha1'], 'HTTPScaledObject', 'httpscaledobjects');
export const SCALED_OBJECT = kind('keda.sh', ['v1alpha1'], 'ScaledObject', 'scaledobjects');
export const SCALED_JOB = kind('keda.sh', ['v1alpha1'], 'ScaledJob', 'scaledjobs');
export const TRIGGER_AUTHENTICATION = kind('keda.sh', ['v1alpha1'], 'TriggerAuthentication', 'triggerauthentications');
export const CLUSTER_TRIGGER_AUTHENTICATION = kind(
  'keda.sh',
  ['v1alpha1'],
  'ClusterTriggerAuthentication',
  'clustertriggerauthentications',
);
export const DAPR_COMPONENT = kind('dapr.io', ['v1alpha1'], 'Component', 'components');

export const HTTP_ROUTE = kind('gateway.networking.k8s.io', ['v1', 'v1beta1'], 'HTTPRoute', 'httproutes');
export const KUBE_GATEWAY = kind('gateway.networking.k8s.io', ['v1', 'v1beta1'], 'Gateway', 'gateways');
export const GATEWAY_CLASS = kind(
  'gateway.networking.k8s.io',
  ['v1', 'v1beta1'],
  'GatewayClass',
  'gatewayclasses',
  false,
);
export const REFERENCE_GRANT = kind(
  'gateway.networking.k8s.io',
  ['v1', 'v1beta1'],
  'ReferenceGrant',
  'referencegrants',
);

export const NAMESPACE = kind('', ['v1'], 'Namespace', 'namespaces', false);
export const NODE = kind('', ['v1'], 'Node', 'nodes', false);
export const POD = kind('', ['v1'], 'Pod', 'pods');
export const SECRET = kind('', ['v1'], 'Secret', 'secrets');
export const CONFIG_MAP = kind('', ['v1'], 'ConfigMap', 'configmaps');
export const SERVICE = kind('', ['v1'], 'Service', 'services');
export const SERVICE_ACCOUNT = kind('', ['v1'], 'ServiceAccount', 'serviceaccounts');
export const LIMIT_RANGE = kind('', ['v1'], 'LimitRange', 'limitranges');
export const RESOURCE_QUOTA = kind('', ['v1'], 'ResourceQuota', 'resourcequotas');
export const DEPLOYMENT = kind('apps', ['v1'], 'Deployment', 'deployments');
export const STATEFUL_SET = kind('apps', ['v1'], 'StatefulSet', 'statefulsets');
export const CONTROLLER_REVISION = kind('apps', ['v1'], 'ControllerRevision', 'controllerrevisions');
export const JOB = kind('batch', ['v1'], 'Job', 'jobs');
export const EVENT = kind('events.k8s.io', ['v1'], 'Event', 'events');
export const LEASE = kind('coordination.k8s.io', ['v1'], 'Lease', 'leases');
export const CRD = kind('apiextensions.k8s.io', ['v1'], 'CustomResourceDefinition', 'customresourcedefinitions', false);
export const MUTATING_WEBHOOK = kind(
  'admissionregistration.k8s.io',
  ['v1'],
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  false,
);
export const VALIDATING_WEBHOOK = kind(
  'admissionregistration.k8s.io',
  ['v1'],
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  false,
);

/** `group/version` as written in `apiVersion`; the core group has no slash. */
export function apiVersionOf(k: Kind, version: string = k.versions[0]): string {
  return k.group === '' ? version : `${k.group}/${version}`;
}

/** A stable text for one kind, e.g. `builders.core.openfunction.io`: the name its CRD would have. */
export function kindId(k: Kind): string {
  return k.group === '' ? k.plural : `${k.plural}.${k.group}`;
}
