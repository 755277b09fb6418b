import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import {
  CRD,
  FUNCTION,
  type Kind,
  type KubeObject,
  MUTATING_WEBHOOK,
  SECRET,
  VALIDATING_WEBHOOK,
  valueAt,
} from '@openfunction/api';
import { explain } from '@openfunction/errors';
import { KubeClient } from '@openfunction/kube';
import { applyManifests, type Exit, freePort } from '@openfunction/local';
import { isWrite, readAuditLog, type StartedCluster, startTestCluster, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeAuthority } from '../../services/webhook/src/certificate/issue.ts';
import { Issuer } from '../../services/webhook/src/certificate/rotation.ts';
import { type Backend, startForwarder } from '../../tools/start/src/forwarder.ts';
import { createAtPace } from './webhook-load.ts';
import { isReady, linesOf, type Replica, reachedOn, readBase, startReplica } from './webhook-replica.ts';

// A cluster of its own: webhook configurations are cluster-wide and would judge the Functions of other files.

/** How long creates go on at least. `ROTATION_SECONDS=180`: three minutes, a certificate every 5 s and an authority every 60 s. */
const SECONDS = Number(process.env['ROTATION_SECONDS'] ?? 20);
const LEAF_EVERY_S = SECONDS >= 180 ? 5 : 4;
/**
 * An authority announced at a renewal signs from the next one on, if every caBundle is known to hold it then. Longer than the least that is
 * allowed, 7 lives of a certificate: a busy API server may take seconds for each change of a CRD.
 */
const AUTHORITY_EVERY_S = SECONDS >= 180 ? 60 : 44;
/**
 * Creates a second. More than the machine can take would starve the API server itself, which then writes reviews to connections that it
 * has been told are closed: nothing that a webhook can help.
 */
const PER_SECOND = SECONDS >= 180 ? 200 : 50;

const NAMESPACE = 'openfunction';
const SERVER_NAME = `openfunction-webhook-service.${NAMESPACE}.svc`;
const SECRET_KEY = { namespace: NAMESPACE, name: 'openfunction-webhook-server-cert' };
const CRDS = ['builders', 'functions', 'servings'].map((plural) => `${plural}.core.openfunction.io`);
const TRUSTING: readonly (readonly [Kind, string])[] = [
  [MUTATING_WEBHOOK, 'openfunction-mutating-webhook-configuration'],
  [VALIDATING_WEBHOOK, 'openfunction-validating-webhook-configuration'],
  ...CRDS.map((name) => [CRD, name] as const),
];

let cluster: StartedCluster;
let client: KubeClient;
let port: number;
let forwarder: { stop: () => Promise<void> } | undefined;
/** Those that run; the forwarder reads the list of their doors again and again. */
const replicas: Replica[] = [];
const backends: Backend[] = [];
/** Every one there was. */
const started: Replica[] = [];
let runs = 0;

