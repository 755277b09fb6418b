import {
  type Complaint,
  CREATE_AND_UPDATE,
  invalid,
  isAbsent,
  isBlank,
  isObject,
  type Rule,
  required,
  type Twin,
  unsupported,
  valueAt,
} from '../rules.ts';
import { scaled } from './examples.ts';
import { type Bounds, boundsRule, hasText, itemRule, outside, saysBounds, saysWords, wordRule } from './field-rules.ts';

const SCALE = 'spec.serving.scaleOptions';
const KEDA = `${SCALE}.keda`;
const JOB = `${KEDA}.scaledJob`;
const STRATEGY = `${JOB}.scalingStrategy`;
const SCALERS = ['scaledJob', 'scaledObject', 'httpScaledObject'] as const;
const ONE_SCALER = 'at most one of `scaledJob`, `scaledObject` and `httpScaledObject` may be set';
const COUNT = { minimum: 0 };

function scaledObject(fields: object): unknown {
  return scaled({ keda: { scaledObject: fields } });
}

function scaledJob(fields: object): unknown {
  return scaled({ keda: { scaledJob: fields } });
}

function strategy(fields: object): unknown {
  return scaledJob({ scalingStrategy: fields });
}

/** A count below one of KEDA's scalers that must not be negative. */
function kedaCount(number: string, scaler: (typeof SCALERS)[number], field: string): Rule {
  return boundsRule(number, `${KEDA}.${scaler}.${field}`, COUNT, (value) =>
    scaled({ keda: { [scaler]: { [field]: value } } }),
  );
}

/** A field of each scaling policy of one direction; the complaint names the policy by its index (Q12). */
function policyRule(
  row: Pick<Rule, 'number' | 'says'> & { twin: Twin; direction: string; field: string; right: unknown; wrong: unknown },
  broken: (value: unknown) => Complaint | undefined,
): Rule {
  const { direction, field, right, wrong, ...rest } = row;
  const policies = `${KEDA}.scaledObject.advanced.horizontalPodAutoscalerConfig.behavior.${direction}.policies`;
  const example = (value: unknown) => {
    const policy = { type: 'Pods', value: 1, periodSeconds: 60, [field]: value };
    const behavior = { [direction]: { policies: [policy] } };
    return scaledObject({ advanced: { horizontalPodAutoscalerConfig: { behavior } } });
  };
  const id = `${policies.slice('spec.'.length)}.${field}`;
  return itemRule({ ...rest, id, list: policies, field, accepts: example(right), refuses: example(wrong) }, broken);
}

/** A number in each scaling policy. */
function policyBounds(number: string, direction: string, field: string, bounds: Bounds): Rule {
  const row = { number, direction, field, says: saysBounds(bounds), twin: { words: bounds } };
  return policyRule({ ...row, right: bounds.maximum ?? bounds.minimum, wrong: bounds.minimum - 1 }, (value) => {
    const wrong = outside(value, bounds);
    return wrong === undefined ? undefined : invalid(value, wrong);
  });
}

/** Speed of scaling in one direction. Kubernetes wants a period of 1 to 1800 s and a value above 0 (Q22). */
function behaviorRules(direction: string, numbers: readonly [string, string, string, string]): Rule[] {
  const path = `${KEDA}.scaledObject.advanced.horizontalPodAutoscalerConfig.behavior.${direction}`;
  const example = (field: string) => (value: unknown) =>
    scaledObject({ advanced: { horizontalPodAutoscalerConfig: { behavior: { [direction]: { [field]: value } } } } });
  const [window, select, type, period] = numbers;
  const types = ['Pods', 'Percent'];
  return [
    boundsRule(
      window,
      `${path}.stabilizationWindowSeconds`,
      { minimum: 0, maximum: 3600 },
      example('stabilizationWindowSeconds'),
    ),
    wordRule(select, `${path}.selectPolicy`, ['Max', 'Min', 'Disabled'], example('selectPolicy')),
    policyRule(
      {
        number: type,
        direction,
        field: 'type',
        right: 'Percent',
        wrong: 'test',
        says: saysWords(types),
        twin: { words: { enum: types } },
      },
      (value) => (typeof value === 'string' && !types.includes(value) ? unsupported(value, types) : undefined),
    ),
    policyBounds(period, direction, 'periodSeconds', { minimum: 1, maximum: 1800 }),
    policyBounds('Q22', direction, 'value', { minimum: 1 }),
  ];
}

