import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ANNOTATION, ask, GATEWAY, GATEWAY_DEFAULTS, GATEWAY_RULES, KUBE_GATEWAY, REMOVE } from '@openfunction/api';
import { GATEWAY_SCHEMA } from '@openfunction/api/schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { applyDefaults, type PatchOperation } from './defaulting.ts';
import { type ReviewContext, type ReviewedKind, reviewMutating, reviewValidating } from './review.ts';

const REVIEWED: ReviewedKind = {
  kind: GATEWAY,
  version: 'v1alpha1',
  schema: GATEWAY_SCHEMA,
  defaults: GATEWAY_DEFAULTS,
  rules: GATEWAY_RULES,
};
const LISTENERS = 'spec.gatewaySpec.listeners';
const ALL = { namespaces: { from: 'All' } };
const EXTERNAL = { name: 'ofn-http-external', hostname: '*.ofn.io', port: 80, protocol: 'HTTP', allowedRoutes: ALL };
const INTERNAL = {
  name: 'ofn-http-internal',
  hostname: '*.cluster.local',
  port: 80,
  protocol: 'HTTP',
  allowedRoutes: ALL,
};
const BARE = { name: 'ofn-http-external', port: 80, protocol: 'HTTP', allowedRoutes: ALL };
const REF = { name: 'contour', namespace: 'projectcontour' };
const DEF = { namespace: 'projectcontour', gatewayClassName: 'contour' };

type Members = Record<string, unknown>;

/** A Gateway whose spec has these members besides; one given as undefined is left out. */
function gatewayOf(members: Members = {}, metadata: Members = {}) {
  const spec: Members = {
    domain: 'ofn.io',
    clusterDomain: 'cluster.local',
    gatewayRef: REF,
    gatewaySpec: { listeners: [EXTERNAL, INTERNAL] },
    ...members,
  };
  return JSON.parse(
    JSON.stringify({
      apiVersion: 'networking.openfunction.io/v1alpha1',
      kind: 'Gateway',
      metadata: { name: 'openfunction', namespace: 'openfunction', ...metadata },
      spec,
    }),
  );
}

function listening(...listeners: unknown[]) {
  return gatewayOf({ gatewaySpec: { listeners } });
}

type Exists = NonNullable<ReviewContext['cluster']>['exists'];

function numbered(count: number): unknown[] {
  return Array.from({ length: count }, (_, at) => ({ ...EXTERNAL, name: `l${at}`, port: 1000 + at }));
}

interface Verdict {
  /** One line for each cause. */
  causes: string[];
  fields: string[];
  warnings: string[];
  patch: PatchOperation[];
  /** The object with the patch. */
  made: ReturnType<typeof gatewayOf>;
}

function review(object: unknown, old?: unknown, exists?: Exists, gateways = 0): Verdict {
  const operation = old === undefined ? 'CREATE' : 'UPDATE';
  const request = { uid: 'u1', operation, name: 'g', namespace: 'n', object, oldObject: old ?? null };
  const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
  const context = {
    newTraceparent: () => '',
    ...(exists !== undefined && { cluster: { exists, count: () => gateways } }),
  };
  const { response } = reviewMutating(body, REVIEWED, context).answer;
  const details = response.status?.['details'] as { causes: { field: string; message: string }[] } | undefined;
  const causes = details?.causes ?? [];
  expect(response.allowed).toBe(causes.length === 0);
  const patch = response.patch === undefined ? [] : JSON.parse(Buffer.from(response.patch, 'base64').toString());
  return {
    causes: causes.map(({ field, message }) => `${field}: ${message}`),
    fields: causes.map(({ field }) => field),
    warnings: response.warnings ?? [],
    patch,
    made: applyDefaults(GATEWAY_DEFAULTS, object, operation === 'CREATE' ? 'create' : 'update', old)
      .object as Verdict['made'],
  };
}

function listenersOf({ made }: Verdict): unknown[] {
  return made.spec.gatewaySpec.listeners;
}

/** Number, what is judged, an accepted Gateway, a refused one, and what is said about that. */
type Judged = [string, string, unknown, unknown, string[]];

const ONLY_HOST = 'only `{{.Name}}`, `{{.Namespace}}` and `{{.Domain}}` may be used';
const ONLY_PATH = 'only `{{.Name}}` and `{{.Namespace}}` may be used';
const NEEDS_EXTERNAL = 'Required value: needs at least one listener besides `ofn-http-internal`';

