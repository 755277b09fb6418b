import { partRules } from '../function/part-rules.ts';
import { immutableRule } from '../function/unchanged.ts';
import { CREATE_AND_UPDATE, isAbsent, isObject, type Rule, required, valueAt } from '../rules.ts';

const MISSING = 'must be specified';

function serving(more: object): unknown {
  return { spec: { image: 'registry/hello', triggers: { http: { port: 8080 } }, ...more } };
}

/** The triggers without the route, which is applied in place. */
function withoutRoute(name: string, value: unknown): unknown {
  const http = valueAt(value, 'http');
  return name === 'triggers' && isObject(value) && isObject(http)
    ? { ...value, http: { ...http, route: undefined } }
    : value;
}

/** Rules of Serving v1beta2, which the original does not check at all (Q42). */
export const SERVING_RULES: readonly Rule[] = [
  ...partRules('serving'),
  {
    // The original's controller crashes on a Serving without.
    id: 'triggers.given',
    number: 'N16',
    path: 'spec.triggers',
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'absent',
    twin: { at: 'spec', cel: 'has(self.triggers)', message: '`triggers` must be specified' },
    broken: (object) => {
      const spec = valueAt(object, 'spec');
      return isObject(spec) && isAbsent(spec['triggers']) ? required(MISSING) : undefined;
    },
    accepts: serving({}),
    refuses: { spec: { image: 'registry/hello' } },
  },
  immutableRule({
    id: 'spec.immutable',
    number: 'N17',
    says: 'any change but of `scaleOptions`, `labels`, `annotations`, `timeout` and `triggers.http.route`',
    // What the function-controller applies in place.
    mutable: ['scaleOptions', 'labels', 'annotations', 'timeout'],
    settled: withoutRoute,
    why: 'is immutable: edit the Function instead',
    accepts: serving({
      timeout: '5m',
      scaleOptions: { minReplicas: 1 },
      triggers: { http: { port: 8080, route: { hostnames: ['a.b'] } } },
    }),
    refuses: serving({ triggers: { http: { port: 9000 } } }),
    seen: { old: serving({}) },
  }),
];
