import { FUNCTION } from '@openfunction/api';
import { expect } from 'vitest';
import { type NumberedCase, reviewedKind } from './numbered.ts';

const SCALE = 'spec.serving.scaleOptions';
const KEDA = `${SCALE}.keda`;
const BEHAVIOR = `${KEDA}.scaledObject.advanced.horizontalPodAutoscalerConfig.behavior`;

/** A spec that is only served, with these scale options. */
function scaled(scaleOptions: object) {
  return { image: 'test', serving: { triggers: { http: {} }, scaleOptions } };
}

const parts = { image: 'test', imageCredentials: { name: 'secret' } };
const build = { builder: 'b', srcRepo: { url: 'u' } };
const built = (more: object) => ({ ...parts, build: { ...build, ...more } });
const behaving = (behavior: object) =>
  scaled({ keda: { scaledObject: { advanced: { horizontalPodAutoscalerConfig: { behavior } } } } });
const policy = { type: 'Pods', value: 1, periodSeconds: 60 };

/** The original's own unit test (§4.1), judged through schema and rules together: the case, and the fields it is refused for. */
const CASES: [number, object, string[]][] = [
  [1, { ...parts, image: '', serving: {} }, ['spec.image']],
  [2, { image: 'test', build: {} }, ['spec.build.srcRepo', 'spec.build.builder']],
  [
    3,
    { image: 'test', imageCredentials: {}, build: {} },
    ['spec.imageCredentials.name', 'spec.build.srcRepo', 'spec.build.builder'],
  ],
  [4, { ...parts, build: {} }, ['spec.build.srcRepo', 'spec.build.builder']],
  [5, { ...parts, build: { builder: 'b', srcRepo: {} } }, ['spec.build.srcRepo']],
  [6, { ...parts, build: { ...build, timeout: '-1ns' } }, ['spec.build.timeout']],
  [7, { ...parts, build: { ...build, successfulBuildsHistoryLimit: -1 } }, ['spec.build.successfulBuildsHistoryLimit']],
  [8, { ...parts, build: { ...build, failedBuildsHistoryLimit: -1 } }, ['spec.build.failedBuildsHistoryLimit']],
  [9, { ...parts, build: { ...build, builderMaxAge: '-1ns' } }, ['spec.build.builderMaxAge']],
  [15, { ...parts, serving: { triggers: { http: {} }, scaleOptions: { keda: {} } } }, []],
  [10, built({ shipwright: { strategy: { name: 's', kind: 'test' } } }), ['spec.build.shipwright.strategy.kind']],
  [11, built({ shipwright: { timeout: '-1ns' } }), ['spec.build.shipwright.timeout']],
  [12, scaled({ minReplicas: -1 }), [`${SCALE}.minReplicas`]],
  [13, scaled({ maxReplicas: -1 }), [`${SCALE}.maxReplicas`]],
  [14, scaled({ minReplicas: 5, maxReplicas: 0 }), [`${SCALE}.minReplicas`]],
  [
    16,
    scaled({ keda: { httpScaledObject: { targetPendingRequests: -1 } } }),
    [`${KEDA}.httpScaledObject.targetPendingRequests`],
  ],
  [17, scaled({ keda: { httpScaledObject: { cooldownPeriod: -1 } } }), [`${KEDA}.httpScaledObject.cooldownPeriod`]],
  [18, scaled({ keda: { scaledObject: { pollingInterval: -1 } } }), [`${KEDA}.scaledObject.pollingInterval`]],
  [19, scaled({ keda: { scaledObject: { cooldownPeriod: -1 } } }), [`${KEDA}.scaledObject.cooldownPeriod`]],
  [20, behaving({ scaleUp: { stabilizationWindowSeconds: -1 } }), [`${BEHAVIOR}.scaleUp.stabilizationWindowSeconds`]],
  [21, behaving({ scaleUp: { stabilizationWindowSeconds: 3601 } }), [`${BEHAVIOR}.scaleUp.stabilizationWindowSeconds`]],
  [22, behaving({ scaleUp: { selectPolicy: 'test' } }), [`${BEHAVIOR}.scaleUp.selectPolicy`]],
  [23, behaving({ scaleUp: { policies: [{ ...policy, type: 'test' }] } }), [`${BEHAVIOR}.scaleUp.policies[0].type`]],
  [
    24,
    behaving({ scaleUp: { policies: [{ ...policy, periodSeconds: -1 }] } }),
    [`${BEHAVIOR}.scaleUp.policies[0].periodSeconds`],
  ],
  [
    25,
    behaving({ scaleDown: { stabilizationWindowSeconds: 3601 } }),
    [`${BEHAVIOR}.scaleDown.stabilizationWindowSeconds`],
  ],
  [26, behaving({ scaleDown: { selectPolicy: 'test' } }), [`${BEHAVIOR}.scaleDown.selectPolicy`]],
  [
    27,
    behaving({ scaleDown: { policies: [policy, { ...policy, type: 'test' }] } }),
    [`${BEHAVIOR}.scaleDown.policies[1].type`],
  ],
  [
    28,
    behaving({ scaleDown: { policies: [{ ...policy, periodSeconds: -1 }] } }),
    [`${BEHAVIOR}.scaleDown.policies[0].periodSeconds`],
  ],
  [30, scaled({ keda: { triggers: [{ type: 'activemq' }] } }), [`${KEDA}.triggers[0].metadata`]],
  // The original accepts these two (its test says TODO); N12 refuses them.
  [29, scaled({ keda: { triggers: [{ type: '', metadata: { a: 'b' } }] } }), [`${KEDA}.triggers[0].type`]],
  [
    31,
    scaled({
      keda: { triggers: [{ type: 'cron', metadata: { a: 'b' }, authenticationRef: { name: 'a', kind: 'test' } }] },
    }),
    [`${KEDA}.triggers[0].authenticationRef.kind`],
  ],
  // The original fills in failureThreshold 0 and speaks of that one alone.
  [
    32,
    scaled({ keda: { scaledObject: { fallback: { replicas: -1 } } } }),
    [`${KEDA}.scaledObject.fallback.failureThreshold`, `${KEDA}.scaledObject.fallback.replicas`],
  ],
];

export const REFERENCE_CASES: readonly NumberedCase[] = CASES.map(([number, spec, fields]) => ({
  number: `§4.1-${number}`,
  what: fields.length === 0 ? 'is let pass' : `is refused for ${fields.join(', ')}`,
  show: async (https) => {
    https.know({});
    const verdict = await https.mutate(reviewedKind(FUNCTION), { object: { spec } });
    expect(verdict.fields).toEqual(fields);
    expect(verdict.allowed).toBe(fields.length === 0);
  },
}));
