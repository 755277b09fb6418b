import { FUNCTION, FUNCTION_DEFAULTS, FUNCTION_RULES, unsupported } from '@openfunction/api';
import { FUNCTION_SCHEMA } from '@openfunction/api/schemas';
import { describe, expect, it } from 'vitest';
import { type ReviewedKind, reviewMutating } from './review.ts';

const REVIEWED: ReviewedKind = {
  kind: FUNCTION,
  version: 'v1beta2',
  schema: FUNCTION_SCHEMA,
  defaults: FUNCTION_DEFAULTS,
  rules: FUNCTION_RULES,
};

function reviewOf(object: unknown): unknown {
  const request = { uid: 'u1', operation: 'CREATE', dryRun: true, object };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
}

/** The fields that the mutating review refuses an object for. */
function fields(object: unknown): string[] {
  const { answer } = reviewMutating(reviewOf(object), REVIEWED, { newTraceparent: () => '' });
  const details = answer.response.status?.['details'] as { causes: { field: string }[] } | undefined;
  return details?.causes.map(({ field }) => field) ?? [];
}

const SCALE = 'spec.serving.scaleOptions';
const KEDA = `${SCALE}.keda`;
const BEHAVIOR = `${KEDA}.scaledObject.advanced.horizontalPodAutoscalerConfig.behavior`;
const STRATEGY = `${KEDA}.scaledJob.scalingStrategy`;

/** A spec that is only served, with these scale options. */
function scaled(scaleOptions: object) {
  return { image: 'test', serving: { triggers: { http: {} }, scaleOptions } };
}

/** The original's own unit test, judged through schema and rules together; numbers are those of the specification. */
describe('cases of the original', () => {
  const parts = { image: 'test', imageCredentials: { name: 'secret' } };
  const build = { builder: 'b', srcRepo: { url: 'u' } };
  const built = (more: object) => ({ ...parts, build: { ...build, ...more } });
  const behaving = (behavior: object) =>
    scaled({ keda: { scaledObject: { advanced: { horizontalPodAutoscalerConfig: { behavior } } } } });
  const policy = { type: 'Pods', value: 1, periodSeconds: 60 };

  it.each<[number, object, string[]]>([
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
    [
      7,
      { ...parts, build: { ...build, successfulBuildsHistoryLimit: -1 } },
      ['spec.build.successfulBuildsHistoryLimit'],
    ],
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
    [
      21,
      behaving({ scaleUp: { stabilizationWindowSeconds: 3601 } }),
      [`${BEHAVIOR}.scaleUp.stabilizationWindowSeconds`],
    ],
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
  ])('case %i of §4.1 is judged as there, at the right field', (_, spec, expected) => {
    expect(fields({ metadata: { name: 'f' }, spec })).toEqual(expected);
  });
});

/** Objects on which the specification wants another verdict or another path than the original's. */
describe('verdicts of §4.4 and of the column "build instead"', () => {
  const custom = { strategy: 'custom', customScalingQueueLengthDeduction: 1 };
  const percentage = (customScalingRunningJobPercentage: string) =>
    scaled({ keda: { scaledJob: { scalingStrategy: { ...custom, customScalingRunningJobPercentage } } } });
  const http = (fields: object) => ({ image: 'i', serving: { triggers: { http: fields } } });

  it.each<[string, object, string[]]>([
    ['image and serving {}', { image: 'i', serving: {} }, []],
    ['V40 neither build nor serving', { image: 'i' }, ['spec.serving']],
    ['Q17 engine ""', http({ engine: '' }), []],
    ['Q18 engine Keda', http({ engine: 'Keda' }), ['spec.serving.triggers.http.engine']],
    ['Q10 port -1', http({ port: -1 }), ['spec.serving.triggers.http.port']],
    ['Q16 minReplicas 11 alone', scaled({ minReplicas: 11 }), []],
    ['V15 two scalers', scaled({ keda: { scaledJob: {}, scaledObject: {} } }), [KEDA]],
    ['Q14 percentage 0.5', percentage('0.5'), []],
    ['Q14 percentage 50%', percentage('50%'), []],
    ['Q14 percentage .. %', percentage('.. %'), [`${STRATEGY}.customScalingRunningJobPercentage`]],
    ['V36 no percentage', percentage(''), [`${STRATEGY}.customScalingRunningJobPercentage`]],
    [
      'Q15 restartPolicy Always',
      scaled({ keda: { scaledJob: { restartPolicy: 'Always' } } }),
      [`${KEDA}.scaledJob.restartPolicy`],
    ],
    [
      'Q20 bundleContainer {}',
      { image: 'i', build: { builder: 'b', srcRepo: { bundleContainer: {} } } },
      ['spec.build.srcRepo.bundleContainer.image'],
    ],
    ['build without srcRepo', { image: 'i', build: { builder: 'b' } }, ['spec.build.srcRepo']],
    [
      'four mistakes in one answer',
      {
        image: 'i',
        serving: { triggers: { http: { port: 99999 } }, timeout: '-1h', workloadType: 'x', hooks: { policy: 'x' } },
      },
      [
        'spec.serving.triggers.http.port',
        'spec.serving.workloadType',
        'spec.serving.timeout',
        'spec.serving.hooks.policy',
      ],
    ],
  ])('%s', (_, spec, expected) => {
    expect(fields({ metadata: { name: 'f' }, spec })).toEqual(expected);
  });

  it('Q18 suggests the word that was meant', () => {
    expect(unsupported('Keda', ['knative', 'keda']).detail).toBe(
      'supported values: "knative", "keda"; did you mean "keda"?',
    );
    expect(unsupported('x', ['knative', 'keda']).detail).toBe('supported values: "knative", "keda"');
  });

  it('Q15 leaves a stored restartPolicy Always, and an update of the rest, alone', () => {
    const stored = { metadata: { name: 'f' }, spec: scaled({ keda: { scaledJob: { restartPolicy: 'Always' } } }) };
    const changed = { ...stored, spec: { ...stored.spec, image: 'other' } };
    const request = { uid: 'u1', operation: 'UPDATE', dryRun: true, object: changed, oldObject: stored };
    const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
    expect(reviewMutating(body, REVIEWED, { newTraceparent: () => '' }).verdict).toBe('allowed');
  });
});