function scalersOf(fn: unknown): string[] {
  return SCALERS.filter((scaler) => isObject(valueAt(fn, `${KEDA}.${scaler}`)));
}

/** A setting that the scaling strategy `custom` cannot do without. */
function customRule(number: string, field: string, rest: object, value: unknown): Rule {
  const path = `${STRATEGY}.${field}`;
  return {
    id: `${path.slice('spec.'.length)}.given`,
    number,
    path,
    within: STRATEGY,
    about: [`${STRATEGY}.strategy`],
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'absent or blank, when `strategy` is `custom`',
    twin: {
      at: STRATEGY,
      cel: `!has(self.strategy) || self.strategy != 'custom' || ${typeof value === 'string' ? hasText(`self.${field}`) : `has(self.${field})`}`,
      message: `\`${field}\` must be specified when \`strategy\` is "custom"`,
    },
    broken: (fn) => {
      if (valueAt(fn, `${STRATEGY}.strategy`) !== 'custom' || !isBlank(valueAt(fn, path))) return undefined;
      return required('must be specified when `strategy` is "custom"');
    },
    accepts: strategy({ strategy: 'custom', ...rest, [field]: value }),
    refuses: strategy({ strategy: 'custom', ...rest }),
  };
}

/** A decimal as KEDA reads it; a percentage as the original wants it is accepted too (Q14). */
const FRACTION = /^(\d+(\.\d*)?|\.\d+) *%?$/;

/** No real fraction is longer. */
const LONGEST_FRACTION = 100;