const JUDGED: Judged[] = [
  [
    'G1',
    'a Gateway has a domain',
    gatewayOf(),
    gatewayOf({ domain: '', gatewaySpec: { listeners: [BARE] } }),
    ['spec.domain: Required value: must be the domain below which functions get their hosts, such as "ofn.io"'],
  ],
  [
    'G2',
    'a host template can be read',
    gatewayOf({ hostTemplate: '{{- .Name -}}.{{ .Domain }}' }),
    gatewayOf({ hostTemplate: '{{if .Name}}x{{end}}' }),
    [
      `spec.hostTemplate: Invalid value: "{{if .Name}}x{{end}}": contains \`{{if .Name}}\`, which is not supported; ${ONLY_HOST}`,
    ],
  ],
  [
    'G3',
    'a host template uses the three variables only',
    gatewayOf({ hostTemplate: '{{.Name}}-{{.Namespace}}.{{.Domain}}' }),
    gatewayOf({ hostTemplate: '{{.Name}}.{{.Cluster}}' }),
    [`spec.hostTemplate: Invalid value: "{{.Name}}.{{.Cluster}}": there is no \`{{.Cluster}}\` here; ${ONLY_HOST}`],
  ],
  [
    'G4',
    'a path template can be read',
    gatewayOf({ pathTemplate: '/{{ .Name }}' }),
    gatewayOf({ pathTemplate: '/{{Name}}' }),
    [`spec.pathTemplate: Invalid value: "/{{Name}}": contains \`{{Name}}\`, which is not supported; ${ONLY_PATH}`],
  ],
  [
    'G5',
    'a path template has no domain',
    gatewayOf({ pathTemplate: '{{.Namespace}}-{{.Name}}' }),
    gatewayOf({ pathTemplate: '{{.Domain}}/{{.Name}}' }),
    [`spec.pathTemplate: Invalid value: "{{.Domain}}/{{.Name}}": there is no \`{{.Domain}}\` here; ${ONLY_PATH}`],
  ],
  [
    'G6',
    'a Gateway names a Kubernetes Gateway or makes one',
    gatewayOf({ gatewayRef: undefined, gatewayDef: DEF }),
    gatewayOf({ gatewayRef: undefined }),
    ['spec.gatewayRef: Required value: set it to use a Kubernetes Gateway that is there, or `gatewayDef` to make one'],
  ],
  [
    'G7',
    'a Gateway does not do both',
    gatewayOf(),
    gatewayOf({ gatewayDef: DEF }),
    [
      'spec.gatewayRef: Invalid value: {"name":"contour","namespace":"projectcontour"}: set `gatewayRef` or `gatewayDef`, not both',
    ],
  ],
  ['G8', 'a Gateway has a listener of its own', listening(BARE), listening(), [`${LISTENERS}: ${NEEDS_EXTERNAL}`]],
  [
    'Q32',
    'two listeners differ in hostname, port or protocol',
    listening(BARE, { ...BARE, name: 'b', hostname: '*.team.ofn.io' }),
    listening(BARE, { ...BARE, name: 'b', hostname: '*.ofn.io' }),
    [
      `${LISTENERS}[1]: Duplicate value: {"hostname":"*.ofn.io","port":80,"protocol":"HTTP"}: hostname, port and protocol together must differ from those of every other listener; \`listeners[0]\` has the same`,
    ],
  ],
  [
    'Q33',
    'the internal listener is plain HTTP',
    listening(EXTERNAL, { name: 'ofn-http-internal' }),
    listening(EXTERNAL, { ...INTERNAL, port: 443, protocol: 'HTTPS', tls: {}, hostname: '*.x.io' }),
    [
      `${LISTENERS}[1].hostname: Invalid value: "*.x.io": must be "*.cluster.local" for \`ofn-http-internal\`, or left out`,
      `${LISTENERS}[1].port: Invalid value: 443: must be 80 for \`ofn-http-internal\`, or left out`,
      `${LISTENERS}[1].protocol: Invalid value: "HTTPS": must be "HTTP" for \`ofn-http-internal\`, or left out`,
    ],
  ],
  [
    'Q33',
    'what is not encrypted has no tls',
    listening({ ...EXTERNAL, protocol: 'HTTPS', tls: {} }),
    listening({ ...EXTERNAL, tls: {} }, { ...INTERNAL, tls: {} }),
    [0, 1].map((at) => `${LISTENERS}[${at}].tls: Forbidden: must not be set for protocol HTTP; use HTTPS or TLS`),
  ],
  [
    'Q34',
    'the path template is shown where the path template is wrong',
    gatewayOf({ hostTemplate: '{{.Name}}.{{.Domain}}' }),
    gatewayOf({ hostTemplate: '{{.Name}}.{{.Domain}}', pathTemplate: '{{.Path' }),
    [`spec.pathTemplate: Invalid value: "{{.Path": has a \`{{.Path\` that is not closed by \`}}\`; ${ONLY_PATH}`],
  ],
  [
    'Q35',
    'a domain is a DNS name without wildcard',
    gatewayOf(),
    gatewayOf({ domain: '*.ofn.io', gatewaySpec: { listeners: [BARE] } }),
    [
      'spec.domain: Invalid value: "*.ofn.io": must be a DNS name in lower case, such as "ofn.io"; did you mean "ofn.io"?',
    ],
  ],
  [
    'Q35',
    'a domain is in lower case',
    gatewayOf(),
    gatewayOf({ domain: 'OFN.io' }),
    [
      'spec.domain: Invalid value: "OFN.io": must be a DNS name in lower case, such as "ofn.io"; did you mean "ofn.io"?',
    ],
  ],
  [
    'Q36',
    'an internal listener alone is not enough',
    listening(EXTERNAL),
    listening(INTERNAL),
    [`${LISTENERS}: ${NEEDS_EXTERNAL}`],
  ],
  [
    'Q36',
    'a missing list is said once',
    gatewayOf(),
    gatewayOf({ gatewaySpec: undefined }),
    [`spec.gatewaySpec: ${NEEDS_EXTERNAL}`],
  ],
  [
    'Q38',
    'a host template gives a host',
    gatewayOf({ hostTemplate: 'foo-{{.Name}}' }),
    gatewayOf({ hostTemplate: 'Foo_{{.Name}}' }),
    [
      'spec.hostTemplate: Invalid value: "Foo_{{.Name}}": gives a function sample in namespace default the host "Foo_sample", which is not a DNS name',
    ],
  ],
  [
    'Q38',
    'a path template gives a path',
    gatewayOf({ pathTemplate: '/a/{{.Name}}' }),
    gatewayOf({ pathTemplate: '/a//{{.Name}}' }),
    [
      'spec.pathTemplate: Invalid value: "/a//{{.Name}}": gives a function sample in namespace default the path "/a//sample", which must not hold `//`, `/./` or `/../`',
    ],
  ],
  [
    'N21',
    'clusterDomain is a DNS name',
    gatewayOf({ clusterDomain: 'k8s.internal', gatewaySpec: { listeners: [BARE] } }),
    gatewayOf({ clusterDomain: '', gatewaySpec: { listeners: [BARE] } }),
    ['spec.clusterDomain: Invalid value: "": must be a DNS name in lower case, such as "ofn.io"'],
  ],
  [
    'N21',
    'domain and clusterDomain are apart',
    gatewayOf({ domain: 'xcluster.local', gatewaySpec: { listeners: [BARE] } }),
    gatewayOf({ domain: 'local', gatewaySpec: { listeners: [BARE] } }),
    [
      'spec.domain: Invalid value: "local": must not be the same as `clusterDomain` ("cluster.local"), nor one below the other',
    ],
  ],
  [
    'N21',
    'an HTTPS listener has tls',
    listening({ ...EXTERNAL, protocol: 'HTTPS', tls: {} }),
    listening({ ...EXTERNAL, protocol: 'HTTPS' }),
    [`${LISTENERS}[0].tls: Required value: must be set for protocol HTTPS`],
  ],
  [
    'N21',
    'a hostname is below the domain',
    listening({ ...EXTERNAL, hostname: 'a.b.ofn.io' }),
    listening({ ...EXTERNAL, hostname: 'foo.bar.com' }),
    [
      `${LISTENERS}[0].hostname: Invalid value: "foo.bar.com": must be "ofn.io" (\`domain\`) or below it, such as "*.ofn.io"`,
    ],
  ],
  [
    'N21',
    'there are at most 64 listeners, the internal one included',
    listening(...numbered(63)),
    listening(...numbered(64)),
    [
      `${LISTENERS}: Invalid value: 65: must have at most 64 items, \`ofn-http-internal\` included: a Kubernetes Gateway holds no more`,
    ],
  ],
  [
    'N21',
    'the label key is legal',
    gatewayOf({ httpRouteLabelKey: '' }),
    gatewayOf({ httpRouteLabelKey: 'a b' }),
    ['spec.httpRouteLabelKey: Invalid value: "a b": must be a label key, such as "app.kubernetes.io/managed-by"'],
  ],
];

