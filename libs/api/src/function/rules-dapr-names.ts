import { ANNOTATION } from '../names.ts';
import {
  type Complaint,
  CREATE_AND_UPDATE,
  type FieldPath,
  isBlank,
  isObject,
  lookWithin,
  parentPath,
  type Rule,
  segments,
  valueAt,
} from '../rules.ts';
import { served } from './examples.ts';
import { isOther, saysWords } from './field-rules.ts';

/** Names that are accepted and do not what they seem to: of inputs and outputs that are called alike, and of Dapr's mode. */

const SERVING = 'spec.serving';
const MODES = ['standalone', 'sidecar'];
const MODE = `${SERVING}.annotations[${ANNOTATION.daprServiceMode}]`;
const BUS = { pubsub: { bus: { type: 'pubsub.redis', version: 'v1', metadata: [] } } };

interface Reference {
  /** The field of its name. */
  path: FieldPath;
  /** What the function calls it. */
  name: string;
  /** What Dapr knows of it: equal ones are the same source or target. */
  meant: string;
  topic: string;
}

/** The named references of a list. `member` holds the reference in each item, `field` a name of its own for it. */
function referencesOf(fn: unknown, list: string, { member, field }: { member: readonly string[]; field: string }) {
  const items = valueAt(fn, list);
  return (Array.isArray(items) ? items : []).flatMap((item, index): Reference[] => {
    const reference = valueAt(item, member);
    if (!isObject(reference) || isBlank(reference['name'])) return [];
    const [component = '', type = '', topic = '', own = ''] = ['name', 'type', 'topic', field].map((each) =>
      textOf(reference[each]),
    );
    const path = [...segments(list), index, ...member, 'name'];
    return [{ path, name: own || component, meant: `${component}\n${type}\n${topic}`, topic }];
  });
}

/** A value of another type is left to the schema; it may be anything. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A row about references that are alike by `key`; `likeness` says what is wrong with a later one. Lists may be long: each is looked at once. */
function alikeRule(
  row: Pick<Rule, 'id' | 'says' | 'accepts' | 'refuses'> & { list: string; member: readonly string[]; field: string },
  key: 'name' | 'meant',
  likeness: (first: Reference, later: Reference) => string,
): Rule {
  const { list, member, field, ...rest } = row;
  return {
    ...rest,
    number: 'N11',
    path: [`${list}[]`, ...member, 'name'].join('.'),
    about: [list],
    on: CREATE_AND_UPDATE,
    level: 'warn',
    ...lookWithin(parentPath(list), (_around, fn) => {
      const firsts = new Map<string, Reference>();
      const found = referencesOf(fn, list, { member, field }).flatMap((reference): Complaint[] => {
        const first = firsts.get(reference[key]);
        if (first === undefined) firsts.set(reference[key], reference);
        const { name: value, path: at } = reference;
        return first === undefined ? [] : [{ reason: 'Duplicate', value, detail: likeness(first, reference), at }];
      });
      return found.length === 0 ? undefined : found;
    }),
  };
}

function published(outputs: object[]): unknown {
  return served({ serving: { triggers: { http: {} }, ...BUS, outputs: outputs.map((dapr) => ({ dapr })) } });
}

function subscribed(topics: string[]): unknown {
  return served({ serving: { ...BUS, triggers: { dapr: topics.map((topic) => ({ name: 'bus', topic })) } } });
}

export const DAPR_NAME_RULES: readonly Rule[] = [
  alikeRule(
    {
      id: 'serving.triggers.dapr.different',
      list: `${SERVING}.triggers.dapr`,
      member: [],
      field: 'inputName',
      says: 'the same component and topic as in an earlier item',
      accepts: subscribed(['orders', 'refunds']),
      refuses: subscribed(['orders', 'orders']),
    },
    'meant',
    () => 'the same events as of an earlier item: they come once, so leave one out',
  ),
  alikeRule(
    {
      id: 'serving.outputs.name.different',
      list: `${SERVING}.outputs`,
      member: ['dapr'],
      field: 'outputName',
      says: 'the name of an earlier item, too',
      accepts: published([
        { name: 'bus', topic: 'a', outputName: 'a' },
        { name: 'bus', topic: 'b', outputName: 'b' },
      ]),
      refuses: published([
        { name: 'bus', topic: 'a' },
        { name: 'bus', topic: 'b' },
      ]),
    },
    'name',
    (first, later) => {
      const isTold = first.topic !== '' && first.topic !== later.topic;
      const earlier = isTold
        ? `is called ${JSON.stringify(`${first.name}-${first.topic}`)}`
        : 'may not be called at all';
      return `is the name of an earlier output, too, which ${earlier}; give each an \`outputName\``;
    },
  ),
  {
    id: 'serving.annotations.dapr-service-mode.known',
    number: 'N11',
    path: MODE,
    within: `${SERVING}.annotations`,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: `${saysWords(MODES)}: the function gets no Dapr`,
    broken: (fn) => {
      const mode = valueAt(fn, MODE);
      // An empty text is no default here: the annotation is there, and says nothing that is known.
      if (mode !== '' && !isOther(mode, MODES)) return undefined;
      return {
        reason: 'NotSupported',
        value: mode,
        detail: 'the function gets no Dapr: write "standalone" or "sidecar"',
      };
    },
    accepts: served({ serving: { annotations: { [ANNOTATION.daprServiceMode]: 'sidecar' } } }),
    refuses: served({ serving: { annotations: { [ANNOTATION.daprServiceMode]: 'Sidecar' } } }),
  },
];
