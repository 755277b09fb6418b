import { describe, expect, it } from 'vitest';
import type { AdmissionReview } from './admission-review.ts';
import { reviewMutating } from './review.ts';
import { REVIEWED_KINDS } from './reviewed-kinds.ts';

// What is refused of builds, in the words of the version and kind that is sent, on create and on update.

type Version = 'v1beta1' | 'v1beta2';
type Of = 'Function' | 'Builder';

/** An object of the kind with these fields of a build. */
function object(kind: Of, version: Version, build: object, spec: object = {}): object {
  const whole = { builder: 'builder-go', srcRepo: { url: 'https://git.example/hello' }, ...build };
  return {
    apiVersion: `core.openfunction.io/${version}`,
    kind,
    metadata: { name: 'hello', namespace: 'demo' },
    spec: { image: 'registry/hello', version: 'v1', ...spec, ...(kind === 'Function' ? { build: whole } : whole) },
  };
}

/** The refusals of an object, as `field: message`. */
function refusals(sent: object, old?: object): string[] {
  const { kind, apiVersion } = sent as { kind: Of; apiVersion: string };
  const [group, version] = apiVersion.split('/');
  const reviewed = REVIEWED_KINDS.find((each) => each.kind.kind === kind && each.version === version);
  if (reviewed === undefined) throw new Error(`${apiVersion} ${kind} is not reviewed`);
  const request = {
    uid: 'u1',
    kind: { group, version, kind },
    operation: old === undefined ? 'CREATE' : 'UPDATE',
    name: 'hello',
    namespace: 'demo',
    object: sent,
    oldObject: old ?? null,
  };
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
  const { response } = reviewMutating(review, reviewed, { newTraceparent: () => '' }).answer;
  return causesOf(response).map(({ field, message }) => `${field}: ${message}`);
}

function causesOf(response: AdmissionReview['response']): { field: string; message: string }[] {
  const details = response.status?.['details'] as { causes: { field: string; message: string }[] } | undefined;
  return details?.causes ?? [];
}

const LIST = [{ name: 'env', values: [{ value: 'A=b' }, { value: 'LD_PRELOAD=/x.so' }] }];
const TEXT = 'A=b#NODE_OPTIONS=--require=/x.js#';

describe('a parameter that changes the builder itself', () => {
  it.each<[Of, string, string]>([
    ['Function', 'spec.build.shipwright.params', 'spec.build.params'],
    ['Builder', 'spec.shipwright.params', 'spec.params'],
  ])('is refused in a %s', (kind, params, older) => {
    const [list] = refusals(object(kind, 'v1beta2', { shipwright: { params: LIST } }));
    expect(list).toContain(`${params}[0].values[1].value: Forbidden: LD_PRELOAD changes the builder itself`);
    const [text] = refusals(object(kind, 'v1beta2', { shipwright: { params: [{ name: 'ENV_VARS', value: TEXT }] } }));
    expect(text).toContain(`${params}[0].value: Forbidden: NODE_OPTIONS changes the builder itself`);
    const [map] = refusals(object(kind, 'v1beta1', { params: { ENV_VARS: TEXT } }));
    expect(map).toContain(`${older}.ENV_VARS: Forbidden: NODE_OPTIONS changes the builder itself`);
  });

  it('does not hold up a change of something else in an object that has it', () => {
    const of = (timeout: string) => object('Function', 'v1beta2', { timeout, shipwright: { params: LIST } });
    expect(refusals(of('2m'), of('1m'))).toEqual([]);
    const older = (timeout: string) => object('Function', 'v1beta1', { timeout, params: { ENV_VARS: TEXT } });
    expect(refusals(older('2m'), older('1m'))).toEqual([]);
  });

  it('is refused when a stored text becomes the environment by a new name of its parameter', () => {
    const of = (name: string) => object('Function', 'v1beta2', { shipwright: { params: [{ name, value: TEXT }] } });
    expect(refusals(of('ENV_VARS'), of('other'))).toHaveLength(1);
  });
});

describe('a Secret of another namespace', () => {
  const WRONG =
    'Invalid value: "other/secret": must be the name of a Secret in the Function\'s own namespace ' +
    "(lowercase letters, digits, '-' and '.', at most 253 characters); " +
    'copy it from the namespace "other" and write "secret"';
  const NAME = { name: 'other/secret' };
  const BUILD = { srcRepo: { url: 'https://git.example/hello', credentials: NAME }, builderCredentials: NAME };
  const SPEC = { imageCredentials: NAME };

  it.each<[Of, Version, string[]]>([
    ['Function', 'v1beta2', ['spec.build.srcRepo.credentials', 'spec.build.builderCredentials']],
    ['Function', 'v1beta1', ['spec.build.srcRepo.credentials', 'spec.build.builderCredentials']],
    ['Builder', 'v1beta2', ['spec.srcRepo.credentials', 'spec.builderCredentials']],
    ['Builder', 'v1beta1', ['spec.srcRepo.credentials', 'spec.builderCredentials']],
  ])('is refused wherever a %s of %s names one', (kind, version, fields) => {
    const wanted = ['spec.imageCredentials', ...fields].map((field) => `${field}.name: ${WRONG}`);
    expect(refusals(object(kind, version, BUILD, SPEC)).toSorted()).toEqual(wanted.toSorted());
  });

  it('is refused as the source of a parameter', () => {
    const from = { ...NAME, key: 'k' };
    const params = [
      { name: 'a', secretValue: from },
      { name: 'b', values: [{ value: '' }, { configMapValue: from }] },
    ];
    const found = refusals(object('Function', 'v1beta2', { shipwright: { params } }));
    expect(found).toEqual([
      `spec.build.shipwright.params[0].secretValue.name: ${WRONG}`,
      `spec.build.shipwright.params[1].values[1].configMapValue.name: ${WRONG.replace('Secret', 'ConfigMap')}`,
    ]);
  });

  it('does not hold up a change of something else in an object that names one', () => {
    for (const version of ['v1beta1', 'v1beta2'] as const) {
      const of = (timeout: string) => object('Function', version, { ...BUILD, timeout }, SPEC);
      expect(refusals(of('2m'), of('1m'))).toEqual([]);
    }
  });

  it.each(['Secret', 'a_b', '-a', 'a.', 'a/b/c', '../secret', 'a'.repeat(254)])('nor may it be named %s', (name) => {
    const [found] = refusals(object('Function', 'v1beta2', {}, { imageCredentials: { name } }));
    expect(found).toContain('must be the name of a Secret');
    expect(found).not.toContain('copy it');
  });

  it.each(['a', 'push-secret', 'registry.example.com', '0', 'a'.repeat(253)])('while %s is a name', (name) => {
    expect(refusals(object('Function', 'v1beta2', {}, { imageCredentials: { name } }))).toEqual([]);
  });
});