beforeAll(async () => {
  cluster = await startTestCluster();
  client = KubeClient.of(cluster.admin);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await applyManifests(client, [namespace, ...(await readBase('22-webhook-rbac'))], { fieldManager: 'install' });
  for (const replica of await Promise.all([run(), run(), run()])) admit(replica);
  port = await freePort();
  forwarder = await startForwarder(port, backends);
  await applyManifests(client, await reachedOn(port), { fieldManager: 'install' });
  await waitFor('all replicas are ready', async () => (await Promise.all(replicas.map(isReady))).every(Boolean));
  // The API server takes a moment to see the first caBundle.
  const probe = { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', spec: { image: 'a', serving: {} } };
  await waitFor('the API server trusts them', () =>
    client.create(FUNCTION, { ...probe, metadata: { name: 'probe', namespace: 'default' } }, { dryRun: true }).then(
      () => true,
      () => undefined,
    ),
  );
});

afterAll(async () => {
  await forwarder?.stop();
  await Promise.all(started.map((each) => each.stop()));
  await client?.close();
  await cluster?.stop();
});

/** Starts a replica, with settings of a cluster but for the lives of its certificates. */
async function run(env: Record<string, string> = {}): Promise<Replica> {
  runs += 1;
  const replica = await startReplica(cluster, client, `webhook-${runs}`, {
    CONNECTION_WAIT_SECONDS: '95',
    LEAF_LIFETIME_SECONDS: String(LEAF_EVERY_S * 1.5),
    AUTHORITY_LIFETIME_SECONDS: String(AUTHORITY_EVERY_S * 1.5),
    ...env,
  });
  started.push(replica);
  return replica;
}

/** From now on connections are sent to this one too, while it is ready. */
function admit(replica: Replica): void {
  replicas.push(replica);
  backends.push({ port: replica.port, isReady: () => isReady(replica) });
}

/** Closes every connection that the API server keeps open, at a moment when it sends nothing. */
async function hangUp(): Promise<void> {
  await forwarder?.stop();
  forwarder = await startForwarder(port, backends);
}

/** Every caBundle there is, as PEM. */
async function caBundles(): Promise<string[]> {
  const objects = await Promise.all(TRUSTING.map(([kind, name]) => client.get(kind, { name })));
  return objects.flatMap(clientConfigs).map((config) => {
    const bundle = valueAt(config, 'caBundle');
    return typeof bundle === 'string' ? Buffer.from(bundle, 'base64').toString() : '';
  });
}

function clientConfigs(object: KubeObject | undefined): unknown[] {
  const webhooks: unknown = object?.['webhooks'];
  if (Array.isArray(webhooks)) return webhooks.map((webhook) => valueAt(webhook, 'clientConfig'));
  const conversion = valueAt(object, 'spec.conversion');
  return valueAt(conversion, 'strategy') === 'Webhook' ? [valueAt(conversion, 'webhook.clientConfig')] : [];
}

/** Serial number of the certificate on a port, proven under an authority as the API server does. Rejects when it does not verify. */
function handshake(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: SERVER_NAME, ca }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

/** The one certificate that all replicas serve under every caBundle; undefined while they differ or one does not verify. */
async function agreed(): Promise<string | undefined> {
  const bundles = [...new Set(await caBundles())];
  const serials = bundles.flatMap((ca) => replicas.map((each) => handshake(each.port, ca).catch(() => 'untrusted')));
  const seen = new Set(await Promise.all(serials));
  return seen.size === 1 && !seen.has('untrusted') ? [...seen][0] : undefined;
}

/** What the Secret holds, and all replicas serve, and every caBundle vouches for; undefined while that is not so. */
async function inForce(): Promise<string | undefined> {
  const secret = await client.get(SECRET, SECRET_KEY);
  const [serial, leaf] = [await agreed(), valueAt(secret, ['data', 'tls.crt'])];
  if (serial === undefined || typeof leaf !== 'string') return undefined;
  return new X509Certificate(Buffer.from(leaf, 'base64')).serialNumber === serial ? serial : undefined;
}

async function made(): Promise<string[]> {
  const lines = (await Promise.all(started.map((each) => linesOf(each.process.logFile)))).flat();
  return lines.flatMap(({ msg, reason = '' }) => (msg === 'certificate made' ? [reason] : []));
}

function count(steps: readonly string[], wanted: string): number {
  return steps.filter((step) => step === wanted).length;
}

async function secretWrites(): Promise<number[]> {
  const events = await readAuditLog(cluster.auditLogFile);
  return events
    .filter((event) => event.objectRef?.name === SECRET_KEY.name && isWrite(event))
    .filter(({ user }) => user.username.endsWith(':openfunction-webhook'))
    .map(({ responseStatus }) => responseStatus?.code ?? 0);
}

/** Looks again and again whether what each replica serves is trusted by whoever has read caBundle; tells what is not. */
function watchTrust(): { looks: () => number; serials: Set<string>; stop: () => Promise<string[]> } {
  const faults: string[] = [];
  const serials = new Set<string>();
  let [looks, ended] = [0, false];
  const look = async (port: number, ca: string) => {
    looks += 1;
    await handshake(port, ca).then(
      (serial) => serials.add(serial),
      // A replica that is gone refuses; the forwarder passes it over.
      (error) =>
        /ECONNREFUSED|ECONNRESET|disconnected/.test(explain(error)) ||
        faults.push(`${new Date().toISOString()} ${port}: ${explain(error)}`),
    );
  };
  const running = (async () => {
    while (!ended) {
      const bundles = [...new Set(await caBundles())];
      await Promise.all(bundles.flatMap((ca) => replicas.map((each) => look(each.port, ca))));
      await pause(200);
    }
  })();
  return {
    looks: () => looks,
    serials,
    stop: async () => {
      ended = true;
      await running;
      return faults;
    },
  };
}

/**
 * Replaces one replica after the other, as a Deployment does: the next one is ready before a replica is told to stop, and nobody waits until
 * it has. Returns how they end.
 */
async function replaceAll(): Promise<Promise<Exit>[]> {
  const ends: Promise<Exit>[] = [];
  for (const old of [...replicas]) {
    const next = await run();
    await waitFor('the next replica is ready', () => isReady(next), 30_000);
    admit(next);
    replicas.splice(replicas.indexOf(old), 1);
    ends.push(old.process.stop(120_000));
  }
  return ends;
}

/** Somebody else's Secret in the place of ours. */
function foreign(more: object): KubeObject {
  const data = { 'tls.crt': 'eA==', 'tls.key': 'eA==' };
  return { apiVersion: 'v1', kind: 'Secret', metadata: SECRET_KEY, type: 'kubernetes.io/tls', data, ...more };
}

async function spoil(pointer: string, value: string): Promise<void> {
  await client.patch(SECRET, SECRET_KEY, [{ op: 'replace', path: pointer, value }], { type: 'json' });
}

/** Sets or takes away every caBundle. */
async function setCaBundles(op: 'remove' | 'add', value?: string): Promise<void> {
  for (const [kind, name] of TRUSTING) {
    const object = await client.get(kind, { name });
    const paths = Array.isArray(object?.['webhooks'])
      ? object['webhooks'].map((_: unknown, index: number) => `/webhooks/${index}/clientConfig/caBundle`)
      : ['/spec/conversion/webhook/clientConfig/caBundle'];
    await client.patch(
      kind,
      { name },
      paths.map((path: string) => ({ op, path, value })),
      { type: 'json' },
    );
  }
}

describe('what somebody spoils', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['the Secret is deleted', () => client.delete(SECRET, SECRET_KEY)],
    ['a stranger replaces it', () => client.replace(SECRET, foreign({}))],
    ['a stranger replaces it for good', () => client.replace(SECRET, foreign({ immutable: true }))],
    ['its certificate is corrupted', () => spoil('/data/tls.crt', 'eA==')],
    ['its authority is corrupted', () => spoil('/data/ca.crt', 'eA==')],
    ['its keys are corrupted', () => spoil('/data/ca.key', 'eA==')],
  ])('is healed within 10 s when %s', async (_, spoilIt) => {
    const before = await waitFor('a certificate is in force', inForce);
    await spoilIt();
    await waitFor(
      'another one is in force',
      async () => {
        const serial = await inForce();
        return serial !== undefined && serial !== before;
      },
      10_000,
    );
  });

  test('is healed within 10 s when every caBundle is emptied', async () => {
    await setCaBundles('remove');
    await waitFor('every caBundle vouches again', inForce, 10_000);
  });

  test('is taken away when it is an authority in caBundle', async () => {
    const [bundle = ''] = await caBundles();
    const stranger = await makeAuthority(new Date(), 3_600_000);
    await setCaBundles('add', Buffer.from(bundle + stranger.cert).toString('base64'));
    await waitFor(
      'it is gone everywhere, and nothing else',
      async () => {
        const ours = (await caBundles()).every((found) => !found.includes(stranger.cert.slice(100, 200)));
        return ours && (await inForce()) !== undefined;
      },
      30_000,
    );
  });
});

