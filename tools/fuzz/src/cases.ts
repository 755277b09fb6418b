import { checkSchema, type ReviewContext, type ReviewedKind, unknownFields } from '@openfunction/admission';
import {
  ANNOTATION,
  type FieldPath,
  isObject,
  type Operation,
  type StructuralSchema,
  V1BETA1_PRESERVED,
  V1BETA2_PRESERVED,
  withoutPreserved,
} from '@openfunction/api';
import type { Choices } from './choices.ts';
import { changed, overlaid } from './overlay.ts';
import { headed, type Json, SAMPLES, type Samples, WORDS } from './samples.ts';
import { type Drawing, valueOf } from './schema-values.ts';

/** An object under review, and what is stored of it. */
export interface Case {
  reviewed: ReviewedKind;
  operation: Operation;
  object: Json;
  /** Undefined on create. */
  old: Json | undefined;
  dryRun: boolean;
  /** What is known of the cluster. */
  cluster: ReviewContext['cluster'];
}

/** Clusters of which nothing is known, or where everything, nothing, or only the kinds are there. */
const CLUSTERS: readonly ReviewContext['cluster'][] = [
  undefined,
  { exists: () => true, count: () => 2 },
  { exists: () => false, count: () => 0 },
  { exists: (_kind, name) => name === undefined, count: () => 1 },
  { exists: () => undefined, count: () => undefined },
];

/** Functions have most of the rows, so they get most of the cases. */
const KINDS: readonly Samples[] = SAMPLES.flatMap((samples) =>
  samples.reviewed.kind.kind === 'Function' ? [samples, samples, samples] : [samples],
);

/** A case of any kind. Half of the objects have no mistakes put into them. */
export function drawCase(choices: Choices): Case {
  const samples = choices.of(KINDS);
  const mistakes = choices.of([0, 0, 0, 4, 15]);
  const dryRun = choices.percent(5);
  const { reviewed } = samples;
  const cluster = choices.of(CLUSTERS);
  if (samples.updates.length > 0 && choices.percent(10)) {
    const { object, old } = choices.of(samples.updates);
    return { reviewed, operation: 'update', dryRun, cluster, object: grafted(choices, samples, object, mistakes), old };
  }
  const object = drawObject(choices, samples, mistakes);
  if (!choices.percent(35)) return { reviewed, operation: 'create', dryRun, cluster, object, old: undefined };
  return { reviewed, operation: 'update', dryRun, cluster, object, old: drawOld(choices, samples, object) };
}

function drawOld(choices: Choices, samples: Samples, object: Json): Json {
  if (choices.percent(20)) return drawObject(choices, samples, choices.of([0, 10]));
  let old: Json = object;
  for (let times = choices.below(4); times > 0; times -= 1)
    old = { ...old, ...(isObject(old['spec']) && { spec: changed(choices, old['spec']) }) };
  return choices.percent(30) ? withMetadata(choices, old) : old;
}

/** An object of the kind: examples laid over each other, values the schema allows, and `mistakes` of 100 put in. */
function drawObject(choices: Choices, samples: Samples, mistakes: number): Json {
  const { reviewed, good, all, large } = samples;
  if (large.length > 0 && choices.below(1000) === 999) return choices.of(large);
  const examples = mistakes === 0 ? good : all;
  let object: unknown = examples.length === 0 ? headed(reviewed, reviewed.version, {}) : choices.of(examples);
  for (let layers = examples.length === 0 ? 0 : choices.below(3); layers > 0; layers -= 1)
    object = overlaid(object, choices.of(examples));
  return grafted(choices, samples, object as Json, mistakes);
}

/** The object with parts that the schema allows laid over it, or under it, and mistakes put in. */
function grafted(choices: Choices, { reviewed, good }: Samples, object: Json, mistakes: number): Json {
  const specSchema = reviewed.schema.properties?.['spec'] ?? {};
  let spec: unknown = object['spec'];
  if (choices.percent(good.length === 0 ? 95 : 60)) {
    const drawing: Drawing = { choices, mistakes, room: choices.of([3, 8, 25]) };
    const part = valueOf(drawing, specSchema, 'spec');
    spec = choices.percent(50) ? overlaid(part, spec) : overlaid(spec, part);
  }
  if (mistakes > 0) for (let times = choices.below(4); times > 0; times -= 1) spec = changed(choices, spec);
  const made = { ...object, ...(spec !== undefined && { spec }) };
  return choices.percent(30) ? withMetadata(choices, made) : made;
}

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  [ANNOTATION.plugins]: ['order: [a, b]', 'pre: [a]\npost: [b]\n', '{}', 'null', '', 'pre: a', '[', 'a: &a [1]\nb: *a'],
  [ANNOTATION.pluginsTracing]: [
    'enabled: true\nprovider: {name: skywalking, oapServer: "x:1"}',
    'enabled: true\nprovider: {name: opentelemetry, exporter: {name: otlp, endpoint: "x:1"}}\ntags: {a: b}\nbaggage: {k: v}',
    'enabled: false\nother: 1',
    '- a',
    '!!set {a}',
    '"',
  ],
  [ANNOTATION.wasmVariant]: ['compat-smart', 'compat', ''],
  [ANNOTATION.wasmDefaults]: ['variant,strategy,serving-variant,runtime-class', 'runtime-class', '', 'x,,'],
  [ANNOTATION.traceparent]: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'x'],
  [ANNOTATION.kubectlLastApplied]: [
    '{}',
    '{',
    '{"spec":{"serving":{"triggers":{"http":{"port":8080}}}}}',
    `{"metadata":{"annotations":{"${ANNOTATION.traceparent}":"x"}}}`,
    `{"metadata":{"annotations":null},"note":"${ANNOTATION.traceparent}"}`,
    `${ANNOTATION.traceparent} {`,
  ],
  [ANNOTATION.gatewayLastApplied]: ['{"spec":{}}', 'x'],
  [V1BETA1_PRESERVED]: [
    '{}',
    '{"fields":{"spec":{"to":1}}}',
    '{"fields":{"annotations":{"fields":{"plugins":{"to":1}}}}}',
  ],
  [V1BETA2_PRESERVED]: [
    '{}',
    '[',
    '{"fields":{"spec":{"fields":{"serving":{"fields":{"triggers":{"fields":{"http":{"to":{"port":1}}}}}}}}}}',
    '{"fields":{"spec":{"fields":{"serving":{"fields":{"inputs":{"by":"component","items":{"a":{"to":{}}},"order":["a"]}}}}}}}',
  ],
};