describe('a Gateway is judged in one answer', () => {
  it.each(JUDGED)('%s %s', (_number, _what, accepted, refused, causes) => {
    expect(review(accepted).causes).toEqual([]);
    expect(review(refused).causes).toEqual(causes);
  });

  it.each(GATEWAY_RULES.map((rule) => [rule.number, rule.id, rule] as const))(
    '%s %s: its examples get the verdict of the row',
    (_number, _id, rule) => {
      const named = (object: unknown) => ({ ...gatewayOf(), ...(object as object) });
      const exists = rule.seen?.exists;
      const [accepted, refused] = [rule.accepts, rule.refuses].map((object) =>
        review(named(object), undefined, exists, 1),
      );
      const field = rule.path.replace('[]', String.raw`\[\d\]`);
      expect(accepted?.causes).toEqual([]);
      if (rule.level === 'warn') {
        expect(accepted?.warnings).toEqual([]);
        expect(refused?.warnings).toEqual([expect.stringMatching(`^${field}: `)]);
      } else expect(refused?.fields).toEqual([expect.stringMatching(`^${field}$`)]);
      // The validating review has no defaults to fill in, and says the same.
      const request = { uid: 'u', operation: 'CREATE', object: named(rule.refuses) };
      const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
      expect(reviewValidating(body, REVIEWED).answer.response.allowed).toBe(rule.level === 'warn');
    },
  );

  it('has a case for every number of the list', () => {
    const wanted = [1, 2, 3, 4, 5, 6, 7, 8]
      .map((n) => `G${n}`)
      .concat(['Q32', 'Q33', 'Q34', 'Q35', 'Q36', 'Q38', 'N21']);
    expect(wanted.filter((number) => !JUDGED.some(([judged]) => judged === number))).toEqual([]);
    const rows = new Set([...GATEWAY_DEFAULTS, ...GATEWAY_RULES].map(({ number }) => number));
    expect(['GD1', 'GD2', 'GD3', 'GD4', 'GD5'].filter((number) => !rows.has(number))).toEqual([]);
  });

  it('says everything that is wrong at once, in document order', () => {
    const { fields } = review({
      ...gatewayOf(),
      spec: {
        domain: '*.ofn.io',
        hostTemplate: '{{Name}}',
        pathTemplate: '{{.Domain}}',
        gatewaySpec: { listeners: [{ name: 'a', port: '80', protocol: 'HTTPS' }] },
      },
    });
    expect(fields).toEqual([
      'spec.domain',
      'spec.hostTemplate',
      'spec.pathTemplate',
      'spec.gatewayRef',
      `${LISTENERS}[0].port`,
      `${LISTENERS}[0].tls`,
    ]);
  });

  it('asks for everything that a Gateway without a spec lacks', () => {
    const { spec: _, ...bare } = gatewayOf();
    expect(review(bare).fields).toEqual(['spec.domain', 'spec.gatewayRef', 'spec.gatewaySpec']);
  });
});

