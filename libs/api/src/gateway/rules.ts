import { GATEWAY, GATEWAY_CLASS, type Kind, KUBE_GATEWAY, kindId } from '../kinds.ts';
import {
  type Complaint,
  CREATE_AND_UPDATE,
  invalid,
  isAbsent,
  isObject,
  type Rule,
  required,
  type Seen,
  valueAt,
} from '../rules.ts';
import { DNS_NAME, isDomain, isWithin, LONGEST_DOMAIN, wildcard } from './domain.ts';
import { external, gateway } from './examples.ts';
import { HOST_WARNINGS } from './host-warnings.ts';
import { LISTENER_RULES } from './listener-rules.ts';
import { clusterDomainOf, isEmpty } from './listeners.ts';
import { TEMPLATE_RULES } from './template-rules.ts';

const DENIES = { on: CREATE_AND_UPDATE, level: 'deny' } as const;
const WARNS = { on: CREATE_AND_UPDATE, level: 'warn' } as const;

// CEL rules that look at several fields hold new objects (and new items) only: the API server passes over one on update when
// nothing changed in the whole object it stands at, admission when nothing changed in the fields themselves.

/** What is wrong with the name of a domain. The original's documents show `*.ofn.io`, which it refuses somewhere else (Q35). */
function wrongDomain(domain: unknown): Complaint | undefined {
  if (typeof domain !== 'string' || wildcard(domain) !== undefined) return undefined;
  const detail = 'must be a DNS name in lower case, such as "ofn.io"';
  const rest = domain.replace(/^\*\./, '');
  const meant = [rest, rest.toLowerCase()].find((other) => other !== domain && isDomain(other));
  return invalid(domain, meant === undefined ? detail : `${detail}; did you mean ${JSON.stringify(meant)}?`);
}

const WITHOUT_HOSTNAME = { listeners: [external({ hostname: undefined })] };

const DOMAIN_RULES: readonly Rule[] = [
  {
    id: 'domain.given',
    number: 'G1',
    path: 'spec.domain',
    ...DENIES,
    says: 'no domain',
    twin: { words: { minLength: 1 } },
    broken: (object) => {
      const spec = valueAt(object, 'spec');
      const isMissing = isAbsent(spec) || (isObject(spec) && isEmpty(spec['domain']));
      return isMissing
        ? required('must be the domain below which functions get their hosts, such as "ofn.io"')
        : undefined;
    },
    accepts: gateway(),
    refuses: gateway({ domain: '' }),
  },
  {
    id: 'domain.dns-name',
    number: 'Q35',
    path: 'spec.domain',
    ...DENIES,
    says: `what is no DNS name in lower case of at most ${LONGEST_DOMAIN} characters, a leading \`*.\` included`,
    twin: { words: { maxLength: LONGEST_DOMAIN, pattern: `^(${DNS_NAME})?$` } },
    broken: (object) => {
      const domain = valueAt(object, 'spec.domain');
      return isEmpty(domain) ? undefined : wrongDomain(domain);
    },
    accepts: gateway(),
    refuses: gateway({ domain: '*.ofn.io' }),
  },
  {
    id: 'clusterDomain.dns-name',
    number: 'N21',
    path: 'spec.clusterDomain',
    ...DENIES,
    says: `what is no DNS name in lower case of at most ${LONGEST_DOMAIN} characters`,
    twin: { words: { maxLength: LONGEST_DOMAIN, pattern: `^${DNS_NAME}$` } },
    broken: (object) => wrongDomain(valueAt(object, 'spec.clusterDomain')),
    accepts: gateway({ clusterDomain: undefined }),
    refuses: gateway({ clusterDomain: 'cluster_local' }),
  },
  {
    id: 'domain.apart',
    number: 'N21',
    path: 'spec.domain',
    about: ['spec.clusterDomain'],
    ...DENIES,
    says: 'a domain that is `clusterDomain`, or lies below it, or holds it',
    twin: {
      at: 'spec',
      onCreateOnly: true,
      cel: "!has(self.clusterDomain) || self.domain == '' || self.clusterDomain == '' || !(('.' + self.domain).endsWith('.' + self.clusterDomain) || ('.' + self.clusterDomain).endsWith('.' + self.domain))",
      message: 'domain and clusterDomain must not be the same, nor one below the other',
    },
    broken: (object) => {
      const [domain, inside] = [valueAt(object, 'spec.domain'), clusterDomainOf(object)];
      if (typeof domain !== 'string' || typeof inside !== 'string' || domain === '' || inside === '') return undefined;
      if (!isWithin(domain, inside) && !isWithin(inside, domain)) return undefined;
      return invalid(
        domain,
        `must not be the same as \`clusterDomain\` (${JSON.stringify(inside)}), nor one below the other`,
      );
    },
    accepts: gateway({ domain: 'cluster.local.ofn.io', gatewaySpec: WITHOUT_HOSTNAME }),
    refuses: gateway({ domain: 'apps.cluster.local', gatewaySpec: WITHOUT_HOSTNAME }),
  },
];

