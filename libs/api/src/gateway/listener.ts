import * as z from 'zod';
import { GroupName, Hostname, KindName, NamespaceName, ObjectName, SectionName } from '../embedded/gateway-api.ts';
import { ATOMIC_MAP, port, textMap } from '../schema.ts';

/** As in the original, unanchored alternatives included: stored objects must stay valid. */
const PROTOCOL =
  /^[a-zA-Z0-9]([-a-zSA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$/;

export const RouteGroupKind = z.object({
  group: GroupName.default('gateway.networking.k8s.io').describe('API group of the route.'),
  kind: KindName.describe('Kind of the route.'),
});

const LabelSelector = z
  .object({
    matchLabels: textMap().optional().describe('Labels that must be there.'),
    matchExpressions: z
      .array(
        z.object({
          key: z.string().describe('Label key.'),
          operator: z.string().describe('In, NotIn, Exists or DoesNotExist.'),
          values: z.array(z.string()).optional().describe('Values for In and NotIn.'),
        }),
      )
      .optional()
      .describe('Expressions that must hold.'),
  })
  .meta(ATOMIC_MAP);

const AllowedRoutes = z.object({
  namespaces: z
    .object({
      from: z.enum(['All', 'Selector', 'Same']).default('Same').describe('Namespaces whose routes may attach.'),
      selector: LabelSelector.optional().describe('Selects namespaces when from is Selector.'),
    })
    .default({ from: 'Same' })
    .describe('Namespaces whose routes may attach.'),
  kinds: z.array(RouteGroupKind).max(8).optional().describe('Kinds of routes that may attach.'),
});

const CertificateReference = z.object({
  group: GroupName.default('').describe('API group. Empty: core.'),
  kind: KindName.default('Secret').describe('Kind that holds the certificate.'),
  name: ObjectName.describe('Name of the object that holds the certificate.'),
  namespace: NamespaceName.optional().describe("Its namespace. Unset: the Gateway's."),
});

const Tls = z.object({
  mode: z.enum(['Terminate', 'Passthrough']).default('Terminate').describe('Who ends TLS.'),
  certificateRefs: z.array(CertificateReference).max(64).optional().describe('Certificates of the listener.'),
  options: z
    .record(z.string(), z.string().min(0).max(4096))
    .meta({ maxProperties: 16 })
    .optional()
    .describe('Settings of the gateway implementation.'),
});

/** One listener of a Gateway (Gateway API, v1alpha2 shape). */
export const Listener = z.object({
  name: SectionName.describe('Name of the listener.'),
  hostname: Hostname.optional().describe('Hosts served. Admission sets *.<domain>.'),
  port: port().describe('Port listened on.'),
  protocol: z.string().min(1).max(255).regex(PROTOCOL).describe('Protocol: HTTP, HTTPS, TLS, TCP or UDP.'),
  tls: Tls.optional().describe('TLS settings.'),
  allowedRoutes: AllowedRoutes.default({ namespaces: { from: 'Same' } }).describe('Routes that may attach.'),
});
export type Listener = z.input<typeof Listener>;
