import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient } from '@openfunction/kube';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Identity, issueIdentity } from './identity.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'identity-test-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Issues token-1, token-2, …; the calls in `failing` are refused. */
function tokenIssuer(failing: number[] = []) {
  let calls = 0;
  const client = {
    server: 'https://127.0.0.1:1',
    path: () => '/path',
    request: async () => {
      calls += 1;
      if (failing.includes(calls)) throw new Error('not now');
      return { status: { token: `token-${calls}` } };
    },
  };
  return { client: client as unknown as KubeClient, calls: () => calls };
}

function options(client: KubeClient) {
  return { client, ca: 'CA', namespace: 'ns', serviceAccount: 'sa', directory };
}

test('writes a kubeconfig that refers to the token file; nobody else may read them', async () => {
  const identity = await issueIdentity(options(tokenIssuer().client));
  const config = parse(await readFile(identity.kubeconfig, 'utf8'));
  expect(config.users[0].user).toEqual({ tokenFile: identity.token });
  expect(config.clusters[0].cluster.server).toBe('https://127.0.0.1:1');
  for (const file of [identity.kubeconfig, identity.token]) expect((await stat(file)).mode & 0o777).toBe(0o600);
  await identity.stop();
});

test('renews the token at half of its life until it is stopped', async () => {
  const issuer = tokenIssuer();
  const identity = await issueIdentity({ ...options(issuer.client), lifetimeSeconds: 0.1 });
  await renewed(identity);
  await identity.stop();
  const last = issuer.calls();
  // Three half lives: that nothing happens can only be seen by looking for a while.
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(issuer.calls()).toBe(last);
});

test('a renewal that fails is said and tried again', async () => {
  const lines: string[] = [];
  const { client } = tokenIssuer([2]);
  const identity = await issueIdentity({ ...options(client), lifetimeSeconds: 0.1, log: (line) => lines.push(line) });
  await renewed(identity);
  expect(lines).toEqual(['token of sa is not renewed yet: not now']);
  await identity.stop();
});

test('a first token that is refused is an error', async () => {
  await expect(issueIdentity(options(tokenIssuer([1]).client))).rejects.toThrow('not now');
});

/** The token is a later one than the second: on a busy machine nobody sees each of them. */
async function renewed(identity: Identity): Promise<void> {
  const number = async () => Number((await readFile(identity.token, 'utf8')).split('-')[1]);
  await expect.poll(number).toBeGreaterThanOrEqual(3);
}