/** A label key (Kubernetes, qualified name): a name, and before it, where there is one, a domain and a slash. */
const LABEL_NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const LABEL_KEY = `^((${DNS_NAME}/)?${LABEL_NAME})?$`;
const LONGEST_LABEL_KEY = 253 + 1 + 63;
const IS_LABEL_KEY = new RegExp(LABEL_KEY);

/** What is missing of a Kubernetes object that the Gateway refers to: itself, or its whole API; undefined where it is there or nobody knows. */
function missing({ exists }: Seen, kind: Kind, name: string, namespace?: string): Complaint | undefined {
  if (exists === undefined) return undefined;
  const shown = namespace === undefined ? name : `${namespace}/${name}`;
  const isInstalled = exists(kind) !== false;
  if (isInstalled && exists(kind, name, namespace) !== false) return undefined;
  const what = isInstalled ? `${kind.kind} ${shown} not found yet` : `CRD ${kindId(kind)} is not installed`;
  return { reason: 'Invalid', detail: `${what}; no function is reached from outside until it is there` };
}

const REFERENCE_RULES: readonly Rule[] = [
  {
    id: 'httpRouteLabelKey.legal',
    number: 'N21',
    path: 'spec.httpRouteLabelKey',
    ...DENIES,
    says: 'what is no label key; an empty one counts as absent',
    twin: { words: { maxLength: LONGEST_LABEL_KEY, pattern: LABEL_KEY } },
    broken: (object) => {
      const key = valueAt(object, 'spec.httpRouteLabelKey');
      if (typeof key !== 'string' || (key.length <= LONGEST_LABEL_KEY && IS_LABEL_KEY.test(key))) return undefined;
      return invalid(key, 'must be a label key, such as "app.kubernetes.io/managed-by"');
    },
    accepts: gateway({ httpRouteLabelKey: 'ofn.io/gateway' }),
    refuses: gateway({ httpRouteLabelKey: 'of gateway' }),
  },
  {
    id: 'gatewayRef.given',
    number: 'G6',
    path: 'spec.gatewayRef',
    about: ['spec.gatewayDef'],
    ...DENIES,
    says: 'neither `gatewayRef` nor `gatewayDef`',
    twin: {
      at: 'spec',
      onCreateOnly: true,
      cel: 'has(self.gatewayRef) || has(self.gatewayDef)',
      message: 'gatewayRef: set it to use a Kubernetes Gateway, or gatewayDef to make one',
    },
    broken: (object) => {
      const spec = valueAt(object, 'spec');
      const isGiven = isObject(spec) && !(isAbsent(spec['gatewayRef']) && isAbsent(spec['gatewayDef']));
      if (isGiven || !(isAbsent(spec) || isObject(spec))) return undefined;
      return required('set it to use a Kubernetes Gateway that is there, or `gatewayDef` to make one');
    },
    accepts: gateway(),
    refuses: gateway({ gatewayRef: undefined }),
  },
  {
    id: 'gatewayRef.or-def',
    number: 'G7',
    path: 'spec.gatewayRef',
    about: ['spec.gatewayDef'],
    ...DENIES,
    says: 'both `gatewayRef` and `gatewayDef`',
    twin: {
      at: 'spec',
      onCreateOnly: true,
      cel: '!(has(self.gatewayRef) && has(self.gatewayDef))',
      message: 'gatewayRef: set it or gatewayDef, not both',
    },
    broken: (object) => {
      const [ref, def] = ['gatewayRef', 'gatewayDef'].map((field) => valueAt(object, ['spec', field]));
      return isAbsent(ref) || isAbsent(def) ? undefined : invalid(ref, 'set `gatewayRef` or `gatewayDef`, not both');
    },
    accepts: gateway({ gatewayRef: undefined, gatewayDef: { namespace: 'n', gatewayClassName: 'c' } }),
    refuses: gateway({ gatewayDef: { namespace: 'n', gatewayClassName: 'c' } }),
  },
  {
    id: 'gatewayRef.found',
    number: 'N18',
    path: 'spec.gatewayRef',
    ...WARNS,
    says: 'a Kubernetes Gateway that is not in the cluster, or no Gateway API at all',
    broken: (object, seen) => {
      const [name, namespace] = ['name', 'namespace'].map((field) => valueAt(object, ['spec', 'gatewayRef', field]));
      if (typeof name !== 'string' || typeof namespace !== 'string') return undefined;
      return missing(seen, KUBE_GATEWAY, name, namespace);
    },
    accepts: gateway(),
    refuses: gateway({ gatewayRef: { name: 'missing', namespace: 'n' } }),
    seen: { exists: (_kind, name) => name !== 'missing' },
  },
  {
    id: 'gatewayDef.class-found',
    number: 'N18',
    path: 'spec.gatewayDef.gatewayClassName',
    ...WARNS,
    says: 'a GatewayClass that is not in the cluster, or no Gateway API at all',
    broken: (object, seen) => {
      const name = valueAt(object, 'spec.gatewayDef.gatewayClassName');
      return typeof name === 'string' ? missing(seen, GATEWAY_CLASS, name) : undefined;
    },
    accepts: gateway({ gatewayRef: undefined, gatewayDef: { namespace: 'n', gatewayClassName: 'c' } }),
    refuses: gateway({ gatewayRef: undefined, gatewayDef: { namespace: 'n', gatewayClassName: 'missing' } }),
    seen: { exists: (_kind, name) => name !== 'missing' },
  },
];

