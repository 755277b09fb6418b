import {
  apiVersionOf,
  childMeta,
  daprModeOf,
  eventServiceSpec,
  getsEventsByProxy,
  type KubeObject,
  SERVICE,
  type Serving,
} from '@openfunction/api';
import { nameChild, type Owner } from '../resources/children.ts';
import { managedLabels, proxyLabels } from '../resources/labels.ts';
import { proxyAnnotations } from './annotations.ts';

/** Where a sidecar listens (Dapr 1.16, pkg/injector/patcher/sidecar.go): its port for HTTP cannot be chosen, that for gRPC by annotation. */
const HTTP_PORT = 3500;
const GRPC_PORT = 50001;
const GRPC_PORT_ANNOTATION = 'dapr.io/grpc-port';

/** Name of the Service that leads to the proxy of this Serving. */
export function proxyServiceName(owner: Owner): string {
  return nameChild(owner, { kind: SERVICE, what: 'proxy-service' });
}

/** Name of the Service that leads the proxy of this Serving to its function. */
export function eventServiceName(owner: Owner): string {
  return nameChild(owner, { kind: SERVICE, what: 'event-service' });
}

/**
 * Between a function in standalone mode and its proxy, for each Serving of its own: what leads the function to Dapr, and what leads events
 * to the function. So while two versions stand side by side, each has its own events: only it knows its Components by name.
 */
export function makeProxyServices(owner: Owner): KubeObject[] {
  return [...makeProxyService(owner), ...makeEventService(owner)];
}

function makeEventService(owner: Owner): KubeObject[] {
  const { serving } = owner;
  if (!getsEventsByProxy(serving.spec)) return [];
  const metadata = childMeta(serving, eventServiceName(owner), { labels: managedLabels(serving) });
  return [{ apiVersion: apiVersionOf(SERVICE), kind: SERVICE.kind, metadata, spec: eventServiceSpec(serving) }];
}

/**
 * By what a function in standalone mode reaches Dapr: a Service of its own for each Serving. Dapr's operator makes one, too, but one for
 * each app id, which the versions of a function share: it leads now to the proxy of one version, now to that of another, and goes with either.
 * Headless, so that every port is the sidecar's own. Dapr takes what functions send before it reports that it is ready, and frameworks
 * connect as they start: a proxy is found as soon as it has an address.
 */
function makeProxyService(owner: Owner): KubeObject[] {
  const { serving } = owner;
  if (daprModeOf(serving.spec) !== 'standalone') return [];
  return [
    {
      apiVersion: apiVersionOf(SERVICE),
      kind: SERVICE.kind,
      metadata: childMeta(serving, proxyServiceName(owner), { labels: managedLabels(serving) }),
      spec: {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: proxyLabels(serving),
        ports: [port('dapr-http', HTTP_PORT), port('dapr-grpc', grpcPort(serving))],
      },
    },
  ];
}

/** One that Dapr could not listen on is read as none: its pod says so, and the Service is not refused. */
function grpcPort(serving: Serving): number {
  const chosen = Number(proxyAnnotations(serving)[GRPC_PORT_ANNOTATION]);
  const isUsable = Number.isInteger(chosen) && chosen > 0 && chosen < 65_536 && chosen !== HTTP_PORT;
  return isUsable ? chosen : GRPC_PORT;
}

function port(name: string, number: number) {
  return { name, port: number, targetPort: number, protocol: 'TCP' };
}
