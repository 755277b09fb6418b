import { readFileSync } from 'node:fs';
import type { KubeObject } from '@openfunction/api';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { foretellRefusal, privilegesIn } from './pod-security.ts';

const strategy = (spec: object): KubeObject => ({
  apiVersion: 'shipwright.io/v1beta1',
  kind: 'ClusterBuildStrategy',
  metadata: { name: 's' },
  spec,
});

const step = (securityContext: object) => strategy({ steps: [{ name: 'build', securityContext }] });

function ourStrategy(name: string): KubeObject {
  const file = new URL(`../../../../../deploy/strategies/${name}.yaml`, import.meta.url);
  const objects = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as KubeObject);
  return objects.find(({ kind }) => kind === 'ClusterBuildStrategy') as KubeObject;
}

describe('what only the level privileged admits', () => {
  test.each([
    ['nothing', strategy({ steps: [{ name: 'build' }] }), []],
    ['no steps at all', strategy({}), []],
    ['capabilities that baseline allows', step({ capabilities: { add: ['CHOWN', 'SETFCAP'], drop: ['ALL'] } }), []],
    ['a profile of the runtime', step({ privileged: false, seccompProfile: { type: 'RuntimeDefault' } }), []],
    ['a privileged step', step({ privileged: true }), ['step build is privileged']],
    [
      'a privileged step of v1alpha1',
      strategy({ buildSteps: [{ name: 'prepare', securityContext: { privileged: true } }] }),
      ['step prepare is privileged'],
    ],
    [
      'other capabilities',
      step({ capabilities: { add: ['CHOWN', 'SYS_ADMIN', 'NET_RAW'] } }),
      ['step build adds SYS_ADMIN, NET_RAW'],
    ],
    ['an unmasked proc', step({ procMount: 'Unmasked' }), ['step build mounts proc as Unmasked']],
    ['no seccomp profile', step({ seccompProfile: { type: 'Unconfined' } }), ['step build has no seccomp profile']],
    [
      'a folder of the node',
      strategy({
        steps: [],
        volumes: [
          { name: 'cache', emptyDir: {} },
          { name: 'store', hostPath: { path: '/var' } },
        ],
      }),
      ['volume store is a folder of the node'],
    ],
  ])('%s', (_, object, expected) => {
    expect(privilegesIn(object).baseline).toEqual(expected);
  });

  test.each(['openfunction', 'kaniko', 'buildah', 'ko', 'wasmedge'])('our strategy %s needs nothing of it', (name) => {
    const ours = ourStrategy(name);
    expect(ours['spec'].steps.length).toBeGreaterThan(0);
    expect(privilegesIn(ours).baseline).toEqual([]);
  });
});

describe('what the level restricted refuses for certain', () => {
  const TAME = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

  test.each([
    ['nothing of a step that leaves user and seccomp profile to the pod', step(TAME), []],
    ['nothing of one that says all', step({ ...TAME, runAsNonRoot: true, runAsUser: 1000 }), []],
    ['the user 0', step({ ...TAME, runAsUser: 0 }), ['step build runs as user 0']],
    [
      'the user 0 of the strategy, which its steps inherit',
      strategy({ securityContext: { runAsUser: 0 }, steps: [{ name: 'build', securityContext: TAME }] }),
      ['step build runs as user 0'],
    ],
    [
      'not where the step has a user of its own',
      strategy({
        securityContext: { runAsUser: 0 },
        steps: [{ name: 'build', securityContext: { ...TAME, runAsUser: 1 } }],
      }),
      [],
    ],
    ['root on principle', step({ ...TAME, runAsNonRoot: false }), ['step build has runAsNonRoot: false']],
    [
      'capabilities, but for NET_BIND_SERVICE',
      step({ ...TAME, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CHOWN'] } }),
      ['step build adds CHOWN'],
    ],
    [
      'a step that says nothing',
      strategy({ steps: [{ name: 'build' }] }),
      ['step build does not drop ALL, does not have allowPrivilegeEscalation: false'],
    ],
  ])('%s', (_, object, expected) => {
    expect(privilegesIn(object).restricted).toEqual(expected);
  });

  test.each(['openfunction', 'kaniko', 'buildah', 'wasmedge'])('our strategy %s, which runs as user 0', (name) => {
    expect(privilegesIn(ourStrategy(name)).restricted.join()).toContain('runs as user 0');
  });

  test('not our strategy ko', () => {
    expect(privilegesIn(ourStrategy('ko')).restricted).toEqual([]);
  });
});

describe('a refusal is foretold', () => {
  const asked = (baseline: string[]) => ({
    baseline,
    restricted: [...baseline, ...baseline.map((deed) => `${deed} too`)],
  });
  const namespace = (level?: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'demo', ...(level !== undefined && { labels: { 'pod-security.kubernetes.io/enforce': level } }) },
  });

  test.each([
    [
      'where baseline is enforced',
      ['step a is privileged'],
      namespace('baseline'),
      /^S needs more .*demo.*"baseline"\): step a/,
    ],
    [
      'where restricted is enforced',
      ['step a is privileged'],
      namespace('restricted'),
      /"restricted"\): step a is privileged; .* too\.$/,
    ],
  ])('%s', (_, privileges, object, expected) => {
    expect(foretellRefusal('S', asked(privileges), object)).toMatch(expected);
  });

  test.each([
    ['where nothing is asked', [], namespace('restricted')],
    ['where privileged is allowed', ['step a is privileged'], namespace('privileged')],
    ['where nothing is enforced', ['step a is privileged'], namespace()],
    ['of a namespace that is not known yet', ['step a is privileged'], undefined],
  ])('not %s', (_, privileges, object) => {
    expect(foretellRefusal('S', asked(privileges), object)).toBeUndefined();
  });
});