/** The listeners of several Gateways may claim the same hosts, and the documents of the original promise only one to work. */
const ONE_GATEWAY: Rule = {
  id: 'one-gateway',
  number: 'N21',
  path: 'metadata.name',
  on: ['create'],
  level: 'warn',
  says: 'another Gateway is there already',
  broken: (object, { count, exists }) => {
    const [name, namespace] = ['metadata.name', 'metadata.namespace'].map((path) => valueAt(object, path));
    const isThere =
      typeof name === 'string' && typeof namespace === 'string' && exists?.(GATEWAY, name, namespace) === true;
    const others = (count?.(GATEWAY) ?? 0) - (isThere ? 1 : 0);
    return others <= 0
      ? undefined
      : { reason: 'Forbidden', detail: 'there is a Gateway already; only one for a cluster is supported' };
  },
  accepts: { ...gateway(), metadata: { name: 'openfunction', namespace: 'openfunction' } },
  refuses: { ...gateway(), metadata: { name: 'second', namespace: 'openfunction' } },
  seen: { count: () => 1, exists: (_kind, name) => name !== 'second' },
};

/** Rules of Gateway v1alpha1: G1-G8 of the specification at the real paths, N21, and what Q32-Q38 want instead. */
export const GATEWAY_RULES: readonly Rule[] = [
  ...DOMAIN_RULES,
  ...TEMPLATE_RULES,
  ...HOST_WARNINGS,
  ...REFERENCE_RULES,
  ...LISTENER_RULES,
  ONE_GATEWAY,
];
