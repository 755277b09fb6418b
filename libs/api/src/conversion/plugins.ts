import { isEqual, own, type Tree, without } from '../json.ts';
import { ANNOTATION } from '../names.ts';
import { isAbsent, isObject } from '../rules.ts';
import { parseYaml, writeYaml } from './yaml-text.ts';

/**
 * Hooks and tracing: fields in v1beta2, YAML in two annotations in v1beta1. A text that cannot be read is left alone and
 * gives no field; admission refuses it with the problem told here.
 */

/** What a text means, `{}` when it is blank, or why it means nothing. */
export type Plugins = { value?: Tree; problem?: string };

/**
 * The hooks that the annotation `plugins` means: `order` runs before, and backwards after; `pre` and `post` replace one
 * side each. The policy is always Override: v1beta1 knows no other.
 */
export function parseHooks(text: string): Plugins {
  const parsed = parseMapping(text);
  if (parsed.value === undefined) return parsed;
  const { order, pre, post } = parsed.value;
  for (const [name, list] of Object.entries({ order, pre, post }))
    if (!isAbsent(list) && !isStrings(list)) return { problem: `${name}: must be a list of plugin names` };
  const before = pre ?? order ?? undefined;
  const after = post ?? (order as string[] | undefined)?.toReversed();
  return {
    value: {
      ...(before !== undefined && { pre: before }),
      ...(after !== undefined && { post: after }),
      policy: 'Override',
    },
  };
}

/** The fields of tracing; `true` takes all there is. */
interface Shape {
  readonly [field: string]: Shape | true;
}
const EXPORTER: Shape = { name: true, endpoint: true, headers: true, compression: true, timeout: true, protocol: true };
const PROVIDER: Shape = { name: true, oapServer: true, exporter: EXPORTER };
const TRACING: Shape = { enabled: true, provider: PROVIDER, tags: true, baggage: true };

/**
 * The tracing that the annotation `plugins.tracing` means: the same tree as in v1beta2. Only known fields are taken: the
 * API server prunes the others, and then the text would no longer say the field's value.
 */
export function parseTracing(text: string): Plugins {
  const parsed = parseMapping(text);
  return parsed.value === undefined ? parsed : { value: known(parsed.value, TRACING) };
}

function known(value: Tree, shape: Shape): Tree {
  const result: Tree = {};
  for (const [field, inner] of Object.entries(shape)) {
    const found = own(value, field);
    if (!isAbsent(found)) result[field] = inner !== true && isObject(found) ? known(found, inner) : found;
  }
  return result;
}

function parseMapping(text: string): Plugins {
  if (text.trim() === '') return {};
  const parsed = parseYaml(text);
  if ('problem' in parsed) return parsed;
  if (isObject(parsed.value)) return { value: parsed.value };
  return parsed.value === null ? {} : { problem: 'must be a YAML mapping' };
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** v1beta2 fields of the annotations, to be laid over a serving. */
export function pluginFields(annotations: Tree): Tree {
  const hooks = meaning(annotations, ANNOTATION.plugins, parseHooks);
  const tracing = meaning(annotations, ANNOTATION.pluginsTracing, parseTracing);
  return { ...(hooks && { hooks }), ...(tracing && { tracing }) };
}

/** The annotations that say a serving's hooks and tracing. A text that says it already stays as it is written. */
export function pluginAnnotations({ hooks, tracing }: Tree, annotations: Tree): Tree {
  const texts = { ...annotations };
  if (isObject(hooks) && [hooks['pre'], hooks['post']].every((list) => isAbsent(list) || isStrings(list))) {
    const lists = Object.fromEntries(
      Object.entries(hooks).filter(([name, list]) => name !== 'policy' && !isAbsent(list)),
    );
    const { pre, post } = lists;
    const said = { ...(pre !== undefined && { pre }), ...(post !== undefined && { post }) };
    const present = meaning(annotations, ANNOTATION.plugins, parseHooks);
    setText(texts, ANNOTATION.plugins, said, present && without(present, ['policy']));
  }
  if (isObject(tracing))
    setText(texts, ANNOTATION.pluginsTracing, tracing, meaning(annotations, ANNOTATION.pluginsTracing, parseTracing));
  return texts;
}

function setText(texts: Tree, name: string, value: Tree, present: Tree | undefined): void {
  if (present !== undefined && isEqual(value, present)) return;
  const text = writeYaml(value);
  if (text !== undefined) texts[name] = text;
}

function meaning(annotations: Tree, name: string, read: (text: string) => Plugins): Tree | undefined {
  const text = own(annotations, name);
  return typeof text === 'string' ? read(text).value : undefined;
}