const KEPT = `/metadata/annotations/${ANNOTATION.gatewayLastApplied.replace('/', '~1')}`;

describe('a rule speaks about its own mistake only', () => {
  const LONG = `${'a'.repeat(60)}.`.repeat(3);
  it.each<[string, unknown, string[]]>([
    ['a spec that is no object', { ...gatewayOf(), spec: 'x' }, ['spec']],
    ['a gatewaySpec that is no object', gatewayOf({ gatewaySpec: 5 }), ['spec.gatewaySpec']],
    ['listeners that are no list', gatewayOf({ gatewaySpec: { listeners: 'x' } }), [LISTENERS]],
    [
      'a cluster domain that gives the internal listener no hostname',
      gatewayOf({ clusterDomain: 'x_y' }),
      ['spec.clusterDomain'],
    ],
    [
      'no domain, and a cluster domain with a dot too many',
      gatewayOf({ domain: '', clusterDomain: 'a.' }),
      ['spec.domain', 'spec.clusterDomain'],
    ],
    [
      'the same domain twice',
      gatewayOf({ domain: 'a.io', clusterDomain: 'a.io', gatewaySpec: { listeners: [BARE] } }),
      ['spec.domain'],
    ],
    ['the domain as hostname', listening({ ...EXTERNAL, hostname: 'ofn.io' }), []],
    [
      'a host of more than 253 characters',
      gatewayOf({ domain: `${LONG}io`, hostTemplate: `${LONG}{{.Domain}}`, gatewaySpec: { listeners: [BARE] } }),
      ['spec.hostTemplate'],
    ],
    [
      'a label key of more than 317 characters',
      gatewayOf({ httpRouteLabelKey: `${'a.'.repeat(160)}a/b` }),
      ['spec.httpRouteLabelKey'],
    ],
    [
      'two TCP listeners on one port',
      listening(...['a', 'b'].map((name) => ({ name, port: 5432, protocol: 'TCP', allowedRoutes: ALL }))),
      [`${LISTENERS}[1]`],
    ],
  ])('%s', (_what, object, fields) => {
    expect(review(object).fields).toEqual(fields);
  });

  it('a port in quotes is what the schema speaks about', () => {
    expect(review(listening(EXTERNAL, { ...INTERNAL, port: '80' })).causes).toEqual([
      `${LISTENERS}[1].port: Invalid value: "80": must be an integer: write 80 without quotes`,
    ]);
  });
});

