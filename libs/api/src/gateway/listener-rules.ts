import { INTERNAL_LISTENER } from '../names.ts';
import {
  type Complaint,
  CREATE_AND_UPDATE,
  invalid,
  isAbsent,
  isObject,
  type Rule,
  required,
  segments,
  valueAt,
} from '../rules.ts';
import { DNS_NAME, isDomain, isWithin, wildcard } from './domain.ts';
import { external, internal, listening } from './examples.ts';
import { clusterDomainOf, isInternal, LISTENERS, type ListenerLike, listenersOf } from './listeners.ts';
import { APART_RULE } from './listeners-apart.ts';

const EACH = `${LISTENERS}[]`;
const INTERNAL = JSON.stringify(INTERNAL_LISTENER.name);
const DENIES = { on: CREATE_AND_UPDATE, level: 'deny' } as const;

/** What `complain` has to say about a field of each listener. */
function ofEach(
  gatewayLike: unknown,
  field: string,
  complain: (listener: ListenerLike) => Complaint | undefined,
): Complaint[] | undefined {
  const found = listenersOf(gatewayLike).flatMap(({ listener, index }) => {
    const complaint = complain(listener);
    return complaint === undefined ? [] : [{ ...complaint, at: [...segments(LISTENERS), index, ...segments(field)] }];
  });
  return found.length === 0 ? undefined : found;
}

/** A field of the internal listener that has one right value. */
function fixed(
  row: Pick<Rule, 'accepts' | 'refuses' | 'twin' | 'about'> & { field: string; says: string },
  wanted: (object: unknown) => unknown,
): Rule {
  const { field, ...rest } = row;
  return {
    id: `gatewaySpec.listeners.internal.${field}`,
    number: 'Q33',
    path: `${EACH}.${field}`,
    ...DENIES,
    broken: (object) => {
      const right = wanted(object);
      return ofEach(object, field, (listener) => {
        const value = valueAt(listener, field);
        if (!isInternal(listener) || typeof value !== typeof right || value === right) return undefined;
        return invalid(value, `must be ${JSON.stringify(right)} for \`${INTERNAL_LISTENER.name}\`, or left out`);
      });
    },
    ...rest,
  };
}

const withInternal = (fields: object) => listening(external(), internal(fields));

/** The internal listener is the same for all: functions in the cluster call one another through it. */
const INTERNAL_RULES: readonly Rule[] = [
  fixed(
    {
      field: 'hostname',
      about: ['spec.clusterDomain'],
      says: 'a hostname of `ofn-http-internal` other than `*.<clusterDomain>`',
      accepts: withInternal({}),
      refuses: withInternal({ hostname: '*.inside.example' }),
    },
    (object) => wildcard(clusterDomainOf(object)),
  ),
  ...(['port', 'protocol'] as const).map((field) =>
    fixed(
      {
        field,
        says: `a ${field} of \`ofn-http-internal\` other than ${INTERNAL_LISTENER[field]}`,
        twin: {
          at: EACH,
          onCreateOnly: true,
          cel: `self.name != ${INTERNAL} || self.${field} == ${JSON.stringify(INTERNAL_LISTENER[field])}`,
          message: `${field} of ${INTERNAL_LISTENER.name} must be ${INTERNAL_LISTENER[field]}`,
        },
        accepts: withInternal({}),
        refuses: withInternal(field === 'port' ? { port: 8080 } : { protocol: 'TCP' }),
      },
      () => INTERNAL_LISTENER[field],
    ),
  ),
  fixed(
    {
      field: 'allowedRoutes.namespaces.from',
      says: '`ofn-http-internal` not open to routes from all namespaces (`Same`, the default of the field, is set to `All`)',
      accepts: withInternal({}),
      refuses: withInternal({ allowedRoutes: { namespaces: { from: 'Selector' } } }),
    },
    () => 'All',
  ),
];

const WITH_TLS = ['HTTPS', 'TLS'];
const WITHOUT_TLS = ['HTTP', 'TCP', 'UDP'];
const TLS = { certificateRefs: [{ name: 'certificate' }] };

function hasProtocol(listener: ListenerLike, protocols: readonly string[]): boolean {
  return protocols.includes(listener['protocol'] as string);
}

const TLS_RULES: readonly Rule[] = [
  {
    id: 'gatewaySpec.listeners.tls.given',
    number: 'N21',
    path: `${EACH}.tls`,
    ...DENIES,
    says: 'a listener of protocol HTTPS or TLS without `tls`',
    twin: {
      at: EACH,
      onCreateOnly: true,
      cel: `!(self.protocol in ${JSON.stringify(WITH_TLS)}) || has(self.tls)`,
      message: 'tls must be set for protocol HTTPS or TLS',
    },
    broken: (object) =>
      ofEach(object, 'tls', (listener) =>
        hasProtocol(listener, WITH_TLS) && isAbsent(listener['tls'])
          ? required(`must be set for protocol ${listener['protocol']}`)
          : undefined,
      ),
    accepts: listening(external({ protocol: 'HTTPS', tls: TLS }), internal()),
    refuses: listening(external({ protocol: 'HTTPS' }), internal()),
  },
  {
    id: 'gatewaySpec.listeners.tls.protocol',
    number: 'Q33',
    path: `${EACH}.tls`,
    ...DENIES,
    says: '`tls` on a listener of protocol HTTP, TCP or UDP',
    twin: {
      at: EACH,
      onCreateOnly: true,
      cel: `!(self.protocol in ${JSON.stringify(WITHOUT_TLS)} && has(self.tls))`,
      message: 'tls must not be set for protocol HTTP, TCP or UDP',
    },
    broken: (object) =>
      ofEach(object, 'tls', (listener) =>
        hasProtocol(listener, WITHOUT_TLS) && !isAbsent(listener['tls'])
          ? { reason: 'Forbidden', detail: `must not be set for protocol ${listener['protocol']}; use HTTPS or TLS` }
          : undefined,
      ),
    accepts: listening(external({ protocol: 'TLS', tls: TLS }), internal()),
    refuses: listening(external({ tls: TLS }), internal()),
  },
];

