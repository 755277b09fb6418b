import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SERVICE_ACCOUNT } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import type { KubeClient } from '@openfunction/kube';
import { writeKubeconfig, writeSecretFile } from './kubeconfig.ts';
import { type Say, silent } from './say.ts';

const LIFETIME_S = 3600;
const RETRY_MS = 2000;

/** A ServiceAccount's credentials as files, kept fresh. */
export interface Identity {
  /** Refers to the token by `tokenFile`, as in a pod: a service reads the renewed token by itself. */
  kubeconfig: string;
  token: string;
  /** Ends the renewal; the files stay. */
  stop(): Promise<void>;
}

/** Whose token, by whom, and where it goes. */
export interface IdentityOptions {
  /** Speaks as the administrator. */
  client: KubeClient;
  /** Authority of the API server, PEM. */
  ca: string;
  namespace: string;
  serviceAccount: string;
  /** Gets `kubeconfig` and `token`, mode 0600. */
  directory: string;
  /** Hears about failed renewals, which are tried again every 2 s. */
  log?: Say;
  /** Life of a token in seconds, default one hour (the API server's least is 600). */
  lifetimeSeconds?: number;
}

/** Gets a token by TokenRequest, writes it with a kubeconfig, and renews it at half life. Throws `api.*` if the first one fails. */
export async function issueIdentity(options: IdentityOptions): Promise<Identity> {
  const token = join(options.directory, 'token');
  const kubeconfig = join(options.directory, 'kubeconfig');
  const renewAt = await renew(options, token);
  const { server } = options.client;
  await writeKubeconfig(kubeconfig, { server, caData: options.ca, namespace: options.namespace, tokenFile: token });
  const ending = new AbortController();
  const renewing = keepFresh(options, token, renewAt, ending.signal);
  return {
    kubeconfig,
    token,
    stop: async () => {
      ending.abort();
      await renewing;
    },
  };
}

async function keepFresh(options: IdentityOptions, file: string, first: number, signal: AbortSignal): Promise<void> {
  let next = first;
  while (await waitUntil(next, signal)) {
    next = await renew(options, file).catch((error) => {
      (options.log ?? silent)(`token of ${options.serviceAccount} is not renewed yet: ${explain(error)}`);
      return Date.now() + RETRY_MS;
    });
  }
}

/** Writes a new token; returns when to get the next one (ms since the epoch). */
async function renew(options: IdentityOptions, file: string): Promise<number> {
  const lifetime = options.lifetimeSeconds ?? LIFETIME_S;
  const path = options.client.path(
    SERVICE_ACCOUNT,
    { namespace: options.namespace, name: options.serviceAccount },
    'token',
  );
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: lifetime } };
  const answer = (await options.client.request('POST', path, { body })) as { status: { token: string } };
  await writeSecretFile(file, answer.status.token);
  return Date.now() + (lifetime * 1000) / 2;
}

/** True at that time; false when ended before. The timer keeps no process alive. */
async function waitUntil(time: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  return pause(Math.max(0, time - Date.now()), true, { signal, ref: false }).catch(() => false);
}