describe('a Gateway gets its defaults', () => {
  it.each(GATEWAY_DEFAULTS.map((row) => [row.number, row.id, row] as const))(
    '%s %s turns its example into what it promises',
    (_number, _id, row) => {
      expect(row.value).not.toBe(REMOVE);
      const operation = row.old === undefined ? 'create' : 'update';
      expect(applyDefaults([row], row.before, operation, row.old).object).toEqual(row.after);
      expect(applyDefaults([row], row.after, operation, row.old).set).toEqual([]);
    },
  );

  it('GD1 names the Kubernetes Gateway it makes after itself, once it has a name', () => {
    const defining = (gatewayDef: object) => ({ gatewayRef: undefined, gatewayDef });
    expect(review(gatewayOf(defining(DEF))).made.spec.gatewayDef.name).toBe('openfunction');
    expect(review(gatewayOf(defining({ ...DEF, name: 'mine' }))).made.spec.gatewayDef.name).toBe('mine');
    const nameless = gatewayOf(defining(DEF), { name: undefined, generateName: 'g-' });
    expect(review(nameless).made.spec.gatewayDef).toEqual(DEF);
    expect(review(nameless).causes).toEqual([]);
    expect(review(gatewayOf(defining(DEF), { name: 5 })).made.spec.gatewayDef).toEqual(DEF);
    expect(review(gatewayOf(defining(DEF), { name: '' })).made.spec.gatewayDef).toEqual(DEF);
    expect(review(gatewayOf(defining({ ...DEF, name: 5 }))).fields).toEqual(['spec.gatewayDef.name']);
  });

  it('GD2 fills in the fixed fields of the internal listener, and opens it to all namespaces', () => {
    const same = { namespaces: { from: 'Same' }, kinds: [{ kind: 'HTTPRoute' }] };
    const made = review(listening(EXTERNAL, { name: 'ofn-http-internal', allowedRoutes: same }));
    expect(listenersOf(made)[1]).toEqual({ ...INTERNAL, allowedRoutes: { ...same, namespaces: { from: 'All' } } });
    expect(listenersOf(review(listening(EXTERNAL, { ...INTERNAL, hostname: '', protocol: '' })))[1]).toEqual(INTERNAL);
    expect(review(listening(EXTERNAL, { ...INTERNAL, port: 8080 })).fields).toEqual([`${LISTENERS}[1].port`]);
    expect(review(listening(EXTERNAL, { ...INTERNAL, allowedRoutes: 5 })).fields).toEqual([
      `${LISTENERS}[1].allowedRoutes`,
    ]);
  });

  it('GD3 makes the hostname of a listener from the domain, where it has none', () => {
    expect(listenersOf(review(listening(BARE)))).toEqual([EXTERNAL, INTERNAL]);
    expect(review(listening({ ...BARE, hostname: 5 })).fields).toEqual([`${LISTENERS}[0].hostname`]);
  });

  it('GD3 gives TCP and UDP listeners no hostname: the Gateway API refuses one', () => {
    const tcp = { name: 'tcp', port: 5432, protocol: 'TCP', allowedRoutes: ALL };
    const made = review(listening(tcp));
    expect(made.causes).toEqual([]);
    expect(listenersOf(made)[0]).toEqual(tcp);
  });

  it('GD4 adds the internal listener at the end, and leaves one that is there in its place', () => {
    expect(listenersOf(review(listening(BARE)))).toEqual([EXTERNAL, INTERNAL]);
    expect(review(listening(INTERNAL, EXTERNAL)).patch.map(({ path }) => path)).toEqual(['/metadata/annotations']);
    expect(review(listening(5)).fields).toEqual([`${LISTENERS}[0]`]);
  });

  it('GD5 keeps the spec with its defaults for the controller, and never replaces what it keeps', () => {
    const { patch, made } = review(gatewayOf({ gatewaySpec: { listeners: [BARE] } }, { annotations: { a: 'b' } }));
    expect(patch.map(({ op, path }) => `${op} ${path}`)).toEqual([
      'replace /spec/gatewaySpec/listeners',
      `add ${KEPT}`,
    ]);
    expect(JSON.parse(String(patch[1]?.value))).toEqual({ spec: made.spec });
    const annotations = { [ANNOTATION.gatewayLastApplied]: '{}' };
    expect(review(gatewayOf({}, { annotations })).patch).toEqual([]);
    expect(review(gatewayOf({ domain: 5 }, { annotations })).fields).toEqual(['spec.domain']);
  });

  it('GD5 lists the fields of the spec in the order of the original, not in that of the request', () => {
    const { spec, ...rest } = gatewayOf();
    const turned = Object.fromEntries(Object.entries(spec).toReversed());
    const kept = ({ patch }: Verdict) => patch[0]?.value;
    expect(kept(review({ ...rest, spec: turned }))).toEqual(kept(review({ ...rest, spec })));
  });

  it('GD5 does not keep what is larger than an annotation may be', () => {
    const options = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`o${n}`, 'x'.repeat(4096)]));
    const listeners = ['a', 'b'].map((name, n) => ({
      ...EXTERNAL,
      name,
      port: 443 + n,
      protocol: 'HTTPS',
      tls: { options },
    }));
    const { causes, patch } = review(gatewayOf({ gatewaySpec: { listeners: [...listeners, INTERNAL] } }));
    expect(causes).toEqual([]);
    expect(patch).toEqual([]);
  });

  it("Q32 never replaces a user's hostname below the domain, and refuses one outside", () => {
    expect(listenersOf(review(listening({ ...EXTERNAL, hostname: 'api.ofn.io' })))[0]).toMatchObject({
      hostname: 'api.ofn.io',
    });
    expect(review(listening({ ...EXTERNAL, hostname: 'foo.bar.com' })).fields).toEqual([`${LISTENERS}[0].hostname`]);
  });

  it('Q35 makes no hostname from what is no domain', () => {
    const made = review(gatewayOf({ domain: '*.ofn.io', gatewaySpec: { listeners: [BARE] } }));
    expect(listenersOf(made)).toEqual([BARE, INTERNAL]);
    expect(made.fields).toEqual(['spec.domain']);
    expect(review(gatewayOf({ gatewaySpec: { listeners: [BARE] } })).fields).toEqual([]);
  });

  it('Q37 writes the annotation as the controller reads it: with the spec inside', () => {
    const { patch, made } = review(gatewayOf());
    const annotations = patch[0]?.value as Record<string, string>;
    expect(JSON.parse(annotations[ANNOTATION.gatewayLastApplied] ?? '')).toEqual({ spec: made.spec });
    expect(review(gatewayOf({ gatewayRef: undefined })).patch).toEqual([]);
  });
});

