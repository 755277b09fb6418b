import { type Complaint, invalid, isBlank, isObject, type Rule, required, valueAt } from '../rules.ts';
import { served } from './examples.ts';
import { itemRule, TEXT } from './field-rules.ts';
import { DAPR_NAME_RULES } from './rules-dapr-names.ts';

/** References to Dapr components: `triggers.dapr`, `triggers.inputs` and `outputs`. */

const SERVING = 'spec.serving';
const NAME = 'must be the name of a component';
const TOPIC = 'must be specified for a pub/sub component';
const STATE = 'must be a state store, such as "state.redis"';

/** Where components are declared, and where the declaration of one holds its specification. */
const DECLARATIONS = { bindings: [], pubsub: [], states: ['spec'] } as const;

interface Declared {
  /** e.g. `spec.serving.bindings`. */
  place: string;
  type: unknown;
}

/** The component that the object declares under a name. */
function declaredOf(fn: unknown, name: unknown): Declared | undefined {
  if (typeof name !== 'string') return undefined;
  for (const [place, inner] of Object.entries(DECLARATIONS)) {
    const component = valueAt(fn, ['spec', 'serving', place, name]);
    if (component !== undefined) return { place: `${SERVING}.${place}`, type: valueAt(component, [...inner, 'type']) };
  }
  return undefined;
}

/** One list of references: the list, and the member of each item that is the reference (none where the item is one itself). */
interface References {
  list: string;
  member?: 'dapr';
  example: (reference: object, more?: object) => unknown;
}

const TRIGGERS: References = {
  list: `${SERVING}.triggers.dapr`,
  example: (reference, more = {}) => served({ serving: { triggers: { dapr: [reference] }, ...more } }),
};
const INPUTS: References = {
  list: `${SERVING}.triggers.inputs`,
  member: 'dapr',
  example: (dapr, more = {}) => served({ serving: { triggers: { http: {}, inputs: [{ dapr }] }, ...more } }),
};
const OUTPUTS: References = {
  list: `${SERVING}.outputs`,
  member: 'dapr',
  example: (dapr, more = {}) => served({ serving: { triggers: { http: {} }, outputs: [{ dapr }], ...more } }),
};

const BINDING = { bindings: { store: { type: 'bindings.kafka', version: 'v1', metadata: [] } } };
const PUBSUB = { pubsub: { store: { type: 'pubsub.redis', version: 'v1', metadata: [] } } };

/** A rule on one field of each reference of a list. */
function referenceRule(
  { list, member }: References,
  row: Pick<Rule, 'id' | 'says' | 'twin' | 'about' | 'accepts' | 'refuses' | 'level'> & { field: string },
  broken: (value: unknown, reference: Record<string, unknown>, fn: unknown) => Complaint | undefined,
): Rule {
  const { id, field, ...rest } = row;
  const place = member === undefined ? '' : `${member}.`;
  const name = `${list.slice('spec.'.length)}.${id}`;
  return itemRule({ ...rest, id: name, number: 'N11', list, field: `${place}${field}` }, (value, item, fn) => {
    const reference = member === undefined ? item : valueAt(item, member);
    return isObject(reference) ? broken(value, reference, fn) : undefined;
  });
}

function nameRule(references: References): Rule {
  const { example } = references;
  const row = { id: 'name.given', field: 'name', level: 'deny' as const, says: 'absent or blank' };
  const examples = { accepts: example({ name: 'store' }, BINDING), refuses: example({ name: '' }) };
  return referenceRule(references, { ...row, ...examples, twin: { words: { pattern: TEXT } } }, (name) =>
    isBlank(name) ? required(NAME) : undefined,
  );
}

function isPubsub(type: unknown): boolean {
  return typeof type === 'string' && type.startsWith('pubsub.');
}

function topicRule(references: References): Rule {
  const { example } = references;
  return referenceRule(
    references,
    {
      id: 'topic.given',
      field: 'topic',
      level: 'deny',
      about: [`${SERVING}.pubsub`],
      says: 'absent or blank, for a pub/sub component',
      accepts: example({ name: 'store', topic: 'orders' }, PUBSUB),
      refuses: example({ name: 'store' }, PUBSUB),
    },
    (topic, { name, type }, fn) => {
      const declared = declaredOf(fn, name);
      const isTopical = isPubsub(type) || (isBlank(type) && isPubsub(declared?.type));
      return isTopical && isBlank(topic) ? required(TOPIC) : undefined;
    },
  );
}

function contradictionRule(references: References): Rule {
  const { example } = references;
  const declared =
    references === INPUTS
      ? { states: { store: { spec: { type: 'state.redis', version: 'v1', metadata: [] } } } }
      : BINDING;
  const [right, wrong] = references === INPUTS ? ['state.redis', 'state.mysql'] : ['bindings.kafka', 'bindings.mqtt'];
  return referenceRule(
    references,
    {
      id: 'type.as-declared',
      field: 'type',
      level: 'deny',
      about: [`${SERVING}.bindings`, `${SERVING}.pubsub`, `${SERVING}.states`],
      says: 'another than the component of this name is declared with',
      accepts: example({ name: 'store', type: right }, declared),
      refuses: example({ name: 'store', type: wrong }, declared),
    },
    (type, { name }, fn) => {
      const component = declaredOf(fn, name);
      if (typeof type !== 'string' || type === '' || typeof component?.type !== 'string') return undefined;
      if (type === component.type) return undefined;
      return invalid(type, `must be ${JSON.stringify(component.type)}, as declared in \`${component.place}\``);
    },
  );
}

function undeclaredRule(references: References): Rule {
  const { example } = references;
  return referenceRule(
    references,
    {
      id: 'name.declared',
      field: 'name',
      level: 'warn',
      says: 'declared in none of `bindings`, `pubsub`, `states`',
      accepts: example({ name: 'store' }, BINDING),
      refuses: example({ name: 'other' }, BINDING),
    },
    (name, _, fn) => {
      if (isBlank(name) || declaredOf(fn, name) !== undefined) return undefined;
      const detail = 'not declared in bindings/pubsub/states, will be looked up as an existing Component';
      return { reason: 'Invalid', value: name, detail };
    },
  );
}

const LISTS = [TRIGGERS, INPUTS, OUTPUTS];

export const DAPR_RULES: readonly Rule[] = [
  ...LISTS.map(nameRule),
  topicRule(TRIGGERS),
  topicRule(OUTPUTS),
  ...LISTS.map(contradictionRule),
  ...LISTS.map(undeclaredRule),
  referenceRule(
    INPUTS,
    {
      id: 'type.state',
      field: 'type',
      level: 'deny',
      says: 'no state store',
      twin: { words: { pattern: '^(state\\..*)?$' } },
      accepts: INPUTS.example({ name: 'store', type: 'state.redis' }),
      refuses: INPUTS.example({ name: 'store', type: 'pubsub.redis' }),
    },
    (type) =>
      typeof type === 'string' && type !== '' && !type.startsWith('state.') ? invalid(type, STATE) : undefined,
  ),
  ...DAPR_NAME_RULES,
];
