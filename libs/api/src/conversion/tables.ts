import { own, setOwn, type Tree, without } from '../json.ts';
import { isAbsent, isObject } from '../rules.ts';
import { downServing, upServing } from './serving-table.ts';

/**
 * What each field of one version is in the other, without regard to what the other cannot say: that is kept by
 * preserve.ts. Fields that neither version knows are copied; fields that only this version knows are left out, because
 * the API server would prune them. The status is the same in both. Every function takes any JSON and leaves what it is
 * given untouched.
 */

/** The part of an object that differs between versions; `annotations` are only those of plugins.ts. */
export interface Subject {
  spec?: unknown;
  annotations: Tree;
}

interface KindTable {
  /** v1beta1 to v1beta2. */
  up: (v1: Subject) => Subject;
  /** v1beta2 to v1beta1. */
  down: (v2: Subject) => Subject;
}

/** Spec fields that only v1beta2 has. In v1beta1 a Function has them, its Builder has not. */
const BUILDER_SPEC = ['builderMaxAge', 'successfulBuildsHistoryLimit', 'failedBuildsHistoryLimit'];

/** The kinds that exist in both versions. */
export const TABLES: Readonly<Record<string, KindTable>> = {
  Function: { up: upFunction, down: downFunction },
  Builder: { up: upBuilder, down: downBuilder },
  Serving: { up: upServingObject, down: downServingObject },
};

function upFunction(v1: Subject): Subject {
  if (!isObject(v1.spec)) return v1;
  const { port, route, ...spec } = v1.spec;
  if (isObject(spec['serving'])) {
    const http = { ...(!isAbsent(port) && { port }), ...(!isAbsent(route) && { route }) };
    spec['serving'] = upServing(spec['serving'], http, v1.annotations);
  }
  if (isObject(spec['build'])) spec['build'] = upBuild(spec['build']);
  return { ...v1, spec };
}

function downFunction(v2: Subject): Subject {
  if (!isObject(v2.spec)) return v2;
  const spec = { ...v2.spec };
  let { annotations } = v2;
  if (isObject(spec['build'])) spec['build'] = downBuild(spec['build']);
  if (isObject(spec['serving'])) {
    const down = downServing(spec['serving'], annotations);
    spec['serving'] = down.serving;
    Object.assign(spec, down.http);
    annotations = down.annotations;
  }
  return { ...v2, spec, annotations };
}

function upBuilder(v1: Subject): Subject {
  return isObject(v1.spec) ? { ...v1, spec: without(upBuild(v1.spec), ['port']) } : v1;
}

function downBuilder(v2: Subject): Subject {
  return isObject(v2.spec) ? { ...v2, spec: without(downBuild(v2.spec), BUILDER_SPEC) } : v2;
}

function upServingObject(v1: Subject): Subject {
  if (!isObject(v1.spec)) return v1;
  const { port, ...spec } = v1.spec;
  return { ...v1, spec: upServing(spec, isAbsent(port) ? {} : { port }, v1.annotations) };
}

function downServingObject(v2: Subject): Subject {
  if (!isObject(v2.spec)) return v2;
  const { serving, http, annotations } = downServing(v2.spec, v2.annotations);
  const port = own(http, 'port');
  return { ...v2, spec: { ...serving, ...(port !== undefined && { port }) }, annotations };
}

/** `params` is a map in v1beta1; in v1beta2 a list below `shipwright`, here sorted by name. */
function upBuild(v1: Tree): Tree {
  const { params, ...build } = v1;
  const { shipwright } = build;
  if (!isObject(params) || !(isAbsent(shipwright) || isObject(shipwright))) return build;
  const names = Object.keys(params).sort();
  if (names.length === 0) return build;
  return { ...build, shipwright: { ...shipwright, params: names.map((name) => ({ name, value: own(params, name) })) } };
}

/** Only a parameter with one inline value has a place in the map. */
function downBuild(v2: Tree): Tree {
  const { shipwright } = v2;
  if (!isObject(shipwright) || isAbsent(shipwright['params'])) return v2;
  const { params: list, ...engine } = shipwright;
  const params: Tree = {};
  for (const item of Array.isArray(list) ? list : [])
    if (isObject(item) && typeof item['name'] === 'string' && typeof item['value'] === 'string')
      setOwn(params, item['name'], item['value']);
  return {
    ...without(v2, ['shipwright']),
    ...(Object.keys(engine).length > 0 && { shipwright: engine }),
    ...(Object.keys(params).length > 0 && { params }),
  };
}
