import { canonicalJson, type Serving } from '@openfunction/api';
import { portOf } from '../dapr/annotations.ts';
import { type ComponentWorld, type Resolved, resolve, resolveStates } from '../dapr/references.ts';
import type { OperatorConfig } from '../operator-config.ts';
import { functionName } from './children.ts';
import { keyEntries, type Named } from './context-keys.ts';
import { mergeHooks } from './hooks.ts';
import { isUntraced, mergeTracing } from './tracing.ts';

/**
 * What a function is told about itself, in the two layouts that the frameworks read (controllers.md §3.7). Keys are sorted, so that
 * equal Servings say equal texts. Both tell the merged hooks and tracing (Q7).
 */

/** What the contexts of a Serving are made from. */
export interface ContextInput extends ComponentWorld {
  config: OperatorConfig;
  /** What stands in the place of the function's name. */
  calledAs?: string;
}

/**
 * `FUNC_CONTEXT`, the layout of v1beta1. OpenFunction's own Python framework reads `triggers` and the topics of outputs from it,
 * which the others pass over.
 */
export function makeFunctionContext(input: ContextInput): string {
  const { spec } = input.serving;
  const inputs = (spec.triggers?.dapr ?? []).map((trigger) => {
    const resolved = resolve(input, trigger);
    return told(trigger.inputName, trigger, resolved, { ...uri(trigger, resolved), ...resolved });
  });
  return canonicalJson({
    ...identity(input),
    ...filled('inputs', byKey(inputs)),
    ...filled(
      'outputs',
      makeOutputs(input, (output, resolved) => ({ ...uri(output, resolved), ...topic(output) })),
    ),
    ...filled('states', resolveStates(input)),
    triggers: makeTriggers(input),
    runtime: isAsync(input.serving) ? 'Async' : 'Knative',
    port: String(portOf(input.serving)),
    ...makePlugins(input),
  });
}

/** `FUNC_CONTEXT_V1BETA2`. The route is left out: it says nothing to the function, and its changes must not restart it. */
export function makeFunctionContextV1beta2(input: ContextInput): string {
  const { spec } = input.serving;
  const { pre, post } = mergeHooks(input.serving, input.config);
  const tracing = isUntraced(input.serving) ? undefined : mergeTracing(input.serving, input.config);
  const inputs = (spec.triggers?.inputs ?? []).flatMap(({ dapr }) => {
    if (dapr == null) return [];
    const resolved = resolve(input, dapr);
    return [told(undefined, dapr, resolved, { ...topic(dapr), ...resolved })];
  });
  return canonicalJson({
    ...identity(input),
    triggers: makeTriggers(input),
    ...filled('inputs', byKey(inputs)),
    ...filled('outputs', makeOutputs(input, topic)),
    ...filled('states', resolveStates(input)),
    ...filled('preHooks', pre),
    ...filled('postHooks', post),
    ...(tracing !== undefined && { tracing }),
  });
}

function identity({ serving, calledAs = functionName(serving) }: ContextInput) {
  return { name: calledAs, version: serving.spec.version ?? '' };
}

/** With an http trigger the function is called by HTTP, whatever else there is (Q11). */
function isAsync({ spec }: Serving): boolean {
  return (spec.triggers?.http ?? undefined) === undefined && (spec.triggers?.dapr ?? undefined) !== undefined;
}

/** What the manifest says of a component. */
interface Reference {
  name: string;
  topic?: string;
}

/** What a context says of an input or an output, and what its key is made of. */
interface Told extends Named {
  said: object;
}

function told(
  own: string | undefined,
  { name, topic }: Reference,
  { componentName, componentType }: Resolved,
  said: object,
): Told {
  const [block = ''] = componentType.split('.');
  return { name: own || name, component: componentName, place: topic || block, said };
}

function byKey(entries: readonly Told[]): Record<string, object> {
  return Object.fromEntries(keyEntries(entries).map(([key, { said }]) => [key, said]));
}

/** Outputs by the name that the function calls them; `where` says how a layout tells the topic. */
function makeOutputs(input: ContextInput, where: (output: Reference, resolved: Resolved) => object) {
  const outputs = (input.serving.spec.outputs ?? []).flatMap(({ dapr }) => {
    if (dapr == null) return [];
    const resolved = resolve(input, dapr);
    const { metadata = {}, operation = '' } = dapr;
    const call = { ...filled('metadata', metadata), ...(operation !== '' && { operation }) };
    return [told(dapr.outputName, dapr, resolved, { ...where(dapr, resolved), ...resolved, ...call })];
  });
  return byKey(outputs);
}

function makeTriggers(input: ContextInput) {
  const { http, dapr, inputs } = input.serving.spec.triggers ?? {};
  const { route: _route, ...called } = http ?? {};
  const events = dapr?.map((trigger) => {
    const { componentName, componentType } = resolve(input, trigger);
    return { ...trigger, name: componentName, ...(componentType !== '' && { type: componentType }) };
  });
  return { ...(http != null && { http: called }), ...(events && { dapr: events }), ...(inputs && { inputs }) };
}

/** v1beta1 lists the tracing among the plugins, first to begin and last to end. */
function makePlugins({ serving, config }: ContextInput) {
  const { pre, post } = mergeHooks(serving, config);
  const tracing = mergeTracing(serving, config);
  const name = tracing?.enabled ? tracing.provider?.name : undefined;
  const tracers = name === undefined ? [] : [name];
  const { provider = null, baggage = null, ...rest } = tracing ?? {};
  return {
    ...filled('prePlugins', [...pre, ...tracers.filter((each) => !pre.includes(each))]),
    ...filled('postPlugins', [...tracers.filter((each) => !post.includes(each)), ...post]),
    ...(tracing !== undefined && { pluginsTracing: { ...rest, provider, baggage } }),
  };
}

/** v1beta1: the topic, or for a binding its key. */
function uri({ name, topic = '' }: Reference, { componentType }: Resolved): { uri?: string } {
  const place = componentType.startsWith('bindings.') ? name : topic;
  return place === '' ? {} : { uri: place };
}

/** v1beta2 (Q6). */
function topic({ topic = '' }: Reference): { topic?: string } {
  return topic === '' ? {} : { topic };
}

/** A member that is left out while it is empty. */
function filled(name: string, value: object): Record<string, unknown> {
  return Object.keys(value).length === 0 ? {} : { [name]: value };
}