/** `spec.serving.scaleOptions`. */
export const SCALE_RULES: readonly Rule[] = [
  boundsRule('V12', `${SCALE}.minReplicas`, COUNT, (minReplicas) => scaled({ minReplicas })),
  boundsRule('V13', `${SCALE}.maxReplicas`, COUNT, (maxReplicas) => scaled({ maxReplicas })),
  {
    // The original takes an absent maximum for 10, which nothing applies (Q16).
    id: 'serving.scaleOptions.min-le-max',
    number: 'V14',
    path: `${SCALE}.minReplicas`,
    within: SCALE,
    about: [`${SCALE}.maxReplicas`],
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'above `maxReplicas`, when both are set',
    twin: {
      at: SCALE,
      cel: '!has(self.minReplicas) || !has(self.maxReplicas) || self.maxReplicas < 0 || self.minReplicas <= self.maxReplicas',
      message: '`minReplicas` must be at most `maxReplicas`',
    },
    broken: (fn) => {
      const [min, max] = ['minReplicas', 'maxReplicas'].map((field) => valueAt(fn, `${SCALE}.${field}`));
      // A maximum below zero is V13's; whatever the minimum, it is wrong.
      const isTooMany = typeof min === 'number' && typeof max === 'number' && max >= 0 && min > max;
      return isTooMany ? invalid(min, `must be at most \`maxReplicas\` (${max})`) : undefined;
    },
    accepts: scaled({ minReplicas: 11 }),
    refuses: scaled({ minReplicas: 5, maxReplicas: 0 }),
  },
  {
    id: 'serving.scaleOptions.keda.one-scaler',
    number: 'V15',
    path: KEDA,
    within: KEDA,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'more than one of `scaledJob`, `scaledObject`, `httpScaledObject`',
    twin: {
      at: KEDA,
      cel: `[${SCALERS.map((scaler) => `has(self.${scaler})`).join(', ')}].filter(given, given).size() < 2`,
      message: ONE_SCALER,
    },
    broken: (fn) => (scalersOf(fn).length < 2 ? undefined : { reason: 'Forbidden', detail: ONE_SCALER }),
    accepts: scaled({ keda: {} }),
    refuses: scaled({ keda: { scaledJob: {}, scaledObject: {} } }),
  },
  kedaCount('V16', 'httpScaledObject', 'targetPendingRequests'),
  kedaCount('V17', 'httpScaledObject', 'cooldownPeriod'),
  kedaCount('V18', 'scaledObject', 'pollingInterval'),
  kedaCount('V19', 'scaledObject', 'cooldownPeriod'),
  ...behaviorRules('scaleUp', ['V20', 'V21', 'V22', 'V23']),
  ...behaviorRules('scaleDown', ['V24', 'V25', 'V26', 'V27']),
  boundsRule('V28', `${KEDA}.scaledObject.fallback.failureThreshold`, { minimum: 1 }, (failureThreshold) =>
    scaledObject({ fallback: { failureThreshold, replicas: 1 } }),
  ),
  boundsRule('V29', `${KEDA}.scaledObject.fallback.replicas`, COUNT, (replicas) =>
    scaledObject({ fallback: { failureThreshold: 1, replicas } }),
  ),
  // The original allows Always, which no Job may have (Q15).
  wordRule('V30', `${JOB}.restartPolicy`, ['OnFailure', 'Never'], (restartPolicy) => scaledJob({ restartPolicy })),
  kedaCount('V31', 'scaledJob', 'pollingInterval'),
  kedaCount('V32', 'scaledJob', 'successfulJobsHistoryLimit'),
  kedaCount('V33', 'scaledJob', 'failedJobsHistoryLimit'),
  wordRule('V34', `${STRATEGY}.strategy`, ['default', 'custom', 'accurate'], (name) => strategy({ strategy: name })),
  customRule('V35', 'customScalingQueueLengthDeduction', { customScalingRunningJobPercentage: '0.5' }, 1),
  customRule('V36', 'customScalingRunningJobPercentage', { customScalingQueueLengthDeduction: 1 }, '0.5'),
  boundsRule('V37', `${STRATEGY}.customScalingQueueLengthDeduction`, COUNT, (customScalingQueueLengthDeduction) =>
    strategy({ customScalingQueueLengthDeduction }),
  ),
  {
    id: 'serving.scaleOptions.keda.scaledJob.scalingStrategy.customScalingRunningJobPercentage.decimal',
    number: 'V38',
    path: `${STRATEGY}.customScalingRunningJobPercentage`,
    within: STRATEGY,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'no decimal number (a trailing `%` is accepted)',
    twin: { words: { maxLength: LONGEST_FRACTION, pattern: `^(${FRACTION.source.slice(1, -1)})?$` } },
    broken: (fn) => {
      const text = valueAt(fn, `${STRATEGY}.customScalingRunningJobPercentage`);
      if (isAbsent(text) || typeof text !== 'string' || text === '') return undefined;
      const isFraction = text.length <= LONGEST_FRACTION && FRACTION.test(text);
      return isFraction ? undefined : invalid(text, 'must be a decimal number such as "0.5"');
    },
    accepts: strategy({ customScalingRunningJobPercentage: '50%' }),
    refuses: strategy({ customScalingRunningJobPercentage: '.. %' }),
  },
  {
    // Accepted as the original wants it; the number is what the ScaledJob gets.
    id: 'serving.scaleOptions.keda.scaledJob.scalingStrategy.customScalingRunningJobPercentage.percent',
    number: 'Q14',
    path: `${STRATEGY}.customScalingRunningJobPercentage`,
    within: STRATEGY,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'with a `%`',
    broken: (fn) => {
      const text = valueAt(fn, `${STRATEGY}.customScalingRunningJobPercentage`);
      const isPercentage = typeof text === 'string' && text.length <= LONGEST_FRACTION && text.endsWith('%');
      return isPercentage ? invalid(text, 'KEDA reads a decimal number: write "0.5" for "50%"') : undefined;
    },
    accepts: strategy({ customScalingRunningJobPercentage: '0.5' }),
    refuses: strategy({ customScalingRunningJobPercentage: '50%' }),
  },
  {
    id: 'serving.scaleOptions.keda.scaledJob.restartPolicy.stored',
    number: 'Q15',
    path: `${JOB}.restartPolicy`,
    within: JOB,
    on: ['update'],
    level: 'warn',
    says: 'stored as `Always`, before that was refused',
    broken: (fn, { old }) => {
      const [policy, stored] = [fn, old].map((object) => valueAt(object, `${JOB}.restartPolicy`));
      return policy === 'Always' && stored === 'Always'
        ? invalid(policy, 'no Job may have it: OnFailure is used')
        : undefined;
    },
    accepts: scaledJob({ restartPolicy: 'Never' }),
    refuses: scaledJob({ restartPolicy: 'Always' }),
    seen: { old: scaledJob({ restartPolicy: 'Always' }) },
  },
];