/** Whether the list of listeners, if there is one, holds one for requests from outside; what is malformed counts as one. */
function hasExternal(object: unknown): boolean {
  const listeners = valueAt(object, LISTENERS);
  if (!isAbsent(listeners) && !Array.isArray(listeners)) return true;
  return Array.isArray(listeners) && listeners.some((listener) => !isInternal(listener));
}

/** Whether an object on the way to a field is there or could be: what has another type is the schema's. */
function mayBeObject(value: unknown): boolean {
  return isAbsent(value) || isObject(value);
}

const MOST_LISTENERS = 64;

function many(count: number): unknown[] {
  return Array.from({ length: count }, (_, at) => external({ name: `l${at}`, port: 1000 + at }));
}

function listLength(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

/** `spec.gatewaySpec.listeners`. */
export const LISTENER_RULES: readonly Rule[] = [
  {
    id: 'gatewaySpec.listeners.external',
    number: 'G8',
    path: LISTENERS,
    ...DENIES,
    says: 'no listener besides `ofn-http-internal`',
    twin: {
      at: 'spec.gatewaySpec',
      cel: `self.listeners.exists(l, l.name != ${INTERNAL})`,
      message: `listeners needs at least one listener besides ${INTERNAL_LISTENER.name}`,
    },
    broken: (object) => {
      const [spec, gatewaySpec] = ['spec', 'spec.gatewaySpec'].map((path) => valueAt(object, path));
      if (!mayBeObject(spec) || !mayBeObject(gatewaySpec) || hasExternal(object)) return undefined;
      const complaint = required(`needs at least one listener besides \`${INTERNAL_LISTENER.name}\``);
      return isAbsent(gatewaySpec) ? { ...complaint, at: ['spec', 'gatewaySpec'] } : complaint;
    },
    accepts: listening(external()),
    refuses: listening(internal()),
  },
  {
    // A Kubernetes Gateway holds no more, nor does `status.listeners`.
    id: 'gatewaySpec.listeners.most',
    number: 'N21',
    path: LISTENERS,
    ...DENIES,
    says: `more than ${MOST_LISTENERS} listeners`,
    twin: { words: { maxItems: MOST_LISTENERS } },
    broken: (object) => {
      const count = listLength(valueAt(object, LISTENERS));
      const detail = `must have at most ${MOST_LISTENERS} items, \`${INTERNAL_LISTENER.name}\` included: a Kubernetes Gateway holds no more`;
      return count > MOST_LISTENERS ? { reason: 'Invalid', value: count, detail } : undefined;
    },
    accepts: listening(...many(MOST_LISTENERS - 1), internal()),
    refuses: listening(...many(MOST_LISTENERS), internal()),
  },
  {
    id: 'gatewaySpec.listeners.hostname.below-domain',
    number: 'N21',
    path: `${EACH}.hostname`,
    about: ['spec.domain'],
    ...DENIES,
    says: 'a hostname that is neither `domain` nor below it, of any listener but `ofn-http-internal`',
    twin: {
      at: 'spec',
      onCreateOnly: true,
      cel: `!self.domain.matches('^${DNS_NAME.replaceAll('\\', '\\\\')}$') || self.gatewaySpec.listeners.all(l, l.name == ${INTERNAL} || !has(l.hostname) || l.hostname == self.domain || l.hostname.endsWith('.' + self.domain))`,
      message: 'gatewaySpec.listeners: each hostname must be domain or below it',
    },
    broken: (object) => {
      const domain = valueAt(object, 'spec.domain');
      if (!isDomain(domain)) return undefined;
      return ofEach(object, 'hostname', (listener) => {
        const { hostname } = listener;
        if (isInternal(listener) || typeof hostname !== 'string') return undefined;
        return isWithin(hostname, domain)
          ? undefined
          : invalid(hostname, `must be ${JSON.stringify(domain)} (\`domain\`) or below it, such as "*.${domain}"`);
      });
    },
    accepts: listening(external({ hostname: '*.team.ofn.io' }), internal()),
    refuses: listening(external({ hostname: 'foo.xofn.io' }), internal()),
  },
  ...INTERNAL_RULES,
  ...TLS_RULES,
  APART_RULE,
  {
    id: 'gatewaySpec.listeners.open',
    number: 'GW-16',
    path: `${EACH}.allowedRoutes.namespaces.from`,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'an HTTP or HTTPS listener that takes routes only from the namespace of the Kubernetes Gateway',
    broken: (object) =>
      ofEach(object, 'allowedRoutes.namespaces.from', (listener) => {
        const from = valueAt(listener, 'allowedRoutes.namespaces.from');
        if (isInternal(listener) || !hasProtocol(listener, ['HTTP', 'HTTPS']) || !(isAbsent(from) || from === 'Same'))
          return undefined;
        return invalid(
          from,
          'functions in other namespaces than the Kubernetes Gateway stay unreachable from outside; set `All`',
        );
      }),
    accepts: listening(external({ allowedRoutes: { namespaces: { from: 'Selector' } } }), internal()),
    refuses: listening(external({ allowedRoutes: { namespaces: { from: 'Same' } } }), internal()),
  },
];
