import * as z from 'zod';
import { int32, listMap, port } from '../schema.ts';

/** Parts of the Gateway API (v1alpha2 shape) that are embedded in Function, Serving and Gateway. */

const DNS_SUBDOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$/;

export const ObjectName = z.string().min(1).max(253);
export const NamespaceName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
export const Hostname = z
  .string()
  .min(1)
  .max(253)
  .regex(new RegExp(`^(\\*\\.)?${DNS_SUBDOMAIN}$`));
export const SectionName = z
  .string()
  .min(1)
  .max(253)
  .regex(new RegExp(`^${DNS_SUBDOMAIN}$`));
export const GroupName = z
  .string()
  .max(253)
  .regex(new RegExp(`^$|^${DNS_SUBDOMAIN}$`));
export const KindName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/);

/** Reference to a Gateway in any namespace. */
export const GatewayReference = z.object({
  name: ObjectName.describe('Name of the Gateway.'),
  namespace: NamespaceName.describe('Namespace of the Gateway.'),
});
export type GatewayReference = z.input<typeof GatewayReference>;

const PathType = z.enum(['Exact', 'PathPrefix', 'RegularExpression']);
const ValueMatchType = z.enum(['Exact', 'RegularExpression']);

export const PathMatch = z.object({
  type: PathType.default('PathPrefix').describe('How the path is compared.'),
  value: z.string().max(1024).default('/').describe('Path to compare with.'),
});
export type PathMatch = z.input<typeof PathMatch>;

const HeaderMatch = z.object({
  name: z.string().min(1).max(256).regex(HEADER_NAME).describe('Header name, in any case.'),
  value: z.string().min(1).max(4096).describe('Header value.'),
  type: ValueMatchType.default('Exact').describe('How the value is compared.'),
});

const QueryParamMatch = z.object({
  name: z.string().min(1).max(256).describe('Name of the query parameter.'),
  value: z.string().min(1).max(1024).describe('Value of the query parameter.'),
  type: ValueMatchType.default('Exact').describe('How the value is compared.'),
});

const RouteMatch = z.object({
  path: PathMatch.default({ type: 'PathPrefix', value: '/' }).describe('Path of the request.'),
  headers: z
    .array(HeaderMatch)
    .max(16)
    .meta(listMap('name'))
    .optional()
    .describe('Headers that the request must carry, all of them.'),
  queryParams: z
    .array(QueryParamMatch)
    .max(16)
    .meta(listMap('name'))
    .optional()
    .describe('Query parameters that the request must carry, all of them.'),
  method: z
    .enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])
    .optional()
    .describe('Method of the request.'),
});

const Header = z.object({
  name: z.string().min(1).max(256).regex(HEADER_NAME).describe('Header name, in any case.'),
  value: z.string().min(1).max(4096).describe('Header value.'),
});

const HeaderModifier = z.object({
  set: z.array(Header).max(16).meta(listMap('name')).optional().describe('Headers to overwrite.'),
  add: z.array(Header).max(16).meta(listMap('name')).optional().describe('Headers to add.'),
  remove: z.array(z.string()).max(16).optional().describe('Headers to remove.'),
});

const backendObject = {
  group: GroupName.default('').describe('API group of the backend. Empty: core.'),
  kind: KindName.default('Service').describe('Kind of the backend.'),
  name: ObjectName.describe('Name of the backend.'),
  namespace: NamespaceName.optional().describe("Namespace of the backend. Unset: the route's."),
  port: port().optional().describe('Port of the backend.'),
};

const RouteFilter = z.object({
  type: z
    .enum(['RequestHeaderModifier', 'RequestMirror', 'RequestRedirect', 'ExtensionRef'])
    .describe('Which of the fields below applies.'),
  requestHeaderModifier: HeaderModifier.optional().describe('Changes headers of the request.'),
  requestMirror: z
    .object({ backendRef: z.object(backendObject).describe('Backend that gets the copy.') })
    .optional()
    .describe('Sends a copy of the request to another backend.'),
  requestRedirect: z
    .object({
      scheme: z.enum(['http', 'https']).optional().describe('Scheme of the new address.'),
      hostname: Hostname.optional().describe('Host of the new address.'),
      port: port().optional().describe('Port of the new address.'),
      statusCode: z.literal([301, 302]).default(302).meta({ type: 'integer' }).describe('Status code of the answer.'),
    })
    .optional()
    .describe('Answers with a redirect.'),
  extensionRef: z
    .object({
      group: GroupName.describe('API group of the extension.'),
      kind: KindName.describe('Kind of the extension.'),
      name: ObjectName.describe('Name of the extension.'),
    })
    .optional()
    .describe('A filter of the gateway implementation.'),
});

const BackendRef = z.object({
  ...backendObject,
  weight: int32().min(0).max(1000000).default(1).describe('Share of the requests.'),
  filters: z.array(RouteFilter).max(16).optional().describe('Filters for this backend only.'),
});

/** One rule of an HTTPRoute. */
export const RouteRule = z.object({
  matches: z
    .array(RouteMatch)
    .max(8)
    .default([{ path: { type: 'PathPrefix', value: '/' } }])
    .describe('Requests this rule is for: any of the entries.'),
  filters: z.array(RouteFilter).max(16).optional().describe('Changes made to the request on its way.'),
  backendRefs: z.array(BackendRef).max(16).optional().describe('Ignored: requests always go to the function.'),
});
export type RouteRule = z.input<typeof RouteRule>;
