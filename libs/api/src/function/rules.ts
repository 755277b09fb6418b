import {
  type Complaint,
  CREATE_AND_UPDATE,
  invalid,
  isAbsent,
  isBlank,
  isObject,
  parentPath,
  type Rule,
  required,
  unsupported,
  valueAt,
} from '../rules.ts';
import { built, served } from './examples.ts';
import { boundsRule, type Example, hasText, span, spanRule, wordRule } from './field-rules.ts';
import { BUILD_RULES } from './rules-build.ts';
import { BUILDER_ENV_RULES } from './rules-builder-env.ts';
import { CLUSTER_RULES } from './rules-cluster.ts';
import { CONVERSION_RULES } from './rules-conversion.ts';
import { DAPR_RULES } from './rules-dapr.ts';
import { ENGINE_RULES } from './rules-engine.ts';
import { ENV_RULES } from './rules-env.ts';
import { IMAGE_RULES } from './rules-image.ts';
import { ROUTE_RULES } from './rules-route.ts';
import { SCALE_RULES } from './rules-scale.ts';
import { SECRET_RULES } from './rules-secrets.ts';
import { TRACING_RULES } from './rules-tracing.ts';
import { TRIGGER_RULES } from './rules-trigger.ts';

const NAME =
  "must be a lowercase DNS label (letters, digits, '-', starting with a letter, at most 63 characters): " +
  'it names the Service and labels all children';
const RUNTIMES = ['OCIContainer', 'WasmEdge'];
const ONE_SOURCE = 'must specify one of: `url` or `bundleContainer`';
const NEITHER = 'set `spec.build`, `spec.serving` or both';
const DURATION = 'must be a duration such as "90s", "5m" or "1h30m"';

const LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Whether a name is a DNS-1035 label. */
function isLabel(name: string): boolean {
  return LABEL.test(name);
}

/** The spec; an absent one counts as empty, as the original reads it. A malformed one is left to the schema. */
function specOf(fn: unknown): Record<string, unknown> | undefined {
  const spec = valueAt(fn, 'spec');
  if (isAbsent(spec)) return {};
  return isObject(spec) ? spec : undefined;
}

/** The example of a row about one field of `spec.build`. */
function buildField(field: string): Example {
  return (value) => built({ [field]: value });
}

/** A text in the grammar of Go durations. A number is refused here too, in words that say what to write instead. */
function durationRule(path: string, example: (value: unknown) => unknown): Rule {
  return {
    id: `${path.slice('spec.'.length)}.duration`,
    number: 'Q2',
    path,
    within: parentPath(path),
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'no Go duration',
    twin: 'schema',
    broken: (fn) => {
      const text = valueAt(fn, path);
      const isWritten = typeof text === 'string' || typeof text === 'number';
      return isWritten && span(text) === undefined ? invalid(text, DURATION) : undefined;
    },
    accepts: example('1h30m'),
    refuses: example('1d'),
  };
}

function brokenSource(fn: unknown): Complaint | undefined {
  const source = valueAt(fn, 'spec.build.srcRepo');
  if (!isObject(source) || !isBlank(valueAt(source, 'url')) || !isAbsent(valueAt(source, 'bundleContainer')))
    return undefined;
  return required(ONE_SOURCE);
}

