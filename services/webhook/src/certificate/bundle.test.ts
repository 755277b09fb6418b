import type { KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { serviceDnsNames } from '../names.ts';
import { type Bundle, judge, makeBundle, makeSecret } from './bundle.ts';

const NOW = new Date('2024-05-01T12:00:00Z');
const DAY_MS = 86_400_000;
const NAMES = serviceDnsNames('openfunction');
const bundle = await makeBundle(undefined, NAMES, NOW);
const other = await makeBundle(undefined, NAMES, NOW);

function later(days: number): Date {
  return new Date(NOW.getTime() + days * DAY_MS);
}

function secretOf(made: Bundle): KubeObject {
  return makeSecret(made, 'openfunction');
}

describe('judge', () => {
  it('finds a new bundle good, for both names of the Service', () => {
    expect(judge(secretOf(bundle), NAMES, NOW)).toEqual({ bundle, authority: bundle.authority });
  });

  it.each<[string, KubeObject | undefined, Date, RegExp, boolean]>([
    ['a missing Secret', undefined, NOW, /^missing$/, false],
    ['a Secret without our annotation', { ...secretOf(bundle), metadata: { name: 's' } }, NOW, /^not ours$/, false],
    ['a Secret without data', { ...secretOf(bundle), data: null }, NOW, /^unreadable/, false],
    ['a certificate that is no PEM', { ...secretOf(bundle), data: { 'ca.crt': 'eA==' } }, NOW, /^unreadable/, false],
    ['a leaf with two days left', secretOf(bundle), later(5), /has expired or soon will/, true],
    ['an authority with a week left', secretOf(bundle), later(358), /authority has expired/, false],
    ['a leaf of another authority', secretOf({ ...bundle, leaf: other.leaf }), NOW, /not signed/, true],
    [
      'a leaf with the key of another',
      secretOf({ ...bundle, leaf: { ...bundle.leaf, key: other.leaf.key } }),
      NOW,
      /key of the certificate/,
      true,
    ],
    [
      'an authority with the key of another',
      secretOf({ ...bundle, authority: { ...bundle.authority, key: other.authority.key } }),
      NOW,
      /key of the authority/,
      false,
    ],
  ])('finds fault with %s', (_, secret, now, fault, keepsAuthority) => {
    const verdict = judge(secret, NAMES, now);
    expect(verdict.fault).toMatch(fault);
    expect(verdict.bundle).toBeUndefined();
    expect(verdict.authority !== undefined).toBe(keepsAuthority);
  });

  it('finds fault with a certificate for another namespace', () => {
    expect(judge(secretOf(bundle), serviceDnsNames('elsewhere'), NOW).fault).toMatch(/another name/);
  });
});

describe('makeBundle', () => {
  it('signs a new leaf under the authority it is given', async () => {
    const renewed = await makeBundle(bundle.authority, NAMES, later(5));
    expect(renewed.authority).toEqual(bundle.authority);
    expect(judge(secretOf(renewed), NAMES, later(5)).bundle).toEqual(renewed);
  });
});

describe('makeSecret', () => {
  it('keeps type and resourceVersion of the Secret it replaces, and nothing else of it', () => {
    const existing = {
      ...secretOf(other),
      type: 'Opaque',
      metadata: { name: 's', resourceVersion: '7', labels: { a: 'b' } },
    };
    const made = makeSecret(bundle, 'openfunction', existing);
    expect(made['type']).toBe('Opaque');
    expect(made.metadata).toMatchObject({ resourceVersion: '7' });
    expect(made.metadata.labels).toBeUndefined();
  });
});
