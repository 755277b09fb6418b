import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  builderName,
  buildName,
  buildRunName,
  defaultBuildStrategy,
  knativeServiceName,
  labelValue,
  MAX_STATEFUL_SET_NAME,
  revisionName,
  servingChildName,
  servingName,
  shortHash,
} from './names.ts';

const DNS_LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

describe('shortHash', () => {
  it('stays the same for ever: another value would make every child anew', () => {
    expect(shortHash('7d9f8c6e-0000-4000-8000-000000000001', 'v1:abc')).toBe('g24baxhgl2');
  });

  it('is ten characters, the first one a letter', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (uid, hash, previous) => {
        expect(shortHash(uid, hash, previous)).toMatch(/^[a-z][a-z0-9]{9}$/);
      }),
    );
  });

  it('repeats itself for the same parent, content and predecessor, and for nothing else', () => {
    const seeds = [
      ['u', 'h'],
      ['u', 'h', 'p'],
      ['u', 'i'],
      ['v', 'h'],
      ['uh', ''],
      ['', 'uh'],
      ['u', '', 'h'],
    ] as const;
    expect(new Set(seeds.map(([uid, hash, previous]) => shortHash(uid, hash, previous))).size).toBe(seeds.length);
    expect(shortHash('u', 'h')).toBe(shortHash('u', 'h', ''));
  });

  it('hardly ever repeats', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => shortHash('uid', String(index)));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('names of children', () => {
  it('have the shape of the original', () => {
    const builder = builderName('abcdefghij');
    const serving = servingName('abcdefghij');
    expect(builder).toBe('builder-abcdefghij');
    expect(buildName(builder, 'klmnopqrst')).toBe('builder-abcdefghij-build-klmnopqrst');
    expect(buildRunName(builder, 'klmnopqrst')).toBe('builder-abcdefghij-buildrun-klmnopqrst');
    expect(serving).toBe('serving-abcdefghij');
    expect(knativeServiceName(serving, 'klmnopqrst')).toBe('serving-abcdefghij-ksvc-klmnopqrst');
  });

  it('take the version without dots into the revision', () => {
    expect(revisionName('serving-a-ksvc-b', 'v1.0.0')).toBe('serving-a-ksvc-b-v100');
    expect(revisionName('serving-a-ksvc-b', 'latest')).toBe('serving-a-ksvc-b-latest');
  });

  it('tell versions apart that look alike once written as a DNS label', () => {
    const versions = ['V1', 'v1', 'v1+a', 'v1-a', 'v1_a', '', '-', 'v'.repeat(80), 'v'.repeat(81)];
    const names = versions.map((version) => revisionName('serving-abcdefghij-ksvc-klmnopqrst', version));
    expect(new Set(names).size).toBe(versions.length);
  });

  it('are DNS labels for any parent and version', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 300 }), (parent, version) => {
        const hash = shortHash(parent, version);
        const service = knativeServiceName(parent, hash);
        for (const name of [buildName(parent, hash), buildRunName(parent, hash), service])
          expect(name).toMatch(DNS_LABEL);
        expect(revisionName(service, version)).toMatch(DNS_LABEL);
      }),
    );
  });

  it('of children of a Serving are DNS labels, whatever they say, and keep the Serving’s name whole', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 100 }), (what, parent) => {
        const hash = shortHash('uid', what);
        const serving = servingName(shortHash('uid', parent));
        expect(servingChildName(parent, `x${what}`, hash)).toMatch(DNS_LABEL);
        const name = servingChildName(serving, `statefulset-${what}`, hash, MAX_STATEFUL_SET_NAME);
        expect(name).toMatch(DNS_LABEL);
        expect(name.length).toBeLessThanOrEqual(52);
        expect([name.startsWith(`${serving}-statefulset`), name.endsWith(`-${hash}`)]).toEqual([true, true]);
      }),
    );
    expect(servingChildName('serving-abcdefghij', 'deployment-v100', 'klmnopqrst')).toBe(
      'serving-abcdefghij-deployment-v100-klmnopqrst',
    );
  });

  it('of labels hold what a label can hold', () => {
    expect(['v1.0.0', 'v1+build', '-a-', '+', 'v'.repeat(80)].map(labelValue)).toEqual([
      'v1.0.0',
      'v1-build',
      'a',
      '',
      'v'.repeat(63),
    ]);
  });

  it('are DNS labels for parents that are nearly too long', () => {
    for (let length = 30; length <= 70; length++) {
      const parent = 'p'.repeat(length);
      expect(knativeServiceName(parent, 'abcdefghij')).toMatch(DNS_LABEL);
      expect(revisionName(parent.slice(0, 63), 'v1.2.3')).toMatch(DNS_LABEL);
    }
  });
});

it.each([
  [{ builder: 'b' }, 'openfunction'],
  [{ builder: 'b', dockerfile: 'Dockerfile' }, 'openfunction'],
  [{ dockerfile: 'Dockerfile' }, 'kaniko'],
  [{ builder: ' ', dockerfile: 'Dockerfile' }, 'kaniko'],
  [{ builder: '', dockerfile: '' }, 'openfunction'],
  [{ builder: null, dockerfile: 1 }, 'openfunction'],
])('%j is built by the ClusterBuildStrategy %s unless it names another (Q22)', (build, name) => {
  expect(defaultBuildStrategy(build)).toEqual({ name, kind: 'ClusterBuildStrategy' });
});
