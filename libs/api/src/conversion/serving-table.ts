import { isEqual, own, setOwn, type Tree, without } from '../json.ts';
import { isAbsent, isObject, valueAt } from '../rules.ts';
import { pluginAnnotations, pluginFields } from './plugins.ts';
import { downScale, upScale } from './scale-table.ts';

/** The serving part of Function and the spec of Serving: how the function is invoked, what it reads and writes. */

/** Names of an item's fields, v1beta1 first. */
const INPUT_FIELDS = { component: 'name', name: 'inputName' } as const;
const OUTPUT_FIELDS = { component: 'name', name: 'outputName', params: 'metadata' } as const;

/** Input fields that only v1beta1 has. */
const INPUT_ONLY_V1 = ['params', 'operation'];
/** Fields that only v1beta2 has, in items and in the serving. */
const ITEM_ONLY_V2 = ['type'];
const SERVING_ONLY_V2 = ['hooks', 'tracing', 'workloadType', 'triggers'];

/** What v1beta1 says for a state store that v1beta2 only refers to: v1beta1 must have a component there. */
const REFERENCE = { type: '', version: '', metadata: [] };

/** v1beta1 to v1beta2. `http` is the port and the route of v1beta1, which stand outside of the serving. */
export function upServing(v1: Tree, http: Tree, annotations: Tree): Tree {
  const { runtime, inputs, triggers: scalers, outputs, states, ...rest } = v1;
  const typeOf = componentTypes(v1);
  return {
    ...rest,
    triggers: upTriggers(runtime, inputs, http, typeOf),
    ...(outputs !== undefined && { outputs: mapItems(outputs, (item) => ({ dapr: upOutput(item, typeOf) })) }),
    ...(states !== undefined && { states: mapMembers(states, upState) }),
    ...upScale(rest['scaleOptions'], scalers),
    ...pluginFields(annotations),
  };
}

/** v1beta2 to v1beta1: the serving, what belongs outside of it (`port`, `route`), and the plugin annotations. */
export function downServing(v2: Tree, annotations: Tree): { serving: Tree; http: Tree; annotations: Tree } {
  const { outputs, states, ...rest } = without(v2, SERVING_ONLY_V2);
  const { runtime, inputs, http } = downTriggers(own(v2, 'triggers'));
  const serving = {
    ...rest,
    runtime,
    ...(inputs !== undefined && { inputs }),
    ...(outputs !== undefined && { outputs: downOutputs(outputs) }),
    ...(states !== undefined && { states: mapMembers(states, downState) }),
    ...downScale(v2),
  };
  return { serving, http, annotations: pluginAnnotations(v2, annotations) };
}

type TypeOf = (component: unknown) => Tree;

/** The `type` of a component by its name: bindings are looked at first, then pubsub. Nothing when it is not declared. */
function componentTypes(v1: Tree): TypeOf {
  return (component) => {
    if (typeof component !== 'string') return {};
    const type = [v1['bindings'], v1['pubsub']]
      .map((components) => valueAt(components, [component, 'type']))
      .find((candidate) => typeof candidate === 'string');
    return type === undefined ? {} : { type };
  };
}

function upTriggers(runtime: unknown, inputs: unknown, http: Tree, typeOf: TypeOf): Tree {
  if (runtime === 'knative') return { http };
  if (runtime !== 'async' || !Array.isArray(inputs)) return {};
  return { dapr: mapItems(inputs, (input) => upInput(input, typeOf)) };
}

function upInput(input: Tree, typeOf: TypeOf): Tree {
  const item = { ...renamed(without(input, INPUT_ONLY_V1), INPUT_FIELDS), ...typeOf(input['component']) };
  return item['inputName'] === '' ? without(item, ['inputName']) : item;
}

function upOutput(output: Tree, typeOf: TypeOf): Tree {
  const item = { ...renamed(output, OUTPUT_FIELDS), ...typeOf(output['component']) };
  return item['outputName'] === '' ? without(item, ['outputName']) : item;
}

/** http wins over dapr. What is neither has no word in v1beta1, which must have one: knative, as the defaults make it. */
function downTriggers(triggers: unknown): { runtime: string; inputs?: unknown; http: Tree } {
  const http = valueAt(triggers, ['http']);
  const dapr = valueAt(triggers, ['dapr']);
  if (isObject(http)) {
    const { port, route } = http;
    return { runtime: 'knative', http: { ...(!isAbsent(port) && { port }), ...(!isAbsent(route) && { route }) } };
  }
  if (!Array.isArray(dapr)) return { runtime: 'knative', http: {} };
  const inputs = dapr.filter(isNamed).map((item) => ({ name: '', ...downItem(item, INPUT_FIELDS) }));
  return { runtime: 'async', inputs, http: {} };
}

function downOutputs(outputs: unknown): unknown {
  if (!Array.isArray(outputs)) return outputs;
  const components = outputs.map((item) => valueAt(item, ['dapr'])).filter(isNamed);
  return components.map((item) => ({ name: '', ...downItem(item, OUTPUT_FIELDS) }));
}

/** v1beta1 must have a component in every item; one without has no place there. */
function isNamed(item: unknown): item is Tree {
  return isObject(item) && typeof item['name'] === 'string';
}

function downItem(item: Tree, fields: Readonly<Record<string, string>>): Tree {
  const back = Object.fromEntries(Object.entries(fields).map(([v1, v2]) => [v2, v1]));
  return renamed(without(item, ITEM_ONLY_V2), back);
}

/** The item with its fields renamed. A field that stands where a renamed one goes is in its way, and is left out. */
function renamed(item: Tree, names: Readonly<Record<string, string>>): Tree {
  const taken = Object.values(names);
  const result: Tree = {};
  for (const key of Object.keys(item)) {
    const name = own(names, key) as string | undefined;
    if (name !== undefined) result[name] = item[key];
    else if (!taken.includes(key)) setOwn(result, key, item[key]);
  }
  return result;
}

/** A state store is the component itself in v1beta1, and below `spec` in v1beta2. */
function upState(component: unknown): unknown {
  return isAbsent(component) || isEqual(component, REFERENCE) ? {} : { spec: component };
}

function downState(state: unknown): unknown {
  return (isObject(state) ? state['spec'] : undefined) ?? { ...REFERENCE };
}

function mapItems(list: unknown, convert: (item: Tree) => unknown): unknown {
  return Array.isArray(list) ? list.map((item) => (isObject(item) ? convert(item) : item)) : list;
}

function mapMembers(object: unknown, convert: (member: unknown) => unknown): unknown {
  if (!isObject(object)) return object;
  const result: Tree = {};
  for (const key of Object.keys(object)) setOwn(result, key, convert(object[key]));
  return result;
}