describe('an update of a Gateway', () => {
  const stored = gatewayOf();

  it('takes the hostnames that defaults made along to a new domain, and keeps the others', () => {
    const listeners = [EXTERNAL, { ...EXTERNAL, name: 'b', port: 81, hostname: 'a.ofn.new.io' }, INTERNAL];
    const old = gatewayOf({
      domain: 'new.io',
      gatewaySpec: { listeners: [{ ...EXTERNAL, hostname: '*.new.io' }, listeners[1], INTERNAL] },
    });
    const back = review(
      gatewayOf({ domain: 'x.io', clusterDomain: 'k8s.local', gatewaySpec: old.spec.gatewaySpec }),
      old,
    );
    expect(listenersOf(back).map((listener) => (listener as Members)['hostname'])).toEqual([
      '*.x.io',
      'a.ofn.new.io',
      '*.k8s.local',
    ]);
    expect(back.fields).toEqual([`${LISTENERS}[1].hostname`]);
  });

  it('takes away the hostname that the Go operator wrote on a TCP listener when the domain changes', () => {
    const tcp = { ...EXTERNAL, name: 'tcp', protocol: 'TCP' };
    const old = gatewayOf({ gatewaySpec: { listeners: [tcp, INTERNAL] } });
    const made = review({ ...old, spec: { ...old.spec, domain: 'x.io' } }, old);
    expect(made.causes).toEqual([]);
    expect(listenersOf(made)[0]).not.toHaveProperty('hostname');
  });

  it('keeps the hostname of a TCP listener while the domain stays, and one that is written anew', () => {
    const tcp = { ...EXTERNAL, name: 'tcp', protocol: 'TCP' };
    const old = gatewayOf({ gatewaySpec: { listeners: [tcp, INTERNAL] } });
    expect(listenersOf(review({ ...old, metadata: { ...old.metadata, labels: { a: 'b' } } }, old))[0]).toEqual(tcp);
    const written = gatewayOf({ domain: 'x.io', gatewaySpec: { listeners: [{ ...EXTERNAL, name: 'new' }, INTERNAL] } });
    expect(review(written, old).fields).toEqual([`${LISTENERS}[0].hostname`]);
  });

  it.each<[string, Members, Members, string[]]>([
    ['clusterDomain', {}, { clusterDomain: 'io' }, ['spec.domain']],
    [
      'clusterDomain, beside a hostname of another one',
      { gatewaySpec: { listeners: [EXTERNAL, { ...INTERNAL, hostname: '*.x.io' }] } },
      { clusterDomain: 'k8s.local' },
      [`${LISTENERS}[1].hostname`],
    ],
    [
      'gatewayDef, taken away',
      { gatewayRef: undefined, gatewayDef: DEF },
      { gatewayDef: undefined },
      ['spec.gatewayRef'],
    ],
    ['gatewayDef, beside gatewayRef', {}, { gatewayDef: DEF }, ['spec.gatewayRef']],
    [
      'the domain, to one too long for the host template',
      { hostTemplate: `${'a.'.repeat(100)}{{.Domain}}` },
      { domain: `${'b.'.repeat(50)}io` },
      ['spec.hostTemplate'],
    ],
  ])('is judged again by what compares with a changed field: %s', (_what, before, change, fields) => {
    expect(review(gatewayOf({ ...before, ...change }), gatewayOf(before)).fields).toEqual(fields);
  });

  it.each([
    ['a domain', { domain: '*.ofn.io' }],
    ['a template', { hostTemplate: '{{if .Name}}a{{end}}' }],
    ['a hostname', { gatewaySpec: { listeners: [{ ...EXTERNAL, hostname: 'foo.bar' }, INTERNAL] } }],
    ['tls on plain HTTP', { gatewaySpec: { listeners: [EXTERNAL, { ...INTERNAL, tls: {} }] } }],
    ['two listeners alike', { gatewaySpec: { listeners: [EXTERNAL, { ...EXTERNAL, name: 'b' }, INTERNAL] } }],
  ])('leaves alone %s that was stored before there was a rule', (_what, members) => {
    const old = gatewayOf(members);
    expect(review(gatewayOf(members)).causes).not.toEqual([]);
    expect(review(gatewayOf(members, { labels: { a: 'b' } }), old).causes).toEqual([]);
  });

  it('refuses a new listener with the address of a stored one, wherever it stands, and no other', () => {
    const twins = [EXTERNAL, { ...EXTERNAL, name: 'b' }];
    const old = gatewayOf({ gatewaySpec: { listeners: [...twins, INTERNAL] } });
    const opened = { ...EXTERNAL, name: 'b', allowedRoutes: { namespaces: { from: 'Same' } } };
    expect(review(listening(EXTERNAL, opened, INTERNAL), old).causes).toEqual([]);
    expect(review(listening({ ...EXTERNAL, name: 'c' }, ...twins, INTERNAL), old).fields).toEqual([`${LISTENERS}[0]`]);
    expect(review(listening({ ...EXTERNAL, name: 'c', port: 90 }, EXTERNAL, INTERNAL), old).causes).toEqual([]);
  });

  it('leaves a name that is there twice to the schema', () => {
    expect(review(listening(EXTERNAL, EXTERNAL)).causes).toEqual([
      `${LISTENERS}[1]: Duplicate value: {"name":"ofn-http-external"}`,
    ]);
  });

  it('judges a hostname again when the domain changes', () => {
    const listeners = [{ ...EXTERNAL, hostname: 'api.ofn.io' }, INTERNAL];
    const old = gatewayOf({ gatewaySpec: { listeners } });
    expect(review(gatewayOf({ domain: 'x.io', gatewaySpec: { listeners } }), old).fields).toEqual([
      `${LISTENERS}[0].hostname`,
    ]);
  });

  it('never stands between a Gateway and its finalizer', () => {
    const dying = { deletionTimestamp: '2024-01-01T00:00:00Z', finalizers: [] };
    const broken = { domain: '', gatewaySpec: { listeners: [] } };
    expect(review(gatewayOf(broken, dying), stored).causes).toEqual([]);
    expect(review(gatewayOf(broken), stored).causes).not.toEqual([]);
  });
});

