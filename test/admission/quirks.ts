import { readFileSync } from 'node:fs';
import { REVIEWED_KINDS, reviewPath } from '@openfunction/admission';
import { ANNOTATION, BUILDER, GATEWAY, SERVING, valueAt } from '@openfunction/api';
import { expect } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { ROUTES } from '../../services/webhook/src/reviews.ts';
import { lintText } from '../../tools/lint-function/src/lint.ts';
import type { Verdict } from './https.ts';
import { judged } from './judged.ts';
import { type NumberedCase, reviewedKind } from './numbered.ts';

const ROOT = new URL('../../', import.meta.url);
const SCALE = 'spec.serving.scaleOptions';
const KEDA = `${SCALE}.keda`;
const STRATEGY = `${KEDA}.scaledJob.scalingStrategy`;
const HTTP = 'spec.serving.triggers.http';
const DEFAULT_HTTP = { port: 8080, route: { gatewayRef: { name: 'openfunction', namespace: 'openfunction' } } };
const CRON = { dapr: [{ name: 'cron', type: 'bindings.cron' }] };
const SOURCE = { url: 'https://git.example/hello' };
const BUILD = { builder: 'b', srcRepo: SOURCE };

function served(serving: object): { object: object } {
  return { object: { spec: { image: 'i', serving } } };
}

function scaled(scaleOptions: object): { object: object } {
  return served({ triggers: { http: {} }, scaleOptions });
}

function keda(scaler: object): { object: object } {
  return scaled({ keda: scaler });
}

function text(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8');
}

function made(path: string, value: unknown): (verdict: Verdict) => void {
  return ({ object }) => expect(valueAt(object, path)).toEqual(value);
}

/** An object that is neither refused nor changed. */
const unchanged = { also: ({ patched }: Verdict) => expect(patched).toEqual([]) };

const POLICY = { type: 'Pods', value: 1, periodSeconds: 60 };
const behaving = (behavior: object) =>
  keda({ scaledObject: { advanced: { horizontalPodAutoscalerConfig: { behavior } } } });
const BEHAVIOR = `${KEDA}.scaledObject.advanced.horizontalPodAutoscalerConfig.behavior`;
const job = (strategy: object) => keda({ scaledJob: { scalingStrategy: strategy } });
const custom = (customScalingRunningJobPercentage: string) =>
  job({ strategy: 'custom', customScalingQueueLengthDeduction: 1, customScalingRunningJobPercentage });

const APPLIED = JSON.stringify({ spec: { image: 'i', serving: { triggers: CRON } } });
const STICKY = {
  object: {
    metadata: { annotations: { [ANNOTATION.kubectlLastApplied]: APPLIED } },
    spec: { image: 'i', serving: { triggers: { ...CRON, http: DEFAULT_HTTP } } },
  },
  old: { spec: { image: 'i', serving: { triggers: { http: DEFAULT_HTTP } } } },
};

