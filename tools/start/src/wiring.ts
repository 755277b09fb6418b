import type { KubeObject } from '@openfunction/api';

const WEBHOOK_SERVICE = 'openfunction-webhook-service';
const WEBHOOK_CONFIGURATIONS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];
const EXTERNAL_LISTENER = 'ofn-http-external';
/** Services run as processes of this machine, not as Pods: their Deployments would only make Pods that nobody wants. */
const LEFT_OUT = ['Deployment', 'PodDisruptionBudget'];

/** Ports that the manifests leave to the machine they are applied to. */
export interface Ports {
  webhook: number;
  functions: number;
}

/**
 * The manifests as this machine needs them: no Deployments, the webhook's Service leads to loopback (an ExternalName, since no
 * kube-proxy runs here), and ports are the real ones. The TLS name stays that of the Service.
 */
export function wireToThisMachine(objects: readonly KubeObject[], ports: Ports): KubeObject[] {
  return objects.filter(({ kind }) => !LEFT_OUT.includes(kind)).map((object) => wire(object, ports));
}

function wire(object: KubeObject, ports: Ports): KubeObject {
  if (object.kind === 'Service' && object.metadata.name === WEBHOOK_SERVICE) {
    return { ...object, spec: { type: 'ExternalName', externalName: 'localhost' } };
  }
  if (WEBHOOK_CONFIGURATIONS.includes(object.kind)) return withWebhookPort(object, ports.webhook);
  if (object.kind === 'CustomResourceDefinition') return withConversionPort(object, ports.webhook);
  if (object.kind === 'Gateway') return withListenerPort(object, ports.functions);
  return object;
}

function withWebhookPort(object: KubeObject, port: number): KubeObject {
  const webhooks = object['webhooks'] as { clientConfig: { service: object } }[];
  return {
    ...object,
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, service: { ...webhook.clientConfig.service, port } },
    })),
  };
}

function withConversionPort(object: KubeObject, port: number): KubeObject {
  const { conversion } = object['spec'];
  if (conversion?.strategy !== 'Webhook') return object;
  const { clientConfig } = conversion.webhook;
  const webhook = {
    ...conversion.webhook,
    clientConfig: { ...clientConfig, service: { ...clientConfig.service, port } },
  };
  return { ...object, spec: { ...object['spec'], conversion: { ...conversion, webhook } } };
}

/** The port of the external listener, in a Kubernetes Gateway and in one of ours. */
function withListenerPort(object: KubeObject, port: number): KubeObject {
  const set = (listeners: { name: string }[]) =>
    listeners.map((listener) => (listener.name === EXTERNAL_LISTENER ? { ...listener, port } : listener));
  const { spec } = object;
  if (spec.listeners !== undefined) return { ...object, spec: { ...spec, listeners: set(spec.listeners) } };
  const gatewaySpec = { ...spec.gatewaySpec, listeners: set(spec.gatewaySpec.listeners) };
  return { ...object, spec: { ...spec, gatewaySpec } };
}