describe('a Gateway is warned of', () => {
  it('GW-16 a listener that functions of other namespaces do not reach', () => {
    const { allowedRoutes: _, ...closed } = EXTERNAL;
    expect(review(listening(closed, INTERNAL)).warnings).toEqual([
      `${LISTENERS}[0].allowedRoutes.namespaces.from: functions in other namespaces than the Kubernetes Gateway stay unreachable from outside; set \`All\``,
    ]);
    expect(review(listening(EXTERNAL, INTERNAL)).warnings).toEqual([]);
  });

  it('Q38 a host template whose hosts nobody reaches, once it is legal', () => {
    expect(review(gatewayOf({ hostTemplate: '{{.Name}}.example.com' })).warnings).toEqual([
      'spec.hostTemplate: no listener serves a host such as sample.example.com; functions without hostnames are not reached from outside',
    ]);
    expect(review(gatewayOf({ hostTemplate: '{{.Namespace}}.{{.Domain}}' })).warnings).toEqual([
      'spec.hostTemplate: without `{{.Name}}` functions share one host, and only one of them is reached by it',
    ]);
    expect(review(gatewayOf({ hostTemplate: '' })).warnings).toEqual([]);
    expect(review(gatewayOf({ hostTemplate: '{{.Name}}.cluster.local' })).warnings).toHaveLength(1);
    expect(review(gatewayOf({ hostTemplate: 'Foo_{{.Name}}.example.com' })).warnings).toEqual([]);
    expect(review(listening(INTERNAL)).warnings).toEqual([]);
    expect(review(listening({ ...EXTERNAL, hostname: 'sample.default.ofn.io' })).warnings).toEqual([]);
    expect(review(gatewayOf({ hostTemplate: 'Foo.{{.Domain}}.{{.Foo}}' })).warnings).toHaveLength(1);
  });

  it('N18 a Kubernetes Gateway that is not there, or the Gateway API', () => {
    const warned = (exists: Exists) => review(gatewayOf(), undefined, exists).warnings;
    const end = 'no function is reached from outside until it is there';
    expect(warned((kind, name) => kind === KUBE_GATEWAY && name === undefined)).toEqual([
      `spec.gatewayRef: Gateway projectcontour/contour not found yet; ${end}`,
    ]);
    expect(warned(() => false)).toEqual([
      `spec.gatewayRef: CRD gateways.gateway.networking.k8s.io is not installed; ${end}`,
    ]);
    expect(warned((_kind, name) => (name === undefined ? false : undefined))).toHaveLength(1);
    expect(warned(() => undefined)).toEqual([]);
    expect(warned(() => true)).toEqual([]);
  });
});

