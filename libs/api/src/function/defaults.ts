import { DEFAULT_GATEWAY, DEFAULT_VERSION, FUNCTION_PORT } from '../names.ts';
import { CREATE_AND_UPDATE, type Default, isAbsent, valueAt } from '../rules.ts';

const HTTP = 'spec.serving.triggers.http';

/** Without a Dapr trigger a served Function is an HTTP one. A malformed list counts as given: the schema speaks about it. */
function hasDaprTriggers(fn: unknown): boolean {
  const dapr = valueAt(fn, 'spec.serving.triggers.dapr');
  return !isAbsent(dapr) && !(Array.isArray(dapr) && dapr.length === 0);
}

/**
 * Defaults of Function v1beta2, in this order (D1-D5 of the specification).
 * They only fill in: no null, no zero value and no other spelling of what the user wrote ever comes from here.
 */
export const FUNCTION_DEFAULTS: readonly Default[] = [
  {
    id: 'version',
    number: 'D1',
    path: 'spec.version',
    on: CREATE_AND_UPDATE,
    value: (version) => (isAbsent(version) || version === '' ? DEFAULT_VERSION : undefined),
    before: { spec: { image: 'registry/hello' } },
    after: { spec: { image: 'registry/hello', version: 'latest' } },
  },
  {
    id: 'serving.triggers',
    number: 'D2',
    path: 'spec.serving.triggers',
    on: CREATE_AND_UPDATE,
    value: (triggers) => (isAbsent(triggers) ? {} : undefined),
    before: { spec: { serving: {} } },
    after: { spec: { serving: { triggers: {} } } },
  },
  {
    id: 'serving.triggers.http',
    number: 'D3',
    path: HTTP,
    on: CREATE_AND_UPDATE,
    value: (http, fn) => (isAbsent(http) && !hasDaprTriggers(fn) ? {} : undefined),
    before: { spec: { serving: { triggers: { dapr: [] } } } },
    after: { spec: { serving: { triggers: { dapr: [], http: {} } } } },
  },
  {
    // The original leaves an explicit 0 beside Dapr triggers; no function can listen on port 0 (Q10).
    id: 'serving.triggers.http.port',
    number: 'D4',
    path: `${HTTP}.port`,
    on: CREATE_AND_UPDATE,
    value: (port) => (isAbsent(port) || port === 0 ? FUNCTION_PORT : undefined),
    before: { spec: { serving: { triggers: { http: { port: 0 } } } } },
    after: { spec: { serving: { triggers: { http: { port: 8080 } } } } },
  },
  {
    id: 'serving.triggers.http.route',
    number: 'D5',
    path: `${HTTP}.route`,
    on: CREATE_AND_UPDATE,
    value: (route) => (isAbsent(route) ? {} : undefined),
    before: { spec: { serving: { triggers: { http: { port: 9000 } } } } },
    after: { spec: { serving: { triggers: { http: { port: 9000, route: {} } } } } },
  },
  {
    id: 'serving.triggers.http.route.gateway-ref',
    number: 'D5',
    path: `${HTTP}.route.gatewayRef`,
    on: CREATE_AND_UPDATE,
    value: (gatewayRef) => (isAbsent(gatewayRef) ? { ...DEFAULT_GATEWAY } : undefined),
    before: { spec: { serving: { triggers: { http: { route: { hostnames: ['a.example'] } } } } } },
    after: {
      spec: {
        serving: {
          triggers: { http: { route: { hostnames: ['a.example'], gatewayRef: { ...DEFAULT_GATEWAY } } } },
        },
      },
    },
  },
];