const APPLIED = {
  manager: 'kubectl',
  operation: 'Apply',
  fieldsV1: {
    'f:metadata': { 'f:annotations': { [`f:${ANNOTATION.traceparent}`]: {} } },
    'f:spec': { 'f:serving': { 'f:triggers': { 'f:http': {} } } },
  },
};

const MANAGED: readonly unknown[] = [[], [APPLIED], [{ operation: 'Apply' }, { ...APPLIED, operation: 'Update' }], 'x'];

/** Names of annotations that rows read, and some of nobody's. */
const ANNOTATIONS = [...Object.keys(TEXTS), ...Object.values(ANNOTATION), 'a.b/c', 'constructor'];

function withMetadata(choices: Choices, object: Json): Json {
  const metadata = isObject(object['metadata']) ? { ...object['metadata'] } : {};
  const annotations = isObject(metadata['annotations']) ? { ...metadata['annotations'] } : {};
  for (let more = choices.below(4); more > 0; more -= 1) {
    const name = choices.of(ANNOTATIONS);
    annotations[name] = choices.of(
      TEXTS[name] ?? ['', 'true', 'x', ...((WORDS.get(name) as string[] | undefined) ?? [])],
    );
  }
  if (choices.percent(90)) metadata['annotations'] = annotations;
  else metadata['annotations'] = choices.of([null, {}]);
  if (choices.percent(15)) metadata['managedFields'] = choices.of(MANAGED);
  if (choices.percent(15)) metadata['name'] = choices.of(['a', 'a.b', 'A', '1a', 'x'.repeat(64), 'a-', '']);
  if (choices.percent(10)) metadata['labels'] = { a: 'b' };
  return { ...object, metadata };
}

/** Kinds with more than one version. */
const CONVERTED: readonly Samples[] = SAMPLES.filter(({ reviewed }) =>
  SAMPLES.some((other) => other !== undefined && other.reviewed.kind === reviewed.kind && other.reviewed !== reviewed),
);

/** An object that the schema of its version takes, status included, with no field that the schema does not know. */
export function drawConforming(choices: Choices): Case {
  const samples = choices.of(CONVERTED);
  const { reviewed } = samples;
  const object = drawObject(choices, samples, 0);
  const { spec = {}, status = {} } = reviewed.schema.properties ?? {};
  const drawing: Drawing = { choices, mistakes: 0, room: 12 };
  const made: Json = {
    ...withoutOthersParts(object),
    spec: conforming(spec, object['spec']),
    ...(choices.percent(30) && { status: valueOf(drawing, status, 'status') }),
  };
  return { reviewed, operation: 'create', object: made, old: undefined, dryRun: false, cluster: undefined };
}

/** The object as its user has written it: what conversion keeps for itself in annotations is gone. */
function withoutOthersParts(object: Json): Json {
  const { annotations, ...metadata } = object['metadata'] as Json;
  const rest = isObject(annotations) ? withoutPreserved(annotations) : {};
  // Conversion takes an empty map of annotations off with its own.
  return { ...object, metadata: { ...metadata, ...(Object.keys(rest).length > 0 && { annotations: rest }) } };
}

/** The value without what the schema does not know or refuses. */
function conforming(schema: StructuralSchema, value: unknown): unknown {
  let kept = value;
  // Taking a part away may leave another one wrong: a required member that is gone.
  for (let round = 0; round < 20; round += 1) {
    const wrong = [...unknownFields(schema, kept), ...checkSchema(schema, kept, []).map(({ path }) => path)];
    if (wrong.length === 0) return kept;
    for (const path of wrong) kept = withoutPlace(kept, path.length > 1 && round > 0 ? path.slice(0, -1) : path);
  }
  return {};
}

function withoutPlace(value: unknown, [name, ...rest]: FieldPath): unknown {
  if (name === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return value;
  const inner = (value as Json)[name];
  if (Array.isArray(value)) {
    const at = Number(name);
    return rest.length === 0 ? value.toSpliced(at, 1) : value.with(at, withoutPlace(inner, rest));
  }
  const { [name]: _, ...others } = value as Json;
  return rest.length === 0 ? others : { ...others, [name]: withoutPlace(inner, rest) };
}
