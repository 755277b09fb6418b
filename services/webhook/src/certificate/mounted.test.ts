import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@openfunction/telemetry';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { serviceDnsNames } from '../names.ts';
import type { Bundle } from './bundle.ts';
import type { Offer } from './handover.ts';
import { watchCertificateFiles } from './mounted.ts';
import { Issuer } from './rotation.ts';

const issuer = new Issuer(serviceDnsNames('openfunction'));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mounted-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function mount({ leaf, authority }: Bundle): Promise<void> {
  await writeFile(join(folder, 'tls.crt'), leaf.cert);
  await writeFile(join(folder, 'tls.key'), leaf.key);
  await writeFile(join(folder, 'ca.crt'), authority.cert);
}

function watch(ca?: string) {
  const offers: Offer[] = [];
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key'), ca: ca && join(folder, ca) };
  const watched = watchCertificateFiles(files, silentLogger(), (offer) => offers.push(offer));
  watched.start();
  return { offers, watched };
}

it('waits for files that are not there yet, and takes a change over', async () => {
  const { offers, watched } = watch('ca.crt');
  for (const made of [await issuer.make(new Date()), await issuer.make(new Date())]) {
    await mount(made);
    await vi.waitFor(() => expect(offers.at(-1)?.leaf).toEqual(made.leaf), { timeout: 10_000 });
    // PEM texts may end in a line feed or not.
    expect(offers.at(-1)?.needs.map((cert) => cert.trim())).toEqual([made.authority.cert.trim()]);
  }
  await watched.stop();
});

it('asks nobody to trust it without a file of the authority', async () => {
  await mount(await issuer.make(new Date()));
  const { offers, watched } = watch();
  await vi.waitFor(() => expect(offers).toHaveLength(1), { timeout: 10_000 });
  expect(offers[0]?.needs).toEqual([]);
  await watched.stop();
});

it('takes no certificate whose key is another, until they match', async () => {
  const [made, other] = [await issuer.make(new Date()), await issuer.make(new Date())];
  await mount({ ...made, leaf: { cert: made.leaf.cert, key: other.leaf.key } });
  const { offers, watched } = watch('ca.crt');
  await writeFile(join(folder, 'tls.key'), made.leaf.key);
  await vi.waitFor(() => expect(offers).toHaveLength(1), { timeout: 10_000 });
  expect(offers[0]?.leaf).toEqual(made.leaf);
  await watched.stop();
});