describe('rights', () => {
  test('on Secrets are for the one of that name, whatever is done', async () => {
    const roles = (await readBase('22-webhook-rbac')).filter(({ kind }) => /Role$/.test(kind));
    const rules = roles.flatMap((role) => role['rules'] as { resources: string[]; resourceNames?: string[] }[]);
    const onSecrets = rules.filter(({ resources }) => resources.includes('secrets'));
    expect(onSecrets.map(({ resourceNames }) => resourceNames)).toEqual([[SECRET_KEY.name]]);
    const denied = (await readAuditLog(cluster.auditLogFile)).filter(
      ({ user, responseStatus }) => user.username.endsWith(':openfunction-webhook') && responseStatus?.code === 403,
    );
    expect(denied).toEqual([]);
  });
});

describe('rotation', () => {
  const title = `a new certificate every ${LEAF_EVERY_S} s, a new authority every ${AUTHORITY_EVERY_S} s, a rolling restart: no create fails`;
  test(title, { timeout: SECONDS * 1000 + 150_000 }, async () => {
    const [stepsBefore, writesBefore] = [await made(), await secretWrites()];
    const switches = async () => count(await made(), 'switch') - count(stepsBefore, 'switch');
    const [load, trust] = [createAtPace(client, { prefix: 'load', perSecond: PER_SECOND }), watchTrust()];
    const startedAt = Date.now();
    const ends = await replaceAll();
    await waitFor(
      'authorities have come and taken over, and the time is over',
      async () =>
        Date.now() - startedAt > SECONDS * 1000 &&
        (await switches()) >= Math.max(1, Math.floor(SECONDS / AUTHORITY_EVERY_S) - 1),
      SECONDS * 1000 + 90_000,
    );
    const { created, perSecond } = await load.stop();
    const faults = await trust.stop();
    const steps = (await made()).length - stepsBefore.length;
    const writes = (await secretWrites()).slice(writesBefore.length);
    console.info(
      `${created} creates (${perSecond}/s), ${load.failures.length} failed; ${trust.serials.size} certificates, ` +
        `${await switches()} new authorities, ${writes.length} writes to the Secret; ${trust.looks()} handshakes`,
    );
    expect(load.failures).toEqual([]);
    expect(faults).toEqual([]);
    // Those that were replaced are there until nobody has a connection to them.
    await hangUp();
    for (const end of await Promise.all(ends)) expect(end).toMatchObject({ code: 0 });
    // One write for each step. Of three replicas, and one more while one is replaced, hardly two are as early as the first.
    expect(writes.filter((code) => code < 300)).toHaveLength(steps);
    expect(writes.length).toBeLessThanOrEqual(3 * steps);
  });
});