/** "Build instead" of §2.10, where no row alone says it. */
export const QUIRK_CASES: readonly NumberedCase[] = [
  judged('Q1', 'the patch sets defaults and nothing else: no null, no zero value, no other spelling', [
    {
      ...served({ triggers: CRON, timeout: '90s' }),
      also: ({ patched }) => expect(patched).toEqual(['/spec/version']),
    },
    { object: { spec: { image: 'i', version: 'v1', serving: { triggers: CRON } } }, ...unchanged },
  ]),
  judged('Q2', 'wrong types and bad durations are refused with path, value and what would be right', [
    {
      object: {
        spec: {
          image: 'i',
          build: { ...BUILD, timeout: 10, builderMaxAge: '1d' },
          serving: { scaleOptions: { minReplicas: '1' } },
        },
      },
      fields: ['spec.build.timeout', 'spec.build.builderMaxAge', `${SCALE}.minReplicas`],
      says: 'must be a duration such as "90s"',
    },
  ]),
  judged('Q3', 'all mistakes come at once, in document order', [
    {
      object: { spec: { image: '', build: { srcRepo: {} }, serving: { timeout: '-1s' } } },
      fields: ['spec.image', 'spec.build.srcRepo', 'spec.build.builder', 'spec.serving.timeout'],
    },
  ]),
  {
    number: 'Q4',
    what: 'a denial is a Status with code 422, reason Invalid, message and causes',
    show: async (https) => {
      const object = { metadata: { name: 'hello' }, spec: { image: 'i' } };
      const request = { uid: 'u1', operation: 'CREATE', name: 'hello', namespace: 'demo', object };
      const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
      const [path = ''] = ROUTES.map((route) => route.path);
      const { status } = JSON.parse((await https.post(path, body)).body).response;
      expect(status).toMatchObject({
        code: 422,
        reason: 'Invalid',
        message: expect.stringContaining('spec.serving'),
        details: {
          name: 'hello',
          kind: 'Function',
          group: 'core.openfunction.io',
          causes: [{ reason: 'FieldValueRequired', field: 'spec.serving' }],
        },
      });
    },
  },
  judged('Q5', 'known words are listed in a fixed order', [
    {
      ...behaving({ scaleUp: { selectPolicy: 'test' } }),
      fields: [`${BEHAVIOR}.scaleUp.selectPolicy`],
      says: 'supported values: "Max", "Min", "Disabled"',
    },
  ]),
  judged('Q6', 'imageCredentials are judged without a build too, at their own path', [
    { object: { spec: { image: 'i', imageCredentials: {}, serving: {} } }, fields: ['spec.imageCredentials.name'] },
    { object: { spec: { image: 'i', imageCredentials: { name: 's' }, serving: {} } } },
  ]),
  judged('Q10', 'port 0 becomes 8080 always; ports that no socket has are refused', [
    { ...served({ triggers: { ...CRON, http: { port: 0 } } }), also: made(`${HTTP}.port`, 8080) },
    { ...served({ triggers: { http: { port: -1 } } }), fields: [`${HTTP}.port`] },
    {
      ...served({ triggers: { http: { port: 99999 } } }),
      fields: [`${HTTP}.port`],
      says: 'must be between 1 and 65535',
    },
  ]),
  judged('Q11', 'fields are named as they are', [
    { ...keda({ httpScaledObject: { cooldownPeriod: -1 } }), fields: [`${KEDA}.httpScaledObject.cooldownPeriod`] },
    { ...keda({ scaledJob: { pollingInterval: -1 } }), fields: [`${KEDA}.scaledJob.pollingInterval`] },
  ]),
  judged('Q12', 'an item of a list is named as policies[0]', [
    {
      ...behaving({ scaleDown: { policies: [{ ...POLICY, type: 'x' }] } }),
      fields: [`${BEHAVIOR}.scaleDown.policies[0].type`],
    },
  ]),
  judged('Q13', 'texts say what would be right', [
    {
      ...behaving({ scaleUp: { stabilizationWindowSeconds: 3601, policies: [{ ...POLICY, periodSeconds: 0 }] } }),
      fields: [`${BEHAVIOR}.scaleUp.stabilizationWindowSeconds`, `${BEHAVIOR}.scaleUp.policies[0].periodSeconds`],
      says: 'must be between 0 and 3600',
    },
    { ...behaving({ scaleUp: { stabilizationWindowSeconds: 3600 } }) },
  ]),
  judged('Q16', 'replica bounds are compared only when both are set', [
    scaled({ minReplicas: 11 }),
    { ...scaled({ minReplicas: 11, maxReplicas: 10 }), fields: [`${SCALE}.minReplicas`] },
  ]),
  judged('Q17', 'an empty word counts as absent', [
    served({ triggers: { http: { engine: '' } } }),
    { object: { spec: { image: 'i', build: { ...BUILD, shipwright: { strategy: { name: 's', kind: '' } } } } } },
  ]),
  judged('Q18', 'a word in another case is refused with the one that was meant', [
    { ...served({ triggers: { http: { engine: 'Keda' } } }), fields: [`${HTTP}.engine`], says: 'did you mean "keda"?' },
  ]),
  judged('Q19', 'an empty builder is none', [
    {
      object: { spec: { image: 'i', build: { builder: ' ', dockerfile: '', srcRepo: SOURCE } } },
      fields: ['spec.build.builder'],
    },
    { object: { spec: { image: 'i', build: { builder: '', dockerfile: 'Dockerfile', srcRepo: SOURCE } } } },
  ]),
  judged('Q24', 'KEDA triggers that KEDA refuses are refused', [
    {
      ...keda({
        triggers: [
          { type: '', metadata: { a: 'b' } },
          { type: 'cron', metadata: {}, authenticationRef: { name: 'a', kind: 'x' } },
        ],
      }),
      fields: [
        `${KEDA}.triggers[0].type`,
        `${KEDA}.triggers[1].metadata`,
        `${KEDA}.triggers[1].authenticationRef.kind`,
      ],
    },
  ]),
  judged('Q27', 'the keda engine needs httpScaledObject where keda is set, and a host name to be reached', [
    {
      ...served({ triggers: { http: { engine: 'keda' } }, scaleOptions: { keda: {} } }),
      fields: [`${KEDA}.httpScaledObject`],
    },
    { ...served({ triggers: { http: { engine: 'keda' } } }), warns: `${HTTP}.route.hostnames: ` },
  ]),
  judged('Q28', 'a scaler that does nothing is said to do nothing', [
    {
      ...served({ triggers: CRON, scaleOptions: { keda: { scaledJob: {} } } }),
      warns: 'scaledJob: has no effect because `workloadType` is not "Job"',
    },
  ]),
  judged('Q29', 'more host names than an HTTPRoute holds are refused', [
    {
      ...served({
        triggers: { http: { route: { hostnames: Array.from({ length: 16 }, (_, index) => `h${index}.example`) } } },
      }),
      fields: [`${HTTP}.route.hostnames`],
    },
    served({
      triggers: { http: { route: { hostnames: Array.from({ length: 15 }, (_, index) => `h${index}.example`) } } },
    }),
  ]),
  judged('Q30', 'a name that no Service can have is refused on create, and kept on update', [
    { object: { metadata: { name: '1a.b' }, spec: { image: 'i', serving: {} } }, fields: ['metadata.name'] },
    {
      object: { metadata: { name: '1a.b' }, spec: { image: 'j', serving: {} } },
      old: { metadata: { name: '1a.b' }, spec: { image: 'i', serving: {} } },
    },
  ]),
  judged('Q31', 'a version is usable in labels and names', [
    { object: { spec: { image: 'i', version: 'V_1', serving: {} } }, fields: ['spec.version'] },
    { object: { spec: { image: 'i', version: 'v1.0.0', serving: {} } } },
  ]),
  {
    number: 'Q39',
    what: 'the webhook configuration and the handlers come from one list',
    show: async () => {
      const configurations = parseAllDocuments(text('deploy/base/60-webhook-configuration.yaml')).map((one) =>
        one.toJS(),
      );
      const paths = configurations.flatMap(({ webhooks }) =>
        webhooks.map((one: unknown) => valueAt(one, 'clientConfig.service.path')),
      );
      const expected = (['mutate', 'validate'] as const).flatMap((verb) =>
        REVIEWED_KINDS.map((kind) => reviewPath(verb, kind)),
      );
      expect(paths).toEqual(expected);
      expect(ROUTES.map(({ path }) => path).toSorted()).toEqual([...expected, '/convert'].toSorted());
    },
  },
  {
    number: 'Q40',
    what: 'no manifest holds a key or a caBundle: each installation makes its own',
    show: async (https) => {
      for (const file of ['22-webhook-rbac', '40-webhook-service', '50-webhook-deployment', '60-webhook-configuration'])
        expect(text(`deploy/base/${file}.yaml`)).not.toMatch(/PRIVATE KEY|tls\.key:|caBundle:/);
      // The server of this very test was given a certificate made a moment ago.
      expect((await https.post('/convert', '{}')).code).toBe(400);
    },
  },
  {
    number: 'Q41',
    what: 'two replicas, a disruption budget, five seconds; a handler never fails',
    show: async (https) => {
      const documents = parseAllDocuments(text('deploy/base/50-webhook-deployment.yaml')).map((one) => one.toJS());
      expect(documents.find(({ kind }) => kind === 'Deployment').spec.replicas).toBeGreaterThanOrEqual(2);
      expect(documents.some(({ kind }) => kind === 'PodDisruptionBudget')).toBe(true);
      expect(text('deploy/base/60-webhook-configuration.yaml')).not.toMatch(/timeoutSeconds: (?!5\b)/);
      const [path = ''] = ROUTES.map((route) => route.path);
      for (const body of ['null', '[]', '{"request":5}', '{"request":{"uid":"u","operation":"CREATE","object":[]}}'])
        expect((await https.post(path, body)).code).toBeLessThan(500);
    },
  },
  judged('Q42', 'Builders and Servings are reviewed', [
    {
      kind: BUILDER,
      object: { spec: { image: '', srcRepo: {}, builder: 'b' } },
      fields: ['spec.image', 'spec.srcRepo'],
    },
    { kind: SERVING, object: { spec: { image: 'i', triggers: { http: {} } } }, ...unchanged },
  ]),
  {
    number: 'Q45',
    what: 'the annotations that configure plugins are judged when they are written',
    show: async (https) => {
      const annotated = (plugins: string) => ({
        metadata: { annotations: { plugins } },
        spec: { image: 'i', serving: {} },
      });
      const reviewed = reviewedKind(REVIEWED_KINDS[0]?.kind ?? BUILDER);
      expect((await https.mutate(reviewed, { object: annotated('pre: 5') })).fields).toEqual([
        'metadata.annotations.plugins',
      ]);
      expect((await https.mutate(reviewed, { object: annotated('pre: [a]') })).fields).toEqual([]);
    },
  },
  {
    number: 'Q44',
    what: 'the strategy that WebAssembly functions are given is the one to be installed',
    show: async (https) => {
      const object = { spec: { image: 'i', workloadRuntime: 'WasmEdge', build: BUILD } };
      const verdict = await https.mutate(reviewedKind(REVIEWED_KINDS[0]?.kind ?? BUILDER), { object });
      expect(valueAt(verdict.object, 'spec.build.shipwright.strategy')).toEqual({
        name: 'wasmedge',
        kind: 'ClusterBuildStrategy',
      });
      https.know({ exists: (_kind, name) => name !== 'wasmedge' });
      const warned = await https.mutate(reviewedKind(REVIEWED_KINDS[0]?.kind ?? BUILDER), { object });
      expect(warned.warnings.join()).toContain('ClusterBuildStrategy wasmedge not found yet');
    },
  },
  judged('Q46', 'a v1beta1 user is answered in v1beta1 paths', [
    {
      version: 'v1beta1',
      object: {
        spec: {
          image: 'i',
          port: 99999,
          serving: { runtime: 'knative', scaleOptions: { keda: { scaledObject: { minReplicaCount: -1 } } } },
        },
      },
      fields: [`${KEDA}.scaledObject.minReplicaCount`, 'spec.port'],
    },
  ]),
  judged('Q34', 'the template that is wrong is shown, and a right one', [
    {
      kind: GATEWAY,
      object: gateway({ pathTemplate: '{{.Domain}}', hostTemplate: '{{.Name}}.{{.Domain}}' }),
      fields: ['spec.pathTemplate'],
      says: '"{{.Domain}}"',
    },
  ]),
  judged('Q36', 'a Gateway without a listener of its own is told so', [
    {
      kind: GATEWAY,
      object: gateway({ gatewaySpec: { listeners: [] } }),
      fields: ['spec.gatewaySpec.listeners'],
      says: 'needs at least one listener besides `ofn-http-internal`',
    },
  ]),
  judged('Q37', 'the record of what was applied is that of a Gateway, with its spec', [
    {
      kind: GATEWAY,
      object: gateway({}),
      also: ({ object }) => {
        const record = valueAt(object, ['metadata', 'annotations', ANNOTATION.gatewayLastApplied]);
        expect(JSON.parse(String(record))).toEqual({ spec: valueAt(object, 'spec') });
      },
    },
  ]),
  {
    number: 'N19',
    what: 'v1beta1 is served, and said to be deprecated by the API server',
    show: async () => {
      for (const plural of ['functions', 'builders', 'servings']) {
        const { versions } = parse(text(`deploy/crds/${plural}.core.openfunction.io.yaml`)).spec;
        expect(versions).toContainEqual(
          expect.objectContaining({
            name: 'v1beta1',
            served: true,
            deprecated: true,
            deprecationWarning: expect.any(String),
          }),
        );
      }
    },
  },
  {
    number: 'N20',
    what: 'a field that has moved is named with its new place, offline',
    show: async () => {
      const manifest =
        'apiVersion: core.openfunction.io/v1beta2\nkind: Function\nmetadata: {name: a}\nspec: {image: i, port: 80, serving: {}}\n';
      const { findings } = lintText('f.yaml', manifest);
      expect(findings.map(({ field, message }) => `${field}: ${message}`)).toEqual([
        'spec.port: unknown field: moved to spec.serving.triggers.http.port',
      ]);
    },
  },
  judged('N23', 'a duration in the status does not matter to admission; the schema holds it', [
    { object: { spec: { image: 'i', serving: {} }, status: { build: { buildDuration: 'zzz' } } } },
  ]),
  {
    number: 'N23',
    what: 'every duration of spec and status has the pattern in the CRD',
    show: async () => {
      const crd = text('deploy/crds/functions.core.openfunction.io.yaml');
      for (const field of ['buildDuration', 'builderMaxAge'])
        expect(crd).toMatch(new RegExp(`${field}:\\n(.*\\n){1,5}.*pattern: `));
    },
  },
  ...verdicts(),
];

