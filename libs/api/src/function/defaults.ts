import { isEqual } from '../json.ts';
import { ANNOTATION, DEFAULT_GATEWAY, DEFAULT_VERSION, FUNCTION_PORT } from '../names.ts';
import { CREATE_AND_UPDATE, type Default, isAbsent, REMOVE, valueAt } from '../rules.ts';
import { WASM_DEFAULTS, WASM_TAKEN_BACK } from './defaults-wasm.ts';
import { listsField } from './written.ts';

const HTTP = 'spec.serving.triggers.http';

/** Without a Dapr trigger a served Function is an HTTP one. A malformed list counts as given: the schema speaks about it. */
function hasDaprTriggers(fn: unknown): boolean {
  const dapr = valueAt(fn, 'spec.serving.triggers.dapr');
  return !isAbsent(dapr) && !(Array.isArray(dapr) && dapr.length === 0);
}

/** What the defaults make of an HTTP trigger that nobody has written. */
const DEFAULTED_HTTP = { port: FUNCTION_PORT, route: { gatewayRef: { ...DEFAULT_GATEWAY } } };

const CRON = [{ name: 'cron' }];

/**
 * The HTTP trigger that D3 stored stays in the object under `kubectl apply`, which takes away only what a former manifest had. When
 * the user goes over to Dapr triggers it would win over them (Q7).
 */
const STICKY_HTTP: Default = {
  id: 'serving.triggers.http.left',
  number: 'Q7',
  path: HTTP,
  on: ['update'],
  says: 'taken back when Dapr triggers come and the applied manifest does not list `http`',
  value: (http, fn, old) => {
    const isDefault = [http, valueAt(old, HTTP)].every((trigger) => isEqual(trigger, DEFAULTED_HTTP));
    const isSticky = isDefault && hasDaprTriggers(fn);
    return isSticky && listsField(fn, HTTP) === false ? REMOVE : undefined;
  },
  before: {
    metadata: { annotations: { [ANNOTATION.kubectlLastApplied]: JSON.stringify(served(CRON)) } },
    ...served(CRON, DEFAULTED_HTTP),
  },
  after: {
    metadata: { annotations: { [ANNOTATION.kubectlLastApplied]: JSON.stringify(served(CRON)) } },
    ...served(CRON),
  },
  old: served(undefined, DEFAULTED_HTTP),
};

function served(dapr: unknown, http?: object): { spec: object } {
  return {
    spec: { serving: { triggers: { ...(dapr !== undefined && { dapr }), ...(http !== undefined && { http }) } } },
  };
}

/**
 * Defaults of Function v1beta2, in this order (D1-D9 of the specification).
 * They only fill in, and take back only what they have filled in themselves: no null, no zero value and no other spelling of what
 * the user wrote ever comes from here.
 */
export const FUNCTION_DEFAULTS: readonly Default[] = [
  ...WASM_TAKEN_BACK,
  {
    id: 'version',
    number: 'D1',
    path: 'spec.version',
    on: CREATE_AND_UPDATE,
    says: '`latest`, when absent or empty',
    value: (version) => (isAbsent(version) || version === '' ? DEFAULT_VERSION : undefined),
    before: { spec: { image: 'registry/hello' } },
    after: { spec: { image: 'registry/hello', version: 'latest' } },
  },
  {
    id: 'serving.triggers',
    number: 'D2',
    path: 'spec.serving.triggers',
    on: CREATE_AND_UPDATE,
    says: '`{}`, when `serving` is set',
    value: (triggers) => (isAbsent(triggers) ? {} : undefined),
    before: { spec: { serving: {} } },
    after: { spec: { serving: { triggers: {} } } },
  },
  {
    id: 'serving.triggers.http',
    number: 'D3',
    path: HTTP,
    on: CREATE_AND_UPDATE,
    says: '`{}`, when there is no Dapr trigger',
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
    says: '`8080`, when absent or 0',
    value: (port) => (isAbsent(port) || port === 0 ? FUNCTION_PORT : undefined),
    before: { spec: { serving: { triggers: { http: { port: 0 } } } } },
    after: { spec: { serving: { triggers: { http: { port: 8080 } } } } },
  },
  {
    id: 'serving.triggers.http.route',
    number: 'D5',
    path: `${HTTP}.route`,
    on: CREATE_AND_UPDATE,
    says: '`{}`',
    value: (route) => (isAbsent(route) ? {} : undefined),
    before: { spec: { serving: { triggers: { http: { port: 9000 } } } } },
    after: { spec: { serving: { triggers: { http: { port: 9000, route: {} } } } } },
  },
  {
    id: 'serving.triggers.http.route.gateway-ref',
    number: 'D5',
    path: `${HTTP}.route.gatewayRef`,
    on: CREATE_AND_UPDATE,
    says: '`openfunction/openfunction`',
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
  STICKY_HTTP,
  ...WASM_DEFAULTS,
];
