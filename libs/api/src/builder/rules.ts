import { wordRule } from '../function/field-rules.ts';
import { partRules } from '../function/part-rules.ts';
import { immutableRule } from '../function/unchanged.ts';
import { BUILDER_CANCELLED } from '../names.ts';
import { type Rule, valueAt } from '../rules.ts';

function builder(more: object): unknown {
  return {
    spec: { image: 'registry/hello', builder: 'builder-go', srcRepo: { url: 'https://git.example/hello' }, ...more },
  };
}

/** Rules of Builder v1beta2, which the original does not check at all (Q42). */
export const BUILDER_RULES: readonly Rule[] = [
  ...partRules('build'),
  wordRule('N14', 'spec.state', [BUILDER_CANCELLED], (state) => builder({ state })),
  immutableRule({
    id: 'spec.immutable',
    number: 'N15',
    says: 'any change but of `state`',
    mutable: ['state'],
    why: 'is immutable: create a new Builder (edit the Function instead)',
    accepts: builder({ state: BUILDER_CANCELLED, timeout: '1h' }),
    refuses: builder({ image: 'registry/other', timeout: '60m' }),
    seen: { old: builder({ timeout: '60m' }) },
  }),
  {
    id: 'state.cancelled-for-good',
    number: 'N15',
    path: 'spec.state',
    on: ['update'],
    level: 'deny',
    says: 'a change away from `Cancelled`',
    twin: {
      at: 'spec',
      cel: `!has(oldSelf.state) || oldSelf.state != '${BUILDER_CANCELLED}' || (has(self.state) && self.state == '${BUILDER_CANCELLED}')`,
      message: 'a cancelled Builder stays cancelled',
    },
    broken: (object, { old }) => {
      const [state, stored] = [object, old].map((one) => valueAt(one, 'spec.state'));
      if (stored !== BUILDER_CANCELLED || state === BUILDER_CANCELLED) return undefined;
      return {
        reason: 'Forbidden',
        detail: 'a cancelled Builder stays cancelled: create a new one (edit the Function instead)',
      };
    },
    accepts: builder({ state: BUILDER_CANCELLED }),
    refuses: builder({}),
    seen: { old: builder({ state: BUILDER_CANCELLED }) },
  },
];
