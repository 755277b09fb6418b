import { CREATE_AND_UPDATE, isAbsent, type Rule, required, valueAt } from '../rules.ts';

/** Rules on objects as v1beta1 writes them; all others look at the object that they become. */

/** An async function without inputs has nothing that could call it; the original makes an HTTP function of it (C10). */
function inputsRule(serving: string, example: (serving: object) => unknown): Rule {
  return {
    id: `${serving}.inputs.given`,
    number: 'C10',
    path: `${serving}.inputs`,
    about: [`${serving}.runtime`],
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'absent or empty, when `runtime` is `async`',
    broken: (object) => {
      const inputs = valueAt(object, `${serving}.inputs`);
      const isEmpty = isAbsent(inputs) || (Array.isArray(inputs) && inputs.length === 0);
      const isAsync = valueAt(object, `${serving}.runtime`) === 'async';
      return isAsync && isEmpty ? required('must be specified when `runtime` is "async"') : undefined;
    },
    accepts: example({ runtime: 'async', inputs: [{ name: 'in', component: 'cron' }] }),
    refuses: example({ runtime: 'async' }),
  };
}

export const FUNCTION_V1BETA1_RULES: readonly Rule[] = [
  inputsRule('spec.serving', (serving) => ({ spec: { image: 'registry/hello', serving } })),
];
export const SERVING_V1BETA1_RULES: readonly Rule[] = [
  inputsRule('spec', (serving) => ({ spec: { image: 'registry/hello', ...serving } })),
];
