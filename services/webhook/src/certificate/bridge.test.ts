import { silentLogger } from '@openfunction/telemetry';
import { afterEach, expect, it, vi } from 'vitest';
import { serviceDnsNames } from '../names.ts';
import { Bridge } from './bridge.ts';
import { endOf } from './bundle.ts';
import type { Offer } from './handover.ts';
import { Issuer } from './rotation.ts';

const LIFETIMES = { leaf: 3_000, authority: 60_000 };
const issuer = new Issuer(serviceDnsNames('openfunction'), LIFETIMES);
const offers: Offer[] = [];
const bridge = new Bridge({
  issuer,
  lifetimes: LIFETIMES,
  logger: silentLogger(),
  onOffer: (offer) => offers.push(offer),
});

afterEach(() => bridge.stop());

it('signs for itself when no newer bundle comes in time, again and again, and takes a newer one when it comes', async () => {
  const first = await issuer.make(new Date());
  bridge.hold(first);
  expect(offers.at(-1)?.leaf).toEqual(first.leaf);
  await vi.waitFor(() => expect(new Set(offers.map(({ leaf }) => leaf.cert)).size).toBe(3), { timeout: 10_000 });
  const own = offers.at(-1);
  expect(own?.needs).toEqual([first.authority.cert]);
  expect(endOf(own?.leaf.cert ?? '').getTime()).toBeGreaterThan(Date.now());
  // The same bundle, as the watch may bring it again, does not bring the old certificate back.
  bridge.hold({ ...first });
  expect(offers.at(-1)?.leaf).toEqual(own?.leaf);
  const second = await issuer.make(new Date(), first.authority);
  bridge.hold(second);
  expect(offers.at(-1)?.leaf).toEqual(second.leaf);
});
