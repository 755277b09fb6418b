import {
  childMeta,
  clusterDomain,
  type Function,
  GATEWAY_SERVICE_NAME,
  type Gateway,
  KEDA_INTERCEPTOR,
  type KubeObject,
  type Listener,
} from '@openfunction/api';

/** The Service of the Function's name: leads to the Gateway's entry Service, whatever implements it (gateway.md §12.3). */
export function makeEntryService(fn: Function, gateway: Gateway): KubeObject {
  const listeners = (gateway.spec.gatewaySpec?.listeners ?? []).filter((listener) => isInternal(listener, gateway));
  const ports = distinctPorts(listeners).map(({ name, port }) => ({
    name: portName(name, port),
    protocol: 'TCP',
    port,
    targetPort: port,
  }));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMeta(fn, fn.metadata.name),
    spec: {
      type: 'ExternalName',
      externalName: `${GATEWAY_SERVICE_NAME}.${gateway.metadata.namespace}.svc.${clusterDomain(gateway)}`,
      ...(ports.length > 0 && { ports }),
    },
  };
}

/** The Service of the Function's name where there is no Gateway: leads to the KEDA HTTP add-on. */
export function makeInterceptorService(fn: Function, kedaHttpNamespace: string, domain: string): KubeObject {
  const { name, port } = KEDA_INTERCEPTOR;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMeta(fn, fn.metadata.name),
    spec: {
      type: 'ExternalName',
      externalName: `${name}.${kedaHttpNamespace}.svc.${domain}`,
      ports: [{ name: 'http', protocol: 'TCP', port, targetPort: port }],
    },
  };
}

export function isInternal(listener: Listener, gateway: Gateway): boolean {
  return listener.hostname?.endsWith(`.${clusterDomain(gateway)}`) === true;
}

/** A Service may name a port only once: the first listener of a port stands for all. */
function distinctPorts(listeners: Listener[]): Listener[] {
  return listeners.filter(({ port }, index) => listeners.findIndex((other) => other.port === port) === index);
}

/** Listener names may be longer than a port name, and hold dots. */
function portName(name: string, port: number): string {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name) ? name : `p${port}`;
}
