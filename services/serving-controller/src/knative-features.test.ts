import { CodedError } from '@openfunction/errors';
import type { KubeClient } from '@openfunction/kube';
import { silentLogger } from '@openfunction/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KnativeFeatures } from './knative-features.ts';
import { DEFAULT_CONFIG } from './operator-config.ts';

const REFUSED = new CodedError(
  'api.invalid',
  'must not set the field(s): spec.template.spec.containers[0].env[3].valueFrom.fieldRef',
);

function setUp(patch: () => Promise<void>) {
  const patched: unknown[] = [];
  const client = {
    patch: async (_kind: unknown, key: unknown, body: unknown) => {
      patched.push([key, body]);
      await patch();
    },
  } as unknown as KubeClient;
  return { patched, client, features: new KnativeFeatures(() => DEFAULT_CONFIG, silentLogger()) };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a refused field reference', () => {
  it('is allowed in the ConfigMap of Knative, once, and tried again', async () => {
    const { patched, client, features } = setUp(async () => {});
    const both = await Promise.all([features.remedy(REFUSED, client), features.remedy(REFUSED, client)]);
    expect([...both, await features.remedy(REFUSED, client)]).toEqual([true, true, true]);
    expect(patched).toEqual([
      [
        { namespace: 'knative-serving', name: 'config-features' },
        { data: { 'kubernetes.podspec-fieldref': 'enabled' } },
      ],
    ]);
  });

  it('is allowed again where Knative was installed anew, at most once a minute', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { patched, client, features } = setUp(async () => {});
    const later = (ms: number) => {
      vi.advanceTimersByTime(ms);
      return features.remedy(REFUSED, client);
    };
    expect([await later(0), await later(59_000), patched.length]).toEqual([true, false, 1]);
    expect([await later(1_000), await later(1_000), patched.length]).toEqual([true, true, 2]);
  });

  it('is told with what to do where that may not be changed', async () => {
    const { client, features } = setUp(async () => {
      throw new CodedError('api.forbidden', 'forbidden');
    });
    await expect(features.remedy(REFUSED, client)).rejects.toThrow(
      /Set kubernetes\.podspec-fieldref: enabled in ConfigMap knative-serving\/config-features.*forbidden/,
    );
  });

  it('is no other refusal', async () => {
    const { patched, client, features } = setUp(async () => {});
    expect(await features.remedy(new CodedError('api.invalid', 'no such image'), client)).toBe(false);
    expect(patched).toEqual([]);
  });
});