function gateway(more: object): object {
  return {
    spec: {
      domain: 'ofn.io',
      gatewayRef: { name: 'g', namespace: 'n' },
      gatewaySpec: { listeners: [{ name: 'e', port: 80, protocol: 'HTTP' }] },
      ...more,
    },
  };
}

/** The rows of §4.4, in their order. */
function verdicts(): NumberedCase[] {
  const rows: [what: string, sent: Parameters<typeof judged>[2]][] = [
    ['image and serving {}', [{ ...served({}), also: made('spec.serving.triggers.http', DEFAULT_HTTP) }]],
    ['a Dapr trigger only', [{ ...served({ triggers: CRON }), also: made('spec.serving.triggers', CRON) }]],
    [
      'Dapr and http with port 0',
      [
        {
          ...served({ triggers: { ...CRON, http: { port: 0 } } }),
          warns: '`http` wins',
          also: made(`${HTTP}.port`, 8080),
        },
      ],
    ],
    [
      'inputs only',
      [{ ...served({ triggers: { inputs: [{ dapr: { name: 's' } }] } }), also: made(HTTP, DEFAULT_HTTP) }],
    ],
    [
      'engine "" and Keda',
      [
        served({ triggers: { http: { engine: '' } } }),
        { ...served({ triggers: { http: { engine: 'Keda' } } }), fields: [`${HTTP}.engine`] },
      ],
    ],
    ['minReplicas 11', [scaled({ minReplicas: 11 })]],
    ['two scalers', [{ ...keda({ scaledJob: {}, scaledObject: {} }), fields: [KEDA] }]],
    ['percentage 0.5', [custom('0.5')]],
    [
      'percentage 50% and .. %',
      [
        { ...custom('50%'), warns: 'write "0.5"' },
        { ...custom('.. %'), fields: [`${STRATEGY}.customScalingRunningJobPercentage`] },
      ],
    ],
    [
      'restartPolicy Always',
      [{ ...keda({ scaledJob: { restartPolicy: 'Always' } }), fields: [`${KEDA}.scaledJob.restartPolicy`] }],
    ],
    [
      'bundleContainer {}',
      [
        {
          object: { spec: { image: 'i', build: { builder: 'b', srcRepo: { bundleContainer: {} } } } },
          fields: ['spec.build.srcRepo.bundleContainer.image'],
        },
      ],
    ],
    [
      'imageCredentials {}, serving only',
      [{ object: { spec: { image: 'i', imageCredentials: {}, serving: {} } }, fields: ['spec.imageCredentials.name'] }],
    ],
    [
      'four mistakes in one answer',
      [
        {
          ...served({ triggers: { http: { port: 99999 } }, timeout: '-1h', workloadType: 'x', hooks: { policy: 'x' } }),
          fields: [`${HTTP}.port`, 'spec.serving.workloadType', 'spec.serving.timeout', 'spec.serving.hooks.policy'],
        },
      ],
    ],
    [
      'build without srcRepo',
      [
        {
          object: { spec: { image: 'i', build: { builder: 'b' } } },
          fields: ['spec.build.srcRepo'],
          says: 'Required value',
        },
      ],
    ],
    [
      'wrong types and durations',
      [
        {
          object: {
            spec: {
              image: 'i',
              build: { ...BUILD, timeout: '10', builderMaxAge: '1d' },
              serving: { scaleOptions: { minReplicas: '1' } },
            },
          },
          fields: ['spec.build.timeout', 'spec.build.builderMaxAge', `${SCALE}.minReplicas`],
          says: '"1d"',
        },
      ],
    ],
    [
      'a name of 104 characters',
      [
        {
          object: { metadata: { name: `1a.${'b'.repeat(101)}` }, spec: { image: 'i', serving: {} } },
          fields: ['metadata.name'],
        },
      ],
    ],
    ['an http function re-applied with a Dapr trigger', [{ ...STICKY, also: made('spec.serving.triggers', CRON) }]],
    ['a wasm function set back', [wasmSetBack()]],
    [
      'Builder timeout zzz',
      [{ kind: BUILDER, object: { spec: { image: 'i', ...BUILD, timeout: 'zzz' } }, fields: ['spec.timeout'] }],
    ],
    [
      'Serving with no image, and with no triggers',
      [
        { kind: SERVING, object: { spec: { triggers: { http: {} } } }, fields: ['spec.image'] },
        { kind: SERVING, object: { spec: { image: 'i' } }, fields: ['spec.triggers'] },
      ],
    ],
    [
      'Gateway domain *.ofn.io and ""',
      [
        { kind: GATEWAY, object: gateway({ domain: '*.ofn.io' }), fields: ['spec.domain'] },
        { kind: GATEWAY, object: gateway({ domain: '' }), fields: ['spec.domain'] },
      ],
    ],
    [
      'Gateway listener outside the domain',
      [
        {
          kind: GATEWAY,
          object: gateway({
            gatewaySpec: { listeners: [{ name: 'e', hostname: 'foo.bar.com', port: 80, protocol: 'HTTP' }] },
          }),
          fields: ['spec.gatewaySpec.listeners[0].hostname'],
        },
      ],
    ],
    [
      'Gateway with only the internal listener, with both references, with none',
      [
        { kind: GATEWAY, object: gateway({ gatewaySpec: { listeners: [] } }), fields: ['spec.gatewaySpec.listeners'] },
        {
          kind: GATEWAY,
          object: gateway({ gatewayDef: { name: 'g', namespace: 'n', gatewayClassName: 'c' } }),
          fields: ['spec.gatewayRef'],
        },
        { kind: GATEWAY, object: gateway({ gatewayRef: undefined }), fields: ['spec.gatewayRef'] },
      ],
    ],
  ];
  return rows.map(([what, sent], index) => judged(`§4.4-${index + 1}`, what, sent));
}

function wasmSetBack(): Parameters<typeof judged>[2][0] {
  const annotations = {
    [ANNOTATION.wasmVariant]: 'compat-smart',
    [ANNOTATION.wasmDefaults]: 'variant,strategy,serving-variant',
  };
  const serving = { triggers: CRON, annotations: { [ANNOTATION.wasmVariant]: 'compat-smart' } };
  const build = { ...BUILD, shipwright: { strategy: { name: 'wasmedge', kind: 'ClusterBuildStrategy' } } };
  const of = (workloadRuntime: string) => ({
    metadata: { annotations },
    spec: { image: 'i', version: 'v1', workloadRuntime, build, serving },
  });
  return {
    object: of('OCIContainer'),
    old: of('WasmEdge'),
    also: ({ object }) => {
      expect(valueAt(object, 'metadata.annotations')).toEqual({});
      expect(valueAt(object, 'spec')).toEqual({
        image: 'i',
        version: 'v1',
        workloadRuntime: 'OCIContainer',
        build: BUILD,
        serving: { triggers: CRON },
      });
    },
  };
}
