import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { serviceDnsNames } from '../names.ts';
import { type Bundle, endOf, judge, makeSecret } from './bundle.ts';
import { DEFAULT_LIFETIMES, Issuer, renewalOf, type Step, stepOf } from './rotation.ts';

const NOW = new Date('2024-05-01T12:00:00Z');
const DAY_MS = 86_400_000;
const NAMES = serviceDnsNames('openfunction');
const issuer = new Issuer(NAMES);
const always = () => true;
const never = () => false;

function later(days: number): Date {
  return new Date(NOW.getTime() + days * DAY_MS);
}

const bundle = await issuer.make(NOW);
const announced = await issuer.advance(bundle, 'announce', later(244));
const renewed = await issuer.make(later(240), bundle.authority);
const old = await issuer.advance(announced, 'renew', later(357));

describe('stepOf', () => {
  it.each<[Step, string, Bundle, number, (cert: string) => boolean]>([
    ['rest', 'a new bundle', bundle, 0, always],
    ['rest', 'a leaf before 2/3 of its life', bundle, 4.6, always],
    ['renew', 'a leaf after 2/3 of its life', bundle, 4.7, always],
    ['rest', 'an authority after 2/3 of its life, the leaf being new', renewed, 244, always],
    ['announce', 'an authority after 2/3 of its life, the leaf too', renewed, 244.7, always],
    ['rest', 'an authority just announced', announced, 244.1, always],
    ['switch', 'an authority announced and trusted', announced, 249, always],
    ['renew', 'an authority announced and not known to be trusted', announced, 249, never],
    ['switch', 'an authority not known to be trusted, at the last moment', old, 362, never],
  ])('%s: %s', (step, _, given, day, isTrusted) => {
    expect(stepOf(given, later(day), DEFAULT_LIFETIMES, isTrusted)).toBe(step);
  });

  it('is due exactly when renewalOf says', () => {
    const due = renewalOf(bundle, DEFAULT_LIFETIMES);
    expect(stepOf(bundle, new Date(due.getTime() - 1), DEFAULT_LIFETIMES, always)).toBe('rest');
    expect(stepOf(bundle, due, DEFAULT_LIFETIMES, always)).toBe('renew');
  });
});

describe('a life of three years', () => {
  it('never serves what was not announced a step before, nor forgets what is still served, one write for each step', async () => {
    let current = bundle;
    let switches = 0;
    for (let now = NOW; now < later(3 * 365); ) {
      now = renewalOf(current, DEFAULT_LIFETIMES);
      const trusted = [current.authority.cert, current.next?.cert, current.previous];
      const step = stepOf(current, now, DEFAULT_LIFETIMES, (cert) => trusted.includes(cert));
      const next = await issuer.advance(current, step, now);
      expect(step).not.toBe('rest');
      expect(trusted).toContain(next.authority.cert);
      expect([next.authority.cert, next.next?.cert, next.previous]).toContain(current.authority.cert);
      expect(judge(makeSecret(next, 'openfunction'), NAMES, now).bundle).toEqual(next);
      expect(endOf(next.leaf.cert) <= endOf(next.authority.cert)).toBe(true);
      if (step === 'switch') switches += 1;
      current = next;
    }
    expect(switches).toBe(4);
  });
});

describe('heal', () => {
  const held = { ...announced, previous: bundle.authority.cert };

  it('signs with what this replica holds, and keeps what it knew', async () => {
    const healed = await issuer.heal({ fault: 'missing' }, held, later(245));
    expect(healed).toMatchObject({ authority: held.authority, next: held.next, previous: held.previous });
    expect(healed.leaf.cert).not.toBe(held.leaf.cert);
  });

  it.each<[string, { authority?: typeof bundle.authority }, Bundle | undefined, number, boolean]>([
    ['what is left in the Secret', { authority: bundle.authority }, undefined, 1, true],
    ['a new authority if there is none', {}, undefined, 1, false],
    ['a new authority if the one it holds has expired', {}, bundle, 366, false],
  ])('else with %s', async (_, found, holds, day, isOld) => {
    const healed = await issuer.heal({ fault: 'f', ...found }, holds, later(day));
    expect(healed.authority.cert === bundle.authority.cert).toBe(isOld);
    expect(judge(makeSecret(healed, 'openfunction'), NAMES, later(day)).bundle).toEqual(healed);
  });
});

describe('Issuer', () => {
  it('makes P-256 certificates that live as long as is set', async () => {
    const short = await new Issuer(NAMES, { leaf: 6_000, authority: 60_000 }).make(NOW);
    expect(endOf(short.leaf.cert).getTime() - NOW.getTime()).toBe(6_000);
    expect(endOf(short.authority.cert).getTime() - NOW.getTime()).toBe(60_000);
    for (const { cert } of [short.leaf, short.authority])
      expect(new X509Certificate(cert).publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
  });
});
