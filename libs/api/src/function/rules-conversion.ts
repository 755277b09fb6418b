import { convert } from '../conversion/convert-object.ts';
import { type Plugins, parseHooks, parseTracing } from '../conversion/plugins.ts';
import { PRESERVED_LIMIT, preservedSize } from '../conversion/preserved.ts';
import { ANNOTATION } from '../names.ts';
import { CREATE_AND_UPDATE, invalid, type Rule, valueAt } from '../rules.ts';
import { served } from './examples.ts';

/** What conversion cannot refuse, because it must take every stored object, is refused when it is written. */

const V1BETA1 = 'core.openfunction.io/v1beta1';
const V1BETA2 = 'core.openfunction.io/v1beta2';

function annotated(name: string, text: string): unknown {
  return { metadata: { annotations: { [name]: text } }, ...(served({}) as object) };
}

/** An annotation that configures plugins as v1beta1 did, in YAML. */
function pluginsRule(name: string, form: string, parse: (text: string) => Plugins, right: string): Rule {
  return {
    id: `annotations.${name}.yaml`,
    number: 'C6',
    path: `metadata.annotations.[${name}]`,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'no YAML of this form',
    broken: (fn) => {
      const text = valueAt(fn, ['metadata', 'annotations', name]);
      const problem = typeof text === 'string' ? parse(text).problem : undefined;
      return problem === undefined ? undefined : invalid(text, `must be YAML such as ${form}: ${problem}`);
    },
    accepts: annotated(name, right),
    refuses: annotated(name, '[unclosed'),
  };
}

const LARGE = {
  params: Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`P${index}`, 'x'.repeat(26_000)])),
};

export const CONVERSION_RULES: readonly Rule[] = [
  pluginsRule(ANNOTATION.plugins, '"pre: [a]\\npost: [b]"', parseHooks, 'pre: [a]\npost: [b]'),
  pluginsRule(
    ANNOTATION.pluginsTracing,
    '"enabled: true\\nprovider: {name: skywalking}"',
    parseTracing,
    'enabled: true\nprovider:\n  name: skywalking\n',
  ),
  {
    // Reading has no limit; but what an annotation cannot hold must not be stored.
    id: 'preserved.size',
    number: 'C11',
    // Not the annotation, which is on the converted object alone.
    path: 'spec',
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: `what v1beta1 cannot say is more than ${PRESERVED_LIMIT / 1024} KiB`,
    broken: (fn, { bytes }) => {
      if (bytes === undefined || bytes <= PRESERVED_LIMIT) return undefined;
      const object = { ...(fn as object), apiVersion: V1BETA2, kind: 'Function' };
      const converted = convert(object, V1BETA1);
      const size = 'object' in converted ? preservedSize(converted.object) : 0;
      if (size <= PRESERVED_LIMIT) return undefined;
      const detail = `clients of v1beta1 get what it cannot say in an annotation, of at most ${PRESERVED_LIMIT} bytes: make the spec smaller`;
      return { reason: 'Invalid', value: size, detail };
    },
    accepts: served({}),
    refuses: served({
      serving: { bindings: {}, hooks: { pre: Array(300).fill('x'.repeat(1000)), policy: 'Override' }, ...LARGE },
    }),
    seen: { bytes: 520_000 },
  },
];
