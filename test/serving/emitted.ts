import { applyDefaults, checkSchema, unknownFields } from '@openfunction/admission';
import {
  apiVersionOf,
  convert,
  type FieldPath,
  FUNCTION,
  FUNCTION_DEFAULTS,
  type Function,
  type Gateway,
  isObject,
  type KubeObject,
  type Serving,
  STATE,
} from '@openfunction/api';
import { FUNCTION_SCHEMA } from '@openfunction/api/schemas';
import { makeServing, makeServingSpec } from '../../services/function-controller/src/resources/serving.ts';
import { type EngineInput, engineOf } from '../../services/serving-controller/src/engines/index.ts';
import { DEFAULT_CONFIG } from '../../services/serving-controller/src/operator-config.ts';

/** What a manifest of a Function becomes: its Serving, and the objects that this is made of. */
export interface Emitted {
  serving: Serving;
  /** As they are made at first. */
  objects: KubeObject[];
  /** As they are from when the function has run: its scalers have its own numbers then. */
  running: KubeObject[];
}

/** The Function of a manifest as a cluster stores it: converted, unknown fields dropped, defaulted; placeholders filled in. */
export function storedFunction(manifest: unknown, namespace = 'demo'): Function | undefined {
  const converted = convert(manifest, apiVersionOf(FUNCTION));
  if ('problem' in converted) return undefined;
  const object = structuredClone(converted.object) as KubeObject;
  for (const path of unknownFields(FUNCTION_SCHEMA, object)) drop(object, path);
  const image = String(object['spec']?.image ?? '').replace(/<[^>]*>/g, 'example');
  const named = { ...object, metadata: { ...object.metadata, namespace, uid: 'uid-of-the-function' } };
  const filled = { ...named, spec: { ...object['spec'], image } };
  const fn = applyDefaults(FUNCTION_DEFAULTS, filled, 'create').object as Function;
  return checkSchema(FUNCTION_SCHEMA, fn, []).length === 0 ? fn : undefined;
}

/** Everything that the Function's Serving is made of; undefined when it is not served. */
export function emit(fn: Function, world: Partial<EngineInput> = {}): Emitted | undefined {
  const spec = makeServingSpec(fn, fn.spec.image);
  if (spec === undefined) return undefined;
  const serving = makeServing(fn, 'serving-k2x9fdmw3a', spec, undefined);
  serving.metadata.uid = 'uid-of-the-serving';
  const input: EngineInput = {
    serving,
    config: DEFAULT_CONFIG,
    gateway: GATEWAY,
    clusterDomain: 'cluster.local',
    owned: [],
    components: new Map(),
    scaleTargetByName: true,
    ...world,
  };
  const { make } = engineOf(serving);
  const running = make({ ...input, serving: { ...serving, status: { state: STATE.running } } });
  return { serving, objects: make(input), running };
}

/** The Gateway that the original installs. */
const GATEWAY: Gateway = {
  apiVersion: 'networking.openfunction.io/v1alpha1',
  kind: 'Gateway',
  metadata: { name: 'openfunction', namespace: 'openfunction' },
  spec: {
    domain: 'ofn.io',
    clusterDomain: 'cluster.local',
    hostTemplate: '{{.Name}}.{{.Namespace}}.{{.Domain}}',
    pathTemplate: '{{.Namespace}}/{{.Name}}',
    httpRouteLabelKey: 'app.kubernetes.io/managed-by',
    gatewayRef: { name: 'contour', namespace: 'projectcontour' },
    gatewaySpec: { listeners: [] },
  },
};

function drop(object: unknown, path: FieldPath): void {
  const inner = path
    .slice(0, -1)
    .reduce<unknown>((at, name) => (at as Record<string | number, unknown>)?.[name], object);
  if (isObject(inner)) delete inner[String(path.at(-1))];
}