/** Rules of Function v1beta2. */
export const FUNCTION_RULES: readonly Rule[] = [
  {
    // The name of the Service, and a label value of all children (Q30). A stored object keeps its name.
    id: 'name.label',
    number: 'N1',
    path: 'metadata.name',
    on: ['create'],
    level: 'deny',
    says: 'no DNS label that starts with a letter, or over 63 characters (on create)',
    twin: { at: '', cel: `self.metadata.name.matches('${LABEL.source}')`, message: NAME, onCreateOnly: true },
    broken: (fn) => {
      const name = valueAt(fn, 'metadata.name');
      return typeof name !== 'string' || name === '' || isLabel(name) ? undefined : invalid(name, NAME);
    },
    accepts: { metadata: { name: 'hello-1' }, ...(served({}) as object) },
    refuses: { metadata: { name: '1a.b' }, ...(served({}) as object) },
  },
  {
    id: 'image.given',
    number: 'V1',
    path: 'spec.image',
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'absent or blank',
    twin: { at: 'spec', cel: hasText('self.image'), message: '`image` must be specified' },
    broken: (fn) => {
      const spec = specOf(fn);
      return spec !== undefined && isBlank(valueAt(spec, 'image')) ? required('must be specified') : undefined;
    },
    accepts: served({}),
    refuses: served({ image: '' }),
  },
  {
    // Read without regard to case, as the original reads it.
    id: 'workloadRuntime.known',
    number: 'N4',
    path: 'spec.workloadRuntime',
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'none of `OCIContainer`, `WasmEdge`, in any case',
    twin: {
      at: 'spec.workloadRuntime',
      cel: "self.lowerAscii() in ['ocicontainer', 'wasmedge', '']",
      message: 'must be "OCIContainer" or "WasmEdge"',
    },
    broken: (fn) => {
      const runtime = valueAt(fn, 'spec.workloadRuntime');
      if (typeof runtime !== 'string' || runtime === '') return undefined;
      const isKnown = RUNTIMES.some((word) => word.toLowerCase() === runtime.toLowerCase());
      return isKnown ? undefined : unsupported(runtime, RUNTIMES);
    },
    accepts: served({ workloadRuntime: 'wasmedge' }),
    refuses: served({ workloadRuntime: 'docker' }),
  },
  {
    // The original looks only when there is a build, and names a field that does not exist (Q6).
    id: 'image-credentials.name.given',
    number: 'V2',
    path: 'spec.imageCredentials.name',
    within: 'spec.imageCredentials',
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'absent or blank while `imageCredentials` is set',
    twin: { at: 'spec.imageCredentials', cel: hasText('self.name'), message: '`name` must be specified' },
    broken: (fn) => {
      const credentials = valueAt(fn, 'spec.imageCredentials');
      if (!isObject(credentials) || !isBlank(valueAt(credentials, 'name'))) return undefined;
      return required('must be specified when `spec.imageCredentials` is set');
    },
    accepts: served({ imageCredentials: { name: 'push-secret' } }),
    refuses: served({ imageCredentials: {} }),
  },
  {
    // Empty texts count as absent, other than in the original (Q19).
    id: 'build.builder-or-dockerfile',
    number: 'V3',
    path: 'spec.build.builder',
    within: 'spec.build',
    about: ['spec.build.dockerfile'],
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'neither `builder` nor `dockerfile`',
    twin: {
      at: 'spec.build',
      cel: `${hasText('self.builder')} || ${hasText('self.dockerfile')}`,
      message: 'set either `builder` or `dockerfile`',
    },
    broken: (fn) => {
      const given = !isBlank(valueAt(fn, 'spec.build.builder')) || !isBlank(valueAt(fn, 'spec.build.dockerfile'));
      return given ? undefined : required('set either `builder` or `dockerfile`');
    },
    accepts: built({ builder: '', dockerfile: 'Dockerfile' }),
    refuses: built({ builder: '', dockerfile: '' }),
  },
  {
    id: 'build.src-repo.given',
    number: 'V4',
    path: 'spec.build.srcRepo',
    within: 'spec.build',
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'absent',
    twin: 'schema',
    broken: (fn) => {
      const given = !isAbsent(valueAt(fn, 'spec.build.srcRepo'));
      return given ? undefined : required('must be specified when `spec.build` is set');
    },
    accepts: built({}),
    refuses: built({ srcRepo: null }),
  },
  {
    id: 'build.src-repo.url-or-bundle',
    number: 'V5',
    path: 'spec.build.srcRepo',
    within: 'spec.build.srcRepo',
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'neither `url` nor `bundleContainer`',
    twin: { at: 'spec.build.srcRepo', cel: `has(self.bundleContainer) || ${hasText('self.url')}`, message: ONE_SOURCE },
    broken: brokenSource,
    accepts: built({ srcRepo: { bundleContainer: { image: 'registry/source' } } }),
    refuses: built({ srcRepo: { url: '' } }),
  },
  {
    // The bundle wins over the URL, so an empty one fails even beside a good URL.
    id: 'build.src-repo.bundle-image',
    number: 'Q20',
    path: 'spec.build.srcRepo.bundleContainer.image',
    within: 'spec.build.srcRepo.bundleContainer',
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'absent or blank',
    twin: {
      at: 'spec.build.srcRepo.bundleContainer',
      cel: hasText('self.image'),
      message: '`image` must be specified',
    },
    broken: (fn) => {
      const bundle = valueAt(fn, 'spec.build.srcRepo.bundleContainer');
      return isObject(bundle) && isBlank(valueAt(bundle, 'image')) ? required('must be specified') : undefined;
    },
    accepts: built({ srcRepo: { bundleContainer: { image: 'registry/source' } } }),
    refuses: built({ srcRepo: { url: 'https://git.example/hello', bundleContainer: { image: '' } } }),
  },
  {
    id: 'build.src-repo.one-source',
    number: 'Q21',
    path: 'spec.build.srcRepo',
    within: 'spec.build.srcRepo',
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'both `url` and `bundleContainer`',
    broken: (fn) => {
      const source = valueAt(fn, 'spec.build.srcRepo');
      if (isBlank(valueAt(source, 'url')) || isAbsent(valueAt(source, 'bundleContainer'))) return undefined;
      return { reason: 'Forbidden', detail: 'both `url` and `bundleContainer` are set; `bundleContainer` wins' };
    },
    accepts: built({}),
    refuses: built({ srcRepo: { url: 'https://git.example/hello', bundleContainer: { image: 'registry/source' } } }),
  },
  spanRule('V6', 'spec.build.timeout', buildField('timeout')),
  wordRule('V10', 'spec.build.shipwright.strategy.kind', ['BuildStrategy', 'ClusterBuildStrategy'], (kind) =>
    built({ shipwright: { strategy: { name: 'kaniko', kind } } }),
  ),
  spanRule('V11', 'spec.build.shipwright.timeout', (timeout) => built({ shipwright: { timeout } }), true),
  durationRule('spec.build.timeout', (timeout) => built({ timeout })),
  boundsRule(
    'V7',
    'spec.build.successfulBuildsHistoryLimit',
    { minimum: 0 },
    buildField('successfulBuildsHistoryLimit'),
  ),
  boundsRule('V8', 'spec.build.failedBuildsHistoryLimit', { minimum: 0 }, buildField('failedBuildsHistoryLimit')),
  spanRule('V9', 'spec.build.builderMaxAge', buildField('builderMaxAge')),
  durationRule('spec.build.builderMaxAge', (builderMaxAge) => built({ builderMaxAge })),
  durationRule('spec.build.shipwright.timeout', (timeout) => built({ shipwright: { timeout } })),
  durationRule('spec.serving.timeout', (timeout) => served({ serving: { timeout } })),
  {
    id: 'serving.one-trigger-kind',
    number: 'Q25',
    path: 'spec.serving.triggers',
    within: 'spec.serving.triggers',
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'both `http` and `dapr`',
    broken: (fn) => {
      const dapr = valueAt(fn, 'spec.serving.triggers.dapr');
      const both = isObject(valueAt(fn, 'spec.serving.triggers.http')) && Array.isArray(dapr) && dapr.length > 0;
      return both ? { reason: 'Forbidden', detail: 'both `http` and `dapr` are set; `http` wins' } : undefined;
    },
    accepts: served({ serving: { triggers: { dapr: [{ name: 'cron' }] } } }),
    refuses: served({ serving: { triggers: { http: {}, dapr: [{ name: 'cron' }] } } }),
  },
  spanRule('Q23', 'spec.serving.timeout', (timeout) => served({ serving: { timeout } })),
  wordRule('N5', 'spec.serving.workloadType', ['Deployment', 'StatefulSet', 'Job'], (workloadType) =>
    served({ serving: { workloadType } }),
  ),
  wordRule('N6', 'spec.serving.hooks.policy', ['Append', 'Override'], (policy) =>
    served({ serving: { hooks: { policy } } }),
  ),
  boundsRule('N7', 'spec.serving.triggers.http.port', { minimum: 1, maximum: 65535 }, (port) =>
    // 0 is 8080 by D4, so that the rule only ever sees it where the default has not been filled in.
    served({ serving: { triggers: { http: { port } } } }),
  ),
  ...IMAGE_RULES,
  ...SECRET_RULES,
  ...BUILD_RULES,
  ...SCALE_RULES,
  ...TRIGGER_RULES,
  ...DAPR_RULES,
  ...ENGINE_RULES,
  ...ROUTE_RULES,
  ...TRACING_RULES,
  ...ENV_RULES,
  ...BUILDER_ENV_RULES,
  ...CLUSTER_RULES,
  ...CONVERSION_RULES,
  wordRule('V39', 'spec.serving.triggers.http.engine', ['knative', 'keda'], (engine) =>
    served({ serving: { triggers: { http: { engine } } } }),
  ),
  {
    id: 'build-or-serving',
    number: 'V40',
    path: 'spec.serving',
    about: ['spec.build'],
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'neither `build` nor `serving`',
    twin: { at: 'spec', cel: 'has(self.build) || has(self.serving)', message: NEITHER },
    broken: (fn) => {
      const spec = specOf(fn);
      if (spec === undefined || !isAbsent(spec['build']) || !isAbsent(spec['serving'])) return undefined;
      return required(NEITHER);
    },
    accepts: served({}),
    refuses: { spec: { image: 'registry/hello' } },
  },
];
