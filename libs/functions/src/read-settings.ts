import { Fields, isPort } from './fields.ts';
import { FunctionError } from './function-error.ts';
import type { FunctionSettings, Input, Output } from './settings.ts';

const NEW = 'FUNC_CONTEXT_V1BETA2';
const OLD = 'FUNC_CONTEXT';
const USUAL_PORT = 8080;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What the operator says in FUNC_CONTEXT_V1BETA2, or else in FUNC_CONTEXT; without either, a function that HTTP requests call. PORT,
 * where it is set, has the last word on the port. Throws `config.invalid` with the variable and the field that is wrong.
 */
export function readSettings(env: Environment): FunctionSettings {
  const settings = fromContext(env);
  const port = Number(env['PORT'] || settings.port);
  if (!isPort(port))
    throw new FunctionError('config.invalid', `PORT: must be a port between 1 and 65535; it is ${port}`);
  return { ...settings, port };
}

function fromContext(env: Environment): FunctionSettings {
  const old = env[OLD] ? Fields.parse(OLD, env[OLD]) : undefined;
  if (env[NEW]) return fromV1beta2(Fields.parse(NEW, env[NEW]), old);
  return fromV1beta1(old ?? Fields.parse(OLD, '{"name":"function","runtime":"Knative"}'));
}

function fromV1beta2(context: Fields, old: Fields | undefined): FunctionSettings {
  const triggers = context.object('triggers');
  const inputs = namedInputs(triggers.list('dapr').map(inputOfTrigger), old);
  return {
    ...common(context),
    // With an http trigger a function is called by HTTP, whatever else there is.
    isAsync: inputs.length > 0 && !triggers.has('http'),
    port: context.port('port') ?? triggers.object('http').port('port') ?? USUAL_PORT,
    inputs: Object.fromEntries(inputs),
    outputs: mapObjects(context, 'outputs', (output) => outputOf(output, output.text('topic'))),
    preHooks: context.texts('preHooks'),
    postHooks: context.texts('postHooks'),
  };
}

function fromV1beta1(context: Fields): FunctionSettings {
  const runtime = context.required('runtime');
  if (!['Async', 'Knative'].includes(runtime)) throw context.wrong('runtime', 'must be Async or Knative');
  return {
    ...common(context),
    isAsync: runtime === 'Async',
    port: context.port('port') ?? USUAL_PORT,
    inputs: mapObjects(context, 'inputs', inputOf),
    outputs: mapObjects(context, 'outputs', (output) => outputOf(output, output.text('uri'))),
    preHooks: context.texts('prePlugins'),
    postHooks: context.texts('postPlugins'),
  };
}

function common(context: Fields): Pick<FunctionSettings, 'name' | 'version' | 'states'> {
  return {
    name: context.required('name'),
    version: context.text('version') ?? '',
    states: mapObjects(context, 'states', (state) => state.required('componentName')),
  };
}

/** A trigger of FUNC_CONTEXT_V1BETA2. */
function inputOfTrigger(trigger: Fields): [string, Input] {
  const component = trigger.required('name');
  const topic = trigger.text('topic');
  const block = blockOf(trigger, 'type', topic);
  return [trigger.text('inputName') ?? component, { component, block, topic: topicOf(trigger, block, 'topic') }];
}

/**
 * Only FUNC_CONTEXT keeps the names that the manifest has for its triggers; the newer context holds the components' real names. Several topics
 * of one component stay apart, whatever they are called.
 */
function namedInputs(inputs: [string, Input][], old: Fields | undefined): [string, Input][] {
  const known = Object.entries(old === undefined ? {} : mapObjects(old, 'inputs', inputOf));
  const named = new Map<string, Input>();
  for (const [name, input] of inputs) {
    if ([...named.values()].some((other) => isSameInput(other, input))) continue;
    const [found] = known.filter(([, other]) => isSameInput(other, input));
    const wanted = [found?.[0] ?? name, `${name}-${input.topic}`];
    named.set(wanted.find((each) => !named.has(each)) ?? `${wanted[1]}-${named.size}`, input);
  }
  return [...named];
}

function isSameInput(a: Input, b: Input): boolean {
  return a.component === b.component && a.topic === b.topic;
}

function inputOf(input: Fields): Input {
  const block = blockOf(input, 'componentType', input.text('uri'));
  return { component: input.required('componentName'), block, topic: topicOf(input, block, 'uri') };
}

function outputOf(output: Fields, topic: string | undefined): Output {
  const type = typeOf(output, 'componentType', topic);
  const block = blockIn(type);
  return {
    component: output.required('componentName'),
    block,
    ...(block === undefined && { type }),
    topic: block === 'pubsub' ? topic : undefined,
    operation: output.text('operation'),
    metadata: output.textMap('metadata'),
  };
}

function topicOf(fields: Fields, block: Input['block'], name: string): string | undefined {
  return block === 'pubsub' ? fields.required(name) : undefined;
}

/** What kind of component events come from. */
function blockOf(fields: Fields, name: string, topic: string | undefined): Input['block'] {
  const block = blockIn(typeOf(fields, name, topic));
  if (block === undefined) throw fields.wrong(name, 'must begin with "bindings." or "pubsub."');
  return block;
}

/** The type of a component; one whose type nobody knows is a pubsub when a topic is named. */
function typeOf(fields: Fields, name: string, topic: string | undefined): string {
  return fields.text(name) ?? (topic === undefined ? 'bindings' : 'pubsub');
}

function blockIn(type: string): Output['block'] {
  const [block] = type.split('.');
  return block === 'bindings' || block === 'pubsub' ? block : undefined;
}

function mapObjects<T>(context: Fields, name: string, make: (fields: Fields) => T): Record<string, T> {
  return Object.fromEntries(context.objects(name).map(([key, fields]) => [key, make(fields)]));
}
