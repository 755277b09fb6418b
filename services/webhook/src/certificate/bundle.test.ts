import type { KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { serviceDnsNames } from '../names.ts';
import { type Bundle, judge, makeSecret, toBase64 } from './bundle.ts';
import { Issuer } from './rotation.ts';

const NOW = new Date('2024-05-01T12:00:00Z');
const DAY_MS = 86_400_000;
const NAMES = serviceDnsNames('openfunction');
const issuer = new Issuer(NAMES);
const [bundle, other] = [await issuer.make(NOW), await issuer.make(NOW)];

function later(days: number): Date {
  return new Date(NOW.getTime() + days * DAY_MS);
}

function secretOf(made: Bundle): KubeObject {
  return makeSecret(made, 'openfunction');
}

function withData(data: Record<string, string>): KubeObject {
  const secret = secretOf(bundle);
  return { ...secret, data: { ...secret['data'], ...data } };
}

const mixed = { cert: other.authority.cert, key: bundle.authority.key };

describe('judge', () => {
  it.each<[string, Bundle]>([
    ['a new bundle', bundle],
    ['one with the authority to come', { ...bundle, next: other.authority }],
    ['one with the authority before', { ...bundle, previous: other.authority.cert }],
  ])('finds %s good, for both names of the Service', (_, made) => {
    expect(judge(secretOf(made), NAMES, NOW)).toEqual({ bundle: made, authority: made.authority });
  });

  it.each<[string, KubeObject | undefined, Date, RegExp, boolean]>([
    ['a missing Secret', undefined, NOW, /^missing$/, false],
    ['a Secret without our annotation', { ...secretOf(bundle), metadata: { name: 's' } }, NOW, /^not ours$/, false],
    ['a Secret without data', { ...secretOf(bundle), data: null }, NOW, /^unreadable/, false],
    ['a certificate that is no PEM', { ...secretOf(bundle), data: { 'ca.crt': 'eA==' } }, NOW, /^unreadable/, false],
    ['a leaf that is no PEM', withData({ 'tls.crt': 'eA==' }), NOW, /^unreadable/, true],
    ['a leaf that has expired', secretOf(bundle), later(7), /certificate has expired/, true],
    ['an authority that has expired', secretOf(bundle), later(365), /authority has expired/, false],
    ['an authority from the future', secretOf(bundle), later(-1), /authority .* not valid yet/, false],
    ['a leaf of another authority', secretOf({ ...bundle, leaf: other.leaf }), NOW, /not signed/, true],
    [
      'a leaf with the key of another',
      secretOf({ ...bundle, leaf: { ...bundle.leaf, key: other.leaf.key } }),
      NOW,
      /certificate has the key of another/,
      true,
    ],
    ['an authority with the key of another', secretOf({ ...bundle, authority: mixed }), NOW, /key of another/, false],
    [
      'a next authority with another key',
      secretOf({ ...bundle, next: mixed }),
      NOW,
      /next authority has the key/,
      true,
    ],
    ['a next authority without key', withData({ 'next-ca.crt': toBase64(mixed.cert) }), NOW, /^unreadable/, true],
    ['a previous authority that is none', withData({ 'previous-ca.crt': 'eA==' }), NOW, /^unreadable/, true],
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