describe('mounted files', () => {
  test('are served and trusted in the place of the Secret', async () => {
    await hangUp();
    await Promise.all(replicas.splice(0).map((each) => each.stop()));
    const made = await new Issuer([SERVER_NAME]).make(new Date());
    const file = async (name: string, text: string) => {
      await writeFile(join(cluster.directory, name), text);
      return join(cluster.directory, name);
    };
    const env = {
      CONNECTION_WAIT_SECONDS: '0',
      TLS_CERT_FILE: await file('tls.crt', made.leaf.cert),
      TLS_KEY_FILE: await file('tls.key', made.leaf.key),
      CA_FILE: await file('ca.crt', made.authority.cert),
    };
    const mounted = await run(env);
    admit(mounted);
    await waitFor('it is ready', () => isReady(mounted));
    const serials = (await caBundles()).map((ca) => handshake(mounted.port, ca));
    const { serialNumber } = new X509Certificate(made.leaf.cert);
    expect(new Set(await Promise.all(serials))).toEqual(new Set([serialNumber]));
    const load = createAtPace(client, { prefix: 'mounted', perSecond: 10 });
    await waitFor('some creates', () => load.created > 5);
    await load.stop();
    expect(load.failures).toEqual([]);
  });
});

describe('while no webhook answers', () => {
  const key = { namespace: 'default', name: 'mounted-0' };
  const patch = (body: object) => client.patch(FUNCTION, key, body);

  test('what it has no business with goes on, and all else is refused', async () => {
    for (const each of replicas) await each.process.stop();
    await expect(patch({ spec: { image: 'registry/other' } })).rejects.toThrow(/failed calling webhook/);
    await expect(patch({ metadata: { annotations: { a: 'b' } } })).rejects.toThrow(/failed calling webhook/);
    await patch({ metadata: { labels: { a: 'b' }, finalizers: ['example.com/wait'] } });
    await client.patch(FUNCTION, key, { status: { build: { state: 'Skipped' } } }, { subresource: 'status' });
    await client.delete(FUNCTION, key);
    expect((await client.get(FUNCTION, key))?.metadata.deletionTimestamp).toBeDefined();
    await patch({ metadata: { annotations: { a: 'b' }, finalizers: null } });
    expect(await client.get(FUNCTION, key)).toBeUndefined();
  });
});
