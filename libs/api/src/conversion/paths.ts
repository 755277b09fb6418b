import { type FieldPath, isObject, valueAt } from '../rules.ts';
import { convert } from './convert-object.ts';
import { V1BETA2_PRESERVED } from './preserved.ts';

/** Where a v1beta1 user has written what a v1beta2 path names: messages speak of the fields that stand in their file. */

const PRESERVED = `metadata/annotations/${V1BETA2_PRESERVED.replace('/', '\\')}!`;
const KEDA = 'S/scaleOptions/keda';

/**
 * v1beta2 place, then v1beta1 places: the first one that the object has counts, else the last. `S` is the serving, `B`
 * the build, `*` one segment, `!` the end: what is inside has no place of its own. The first row that fits counts.
 */
const ROWS: readonly (readonly [string, ...string[]])[] = [
  ['S/triggers/http/port', 'spec/port'],
  ['S/triggers/http/route', 'spec/route'],
  ['S/triggers/http/engine', PRESERVED, 'S/runtime!'],
  ['S/triggers/dapr/*/name', 'S/inputs/*/component'],
  ['S/triggers/dapr/*/type', 'S/inputs/*/component'],
  ['S/triggers/dapr/*/inputName', 'S/inputs/*/name'],
  ['S/triggers/dapr', 'S/inputs'],
  ['S/triggers/inputs', PRESERVED, 'S/runtime!'],
  ['S/triggers', 'S/runtime!'],
  ['S/outputs/*/dapr/name', 'S/outputs/*/component'],
  ['S/outputs/*/dapr/type', 'S/outputs/*/component'],
  ['S/outputs/*/dapr/outputName', 'S/outputs/*/name'],
  ['S/outputs/*/dapr/metadata', 'S/outputs/*/params'],
  ['S/outputs/*/dapr', 'S/outputs/*'],
  ['S/states/*/spec', 'S/states/*'],
  ['S/scaleOptions/minReplicas', `${KEDA}/scaledObject/minReplicaCount`, 'S/scaleOptions/minReplicas'],
  [
    'S/scaleOptions/maxReplicas',
    `${KEDA}/scaledJob/maxReplicaCount`,
    `${KEDA}/scaledObject/maxReplicaCount`,
    'S/scaleOptions/maxReplicas',
  ],
  [`${KEDA}/triggers`, 'S/triggers'],
  [`${KEDA}/httpScaledObject`, PRESERVED, KEDA],
  [`${KEDA}/scaledObject/fallback`, PRESERVED, `${KEDA}/scaledObject`],
  ['S/workloadType', `${KEDA}/scaledObject/workloadType`, `${KEDA}/scaledJob!`, `${KEDA}/scaledObject/workloadType`],
  ['S/hooks', 'metadata/annotations/plugins!'],
  ['S/tracing', 'metadata/annotations/plugins.tracing!'],
];

/** Where the parts are in each kind; a kind without the part has no such rows. */
const PARTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Function: { S: 'spec/serving', B: 'spec/build' },
  Builder: { B: 'spec' },
  Serving: { S: 'spec' },
};

/**
 * The v1beta1 path of a v1beta2 field, for the object as the user wrote it. A field with the same place in both has the
 * same path; one that v1beta1 cannot say is named by what it comes from: the preservation annotation or the runtime.
 */
export function v1beta1Path(object: unknown, path: FieldPath): FieldPath {
  const kind = String(valueAt(object, ['kind']));
  const parts = Object.hasOwn(PARTS, kind) ? PARTS[kind] : PARTS['Function'];
  const param = paramPath(object, path, parts?.['B']);
  if (param !== undefined) return param;
  for (const [v2, ...v1] of ROWS) {
    if (kind === 'Serving' && v1[0] === 'spec/route') continue;
    const match = matchPlace(expand(v2, parts), path);
    if (match === undefined) continue;
    const places = v1.map((place) => fillPlace(place, parts, match));
    const present = places.find((place) => valueAt(object, place.found) !== undefined);
    return (present ?? places.at(-1))?.path ?? path;
  }
  return path;
}

/**
 * Where a field that v1beta1 knows is in v1beta2: for a user who has changed only `apiVersion`. Undefined where it is at the same
 * place, or nowhere.
 */
export function v1beta2Path(kind: string, path: FieldPath): FieldPath | undefined {
  const parts = Object.hasOwn(PARTS, kind) ? PARTS[kind] : undefined;
  if (parts === undefined) return undefined;
  for (const [v2, ...v1] of MOVED) {
    // A row that begins with the annotation is about something that v1beta1 cannot say.
    const places = v1[0] === PRESERVED ? [] : v1;
    const place = places.find((one) => matchPlace(expand(one.replace('!', ''), parts), path) !== undefined);
    const match = place === undefined ? undefined : matchPlace(expand(place.replace('!', ''), parts), path);
    if (match !== undefined) return fillPlace(v2, parts, match).path;
  }
  return undefined;
}

/** The more exact places first: an item before its list. */
const MOVED = [...ROWS, ['B/shipwright/params!', 'B/params'] as const].toSorted(
  ([, a = ''], [, b = '']) => b.split('/').length - a.split('/').length,
);

/** A list of the strategy's parameters is a map in v1beta1: the name comes from the object in v1beta2. */
function paramPath(object: unknown, path: FieldPath, build: string | undefined): FieldPath | undefined {
  if (build === undefined) return undefined;
  const rest = matchPlace(`${build}/shipwright/params`.split('/'), path)?.rest;
  if (rest === undefined) return undefined;
  const params = [...build.split('/'), 'params'];
  const [index] = rest;
  if (index === undefined || !isObject(object)) return params;
  const converted = convert(object, 'core.openfunction.io/v1beta2');
  const list = [...build.split('/'), 'shipwright', 'params', index, 'name'];
  const name = 'object' in converted ? valueAt(converted.object, list) : undefined;
  if (typeof name === 'string' && valueAt(object, [...params, name]) !== undefined) return [...params, name];
  const preserved = ['metadata', 'annotations', V1BETA2_PRESERVED];
  return valueAt(object, preserved) === undefined ? params : preserved;
}

function expand(place: string, parts: Readonly<Record<string, string>> | undefined): string[] {
  return place.split('/').flatMap((segment) => {
    const part = parts?.[segment];
    return part === undefined ? [segment.replace('\\', '/')] : part.split('/');
  });
}

interface Match {
  wild: FieldPath;
  rest: FieldPath;
}

function matchPlace(place: readonly string[], path: FieldPath): Match | undefined {
  if (path.length < place.length) return undefined;
  const fits = place.every((segment, at) => segment === '*' || segment === path[at]);
  return fits ? { wild: path.filter((_, at) => place[at] === '*'), rest: path.slice(place.length) } : undefined;
}

/** The place with the match's segments in it, and with what follows, unless it ends there. */
function fillPlace(place: string, parts: Readonly<Record<string, string>> | undefined, { wild, rest }: Match) {
  const isEnd = place.endsWith('!');
  let taken = 0;
  const found = expand(isEnd ? place.slice(0, -1) : place, parts).map((segment) =>
    segment === '*' ? (wild[taken++] ?? segment) : segment,
  );
  return { found, path: isEnd ? found : [...found, ...rest] };
}
