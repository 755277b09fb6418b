import { isEqual } from '../json.ts';
import { ANNOTATION, WASM } from '../names.ts';
import { CREATE_AND_UPDATE, type Default, isAbsent, isObject, REMOVE, valueAt } from '../rules.ts';

/**
 * Defaults of WebAssembly functions (D6-D9). A Function is one when its `workloadRuntime` says so or when it carries the variant
 * annotation. What is injected is remembered in a marker annotation, so that all of it goes when the runtime changes (Q8).
 */

const ANNOTATIONS = 'metadata.annotations';
const VARIANT = `${ANNOTATIONS}.[${ANNOTATION.wasmVariant}]`;
const MARKER = `${ANNOTATIONS}.[${ANNOTATION.wasmDefaults}]`;
const SHIPWRIGHT = 'spec.build.shipwright';
const SERVING_ANNOTATIONS = 'spec.serving.annotations';
const SERVING_VARIANT = `${SERVING_ANNOTATIONS}.[${ANNOTATION.wasmVariant}]`;
const RUNTIME_CLASS = 'spec.serving.template.runtimeClassName';
const STRATEGY = { name: WASM.strategy, kind: 'ClusterBuildStrategy' };

/** What may be injected, as the marker lists it; each with the field it is and the object that must be there. */
const INJECTIONS = [
  { word: 'variant', field: VARIANT, within: 'metadata' },
  { word: 'strategy', field: `${SHIPWRIGHT}.strategy`, within: 'spec.build' },
  { word: 'serving-variant', field: SERVING_VARIANT, within: 'spec.serving' },
  { word: 'runtime-class', field: RUNTIME_CLASS, within: 'spec.serving.template' },
] as const;
type Injected = (typeof INJECTIONS)[number]['word'];

function runsWasm(fn: unknown): boolean {
  const runtime = valueAt(fn, 'spec.workloadRuntime');
  return typeof runtime === 'string' && runtime.toLowerCase() === WASM.runtime;
}

function isWasm(fn: unknown): boolean {
  return runsWasm(fn) || !isAbsent(valueAt(fn, VARIANT));
}

/** The words of a marker. */
function markedIn(fn: unknown): string[] {
  const marker = valueAt(fn, MARKER);
  return typeof marker === 'string' ? marker.split(',') : [];
}

/** Whether this update takes the Function away from WebAssembly. A variant that the user wrote himself keeps it there. */
function isLeaving(fn: unknown, old: unknown): boolean {
  return runsWasm(old) && !runsWasm(fn) && (markedIn(fn).includes('variant') || !isWasm(fn));
}

/** The map without one member, or gone when nothing else is in it. */
function without(map: unknown, key: string): unknown {
  if (!isObject(map)) return undefined;
  const { [key]: _, ...rest } = map;
  return Object.keys(rest).length === 0 ? REMOVE : rest;
}

/** The variant that goes to the Serving (Q9: the Function's own). */
function variantOf(fn: unknown): unknown {
  const variant = valueAt(fn, VARIANT);
  return typeof variant === 'string' && variant !== '' ? variant : WASM.variant;
}

const POD = { containers: [] };
const WASM_SPEC = { workloadRuntime: 'WasmEdge', build: {}, serving: { template: POD } };
const FULL_MARKER = INJECTIONS.map(({ word }) => word).join(',');
const NAMED = { annotations: { [ANNOTATION.wasmVariant]: WASM.variant } };
const MARKED = { annotations: { ...NAMED.annotations, [ANNOTATION.wasmDefaults]: FULL_MARKER } };
const INJECTED_SPEC = {
  build: { shipwright: { strategy: STRATEGY } },
  serving: { annotations: NAMED.annotations, template: { ...POD, runtimeClassName: WASM.runtimeClass } },
};
const WAS_WASM = { spec: { workloadRuntime: 'wasmedge' } };

/** Takes back one injection when the runtime changes away. */
function takeBack(word: Injected, row: Pick<Default, 'id' | 'path' | 'after'>, value: Default['value']): Default {
  return {
    ...row,
    number: 'Q8',
    on: ['update'],
    says: 'taken back when `workloadRuntime` changes away from `wasmedge`, if it was injected',
    value: (field, fn, old) => (isLeaving(fn, old) && markedIn(fn).includes(word) ? value(field, fn, old) : undefined),
    before: { metadata: MARKED, spec: INJECTED_SPEC },
    old: WAS_WASM,
  };
}

export const WASM_TAKEN_BACK: readonly Default[] = [
  takeBack(
    'strategy',
    { id: 'wasm.strategy.left', path: SHIPWRIGHT, after: { metadata: MARKED, spec: { ...INJECTED_SPEC, build: {} } } },
    (shipwright) => (isEqual(valueAt(shipwright, 'strategy'), STRATEGY) ? without(shipwright, 'strategy') : undefined),
  ),
  takeBack(
    'serving-variant',
    {
      id: 'wasm.serving-annotation.left',
      path: SERVING_ANNOTATIONS,
      after: { metadata: MARKED, spec: { ...INJECTED_SPEC, serving: { template: INJECTED_SPEC.serving.template } } },
    },
    (annotations) => without(annotations, ANNOTATION.wasmVariant),
  ),
  takeBack(
    'runtime-class',
    {
      id: 'wasm.runtime-class.left',
      path: RUNTIME_CLASS,
      after: {
        metadata: MARKED,
        spec: { ...INJECTED_SPEC, serving: { annotations: NAMED.annotations, template: POD } },
      },
    },
    (name) => (name === WASM.runtimeClass ? REMOVE : undefined),
  ),
  takeBack(
    'variant',
    {
      id: 'wasm.variant.left',
      path: VARIANT,
      after: { metadata: { annotations: { [ANNOTATION.wasmDefaults]: FULL_MARKER } }, spec: INJECTED_SPEC },
    },
    (variant) => (variant === WASM.variant ? REMOVE : undefined),
  ),
  {
    id: 'wasm.marker.left',
    number: 'Q8',
    path: MARKER,
    on: ['update'],
    says: 'taken back with the rest',
    value: (marker, fn, old) => (!isAbsent(marker) && isLeaving(fn, old) ? REMOVE : undefined),
    before: { metadata: { annotations: { [ANNOTATION.wasmDefaults]: FULL_MARKER } } },
    after: { metadata: { annotations: {} } },
    old: WAS_WASM,
  },
];