/** Any JSON, and JSON that has the members a Gateway has, with anything in them. */
const NAMES = [
  ...['metadata', 'annotations', 'name', 'spec', 'domain', 'clusterDomain', 'hostTemplate', 'pathTemplate'],
  ...['httpRouteLabelKey', 'gatewayRef', 'gatewayDef', 'namespace', 'gatewayClassName', 'gatewaySpec', 'listeners'],
  ...['hostname', 'port', 'protocol', 'tls', 'allowedRoutes', 'namespaces', 'from', '__proto__'],
];
const WORDS = [
  'ofn.io',
  '*.ofn.io',
  'cluster.local',
  'ofn-http-internal',
  'HTTP',
  'HTTPS',
  'TCP',
  'Same',
  '{{.Name}}',
  '{{',
  '',
];
const { value: anything } = fc.letrec<{ value: unknown; members: object; list: unknown[] }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', maxDepth: 4 },
    fc.oneof(fc.constantFrom(...WORDS), fc.jsonValue({ maxDepth: 1 })),
    tie('members'),
    tie('members'),
    tie('list'),
  ),
  members: fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 4 }),
  list: fc.array(tie('value'), { maxLength: 3 }),
}));
const listener = fc.record(
  {
    name: fc.constantFrom('ofn-http-internal', 'a', 'b'),
    hostname: fc.oneof(fc.constantFrom(...WORDS), anything),
    port: fc.oneof(fc.constantFrom(80, 443), anything),
    protocol: fc.oneof(fc.constantFrom('HTTP', 'HTTPS', 'TCP'), anything),
    tls: anything,
    allowedRoutes: anything,
  },
  { requiredKeys: ['name'] },
);
const gatewayLike = fc.oneof(
  anything,
  fc.record({ metadata: anything, spec: anything }),
  fc
    .record(
      {
        domain: fc.oneof(fc.constantFrom(...WORDS), anything),
        clusterDomain: fc.oneof(fc.constantFrom(...WORDS), anything),
        gatewayDef: anything,
        gatewaySpec: fc.record({ listeners: fc.array(fc.oneof(listener, anything), { maxLength: 4 }) }),
      },
      { requiredKeys: ['gatewaySpec'] },
    )
    .map((spec) => ({ metadata: { name: 'g' }, spec })),
);

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

describe('the rows of a Gateway', () => {
  it('never throw, change nothing that was sent, and applied twice change nothing more, whatever the JSON', () => {
    fc.assert(
      fc.property(gatewayLike, gatewayLike, (object, old) => {
        const text = JSON.stringify(object);
        const once = applyDefaults(GATEWAY_DEFAULTS, object, 'update', old);
        for (const rule of GATEWAY_RULES) ask(rule, once.object, { old });
        const twice = applyDefaults(GATEWAY_DEFAULTS, once.object, 'update', old);
        expect(twice.set).toEqual([]);
        expect(JSON.stringify(object)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('read any field, however deep, within 50 ms', () => {
    const deep = nest(100_000);
    const fields = { name: deep, hostname: deep, port: deep, protocol: deep, tls: deep, allowedRoutes: deep };
    const objects = [
      ...Object.keys(gatewayOf().spec).map((field) => ({
        ...gatewayOf(),
        spec: { ...gatewayOf().spec, [field]: deep },
      })),
      ...Object.entries(fields).map(([name, value]) => ({
        ...gatewayOf(),
        spec: { ...gatewayOf().spec, gatewaySpec: { listeners: [{ ...EXTERNAL, [name]: value }] } },
      })),
    ];
    for (const object of objects) {
      // The best of three: other processes want the same cores.
      const times = [1, 2, 3].map(() => {
        const started = performance.now();
        expect(review(object).fields).not.toEqual([]);
        return performance.now() - started;
      });
      expect(Math.min(...times)).toBeLessThan(50);
    }
  });
});

const SHARED = fileURLToPath(new URL('../../../../shared/data/openfunction/manifests/', import.meta.url));

describe('published Gateways (of the original: skipped where ../shared/data is absent)', () => {
  const ours = fileURLToPath(new URL('../../../tools/start/manifests/gateway.yaml', import.meta.url));
  const theirs = existsSync(SHARED)
    ? globSync('**/*.gateway.*.yaml', { cwd: SHARED }).map((name) => SHARED + name)
    : [];

  it.each([ours, ...theirs])('%s is accepted as it is, without a warning', (path) => {
    const { causes, warnings, patch } = review(parse(readFileSync(path, 'utf8')));
    expect(causes).toEqual([]);
    expect(warnings).toEqual([]);
    expect(patch.map(({ op, path: at }) => `${op} ${at}`)).toEqual(['add /metadata/annotations']);
  });
});
