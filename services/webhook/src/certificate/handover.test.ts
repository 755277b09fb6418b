import { silentLogger } from '@openfunction/telemetry';
import { describe, expect, it, vi } from 'vitest';
import { serviceDnsNames } from '../names.ts';
import { Handover, type Offer } from './handover.ts';
import { Issuer } from './rotation.ts';

const issuer = new Issuer(serviceDnsNames('openfunction'));

async function makeOffer(more: Partial<Offer> = {}): Promise<Offer> {
  const { leaf, authority } = await issuer.make(new Date());
  return { leaf, needs: [authority.cert], also: [], ...more };
}

function world() {
  const trusted = new Set<string>();
  const wanted: string[][] = [];
  const served: string[] = [];
  let settle = () => {};
  const trust = {
    want: (certificates: readonly string[]) => wanted.push([...certificates]),
    holds: (certificates: readonly string[]) => certificates.every((cert) => trusted.has(cert)),
    onSettled: (listener: () => void) => {
      settle = listener;
    },
  };
  const handover = new Handover(trust, silentLogger(), ({ cert }) => served.push(cert));
  return { handover, trusted, wanted, served, settle: () => settle() };
}

describe('Handover', () => {
  it('serves the first certificate at once: there is nothing better', async () => {
    const { handover, served, wanted } = world();
    const first = await makeOffer();
    handover.offer(first);
    expect(served).toEqual([first.leaf.cert]);
    expect(wanted.at(-1)).toEqual(first.needs);
  });

  it('serves one under another authority only once that is trusted, and wants the old one until then', async () => {
    const { handover, served, wanted, trusted, settle } = world();
    const [first, second] = [await makeOffer(), await makeOffer()];
    handover.offer(first);
    handover.offer(second);
    settle();
    expect(served).toEqual([first.leaf.cert]);
    expect(wanted.at(-1)).toEqual([...second.needs, ...first.needs]);
    for (const cert of second.needs) trusted.add(cert);
    settle();
    expect(served).toEqual([first.leaf.cert, second.leaf.cert]);
    expect(wanted.at(-1)).toEqual(second.needs);
    handover.stop();
  });

  it('serves a renewed one under the same authority at once, and the same one only once', async () => {
    const { handover, served } = world();
    const first = await makeOffer();
    const renewed = { ...(await makeOffer()), needs: first.needs };
    for (const offer of [first, renewed, renewed]) handover.offer(offer);
    expect(served).toEqual([first.leaf.cert, renewed.leaf.cert]);
  });

  it('serves an untrusted one when the served one has expired, and says so', async () => {
    const short = new Issuer(serviceDnsNames('openfunction'), { leaf: 2_000, authority: 10_000 });
    const { leaf, authority } = await short.make(new Date());
    const { handover, served } = world();
    const second = await makeOffer();
    handover.offer({ leaf, needs: [authority.cert], also: [] });
    handover.offer(second);
    expect(served).toEqual([leaf.cert]);
    await vi.waitFor(() => expect(served).toEqual([leaf.cert, second.leaf.cert]), { timeout: 5_000 });
  });
});