export const WASM_DEFAULTS: readonly Default[] = [
  {
    id: 'wasm.annotations',
    number: 'D6',
    path: ANNOTATIONS,
    on: CREATE_AND_UPDATE,
    says: '`{}`, when `workloadRuntime` is `wasmedge`, to hold the next ones',
    value: (annotations, fn) => (isAbsent(annotations) && runsWasm(fn) ? {} : undefined),
    before: { metadata: {}, spec: WASM_SPEC },
    after: { metadata: { annotations: {} }, spec: WASM_SPEC },
  },
  {
    id: 'wasm.marker',
    number: 'Q8',
    path: MARKER,
    on: CREATE_AND_UPDATE,
    says: 'what of D6-D9 is injected, so that it can be taken back',
    value: (marker, fn) => {
      if (!runsWasm(fn) || !(isAbsent(marker) || typeof marker === 'string')) return undefined;
      const marked = markedIn(fn);
      const words = INJECTIONS.filter(
        ({ word, field, within }) =>
          marked.includes(word) || (isObject(valueAt(fn, within)) && isAbsent(valueAt(fn, field))),
      ).map(({ word }) => word);
      return words.length === 0 ? undefined : words.join(',');
    },
    before: { metadata: { annotations: {} }, spec: WASM_SPEC },
    after: { metadata: { annotations: { [ANNOTATION.wasmDefaults]: FULL_MARKER } }, spec: WASM_SPEC },
  },
  {
    id: 'wasm.variant',
    number: 'D6',
    path: VARIANT,
    on: CREATE_AND_UPDATE,
    says: '`compat-smart`, when `workloadRuntime` is `wasmedge`',
    value: (variant, fn) => (isAbsent(variant) && runsWasm(fn) ? WASM.variant : undefined),
    before: { metadata: { annotations: {} }, spec: WASM_SPEC },
    after: { metadata: NAMED, spec: WASM_SPEC },
  },
  {
    id: 'wasm.shipwright',
    number: 'D7',
    path: SHIPWRIGHT,
    on: CREATE_AND_UPDATE,
    says: '`{}`, for a WebAssembly function that is built, to hold the next one',
    value: (shipwright, fn) => (isAbsent(shipwright) && isWasm(fn) ? {} : undefined),
    before: { metadata: NAMED, spec: { build: {} } },
    after: { metadata: NAMED, spec: { build: { shipwright: {} } } },
  },
  {
    id: 'wasm.strategy',
    number: 'D7',
    path: `${SHIPWRIGHT}.strategy`,
    on: CREATE_AND_UPDATE,
    says: 'ClusterBuildStrategy `wasmedge`, for a WebAssembly function that is built',
    value: (strategy, fn) => (isAbsent(strategy) && isWasm(fn) ? { ...STRATEGY } : undefined),
    before: { metadata: NAMED, spec: { build: { shipwright: {} } } },
    after: { metadata: NAMED, spec: { build: { shipwright: { strategy: STRATEGY } } } },
  },
  {
    id: 'wasm.serving-annotations',
    number: 'D8',
    path: SERVING_ANNOTATIONS,
    on: CREATE_AND_UPDATE,
    says: '`{}`, for a WebAssembly function that is served, to hold the next one',
    value: (annotations, fn) => (isAbsent(annotations) && isWasm(fn) ? {} : undefined),
    before: { metadata: NAMED, spec: { serving: {} } },
    after: { metadata: NAMED, spec: { serving: { annotations: {} } } },
  },
  {
    // The original writes a constant, so that Function and Serving may say different things (Q9).
    id: 'wasm.serving-variant',
    number: 'D8',
    path: SERVING_VARIANT,
    on: CREATE_AND_UPDATE,
    says: "the Function's variant, for a WebAssembly function that is served",
    value: (variant, fn, old) => {
      if (!isWasm(fn)) return undefined;
      const isFollowing = markedIn(fn).includes('serving-variant') && old !== undefined && variant === variantOf(old);
      return isAbsent(variant) || isFollowing ? variantOf(fn) : undefined;
    },
    before: { metadata: NAMED, spec: { serving: { annotations: {} } } },
    after: { metadata: NAMED, spec: { serving: { annotations: NAMED.annotations } } },
  },
  {
    id: 'wasm.runtime-class',
    number: 'D9',
    path: RUNTIME_CLASS,
    on: CREATE_AND_UPDATE,
    says: '`openfunction-crun`, for a WebAssembly function with a `template`',
    value: (name, fn) => (isAbsent(name) && isWasm(fn) ? WASM.runtimeClass : undefined),
    before: { metadata: NAMED, spec: { serving: { template: POD } } },
    after: { metadata: NAMED, spec: { serving: { template: { ...POD, runtimeClassName: WASM.runtimeClass } } } },
  },
];
