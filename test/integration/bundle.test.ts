/** The one-file form that images hold runs as the sources do. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KubeClient } from '@openfunction/kube';
import { issueIdentity, type ServiceProcess, startService } from '@openfunction/local';
import { type StartedCluster, startTestCluster, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SERVICES = ['webhook', 'function-controller', 'build-controller', 'serving-controller'];

describe('a bundled service', () => {
  let cluster: StartedCluster;
  let client: KubeClient;
  let outdir: string;
  const running: ServiceProcess[] = [];

  beforeAll(async () => {
    cluster = await startTestCluster({ roles: true });
    client = KubeClient.of(cluster.admin);
    outdir = join(cluster.directory, 'dist');
    const script = join(ROOT, 'tools/bundle/src/main.ts');
    await promisify(execFile)(process.execPath, [script, '--outdir', outdir], { cwd: ROOT });
  });

  afterAll(async () => {
    await Promise.all(running.map(({ process: child }) => child.stop()));
    await client?.close();
    await cluster?.stop();
  });

  it.each(SERVICES)('%s becomes ready under its own identity', async (service) => {
    const directory = join(cluster.directory, 'bundles', service);
    const serviceAccount = `openfunction-${service}`;
    const identity = await issueIdentity({
      client,
      ca: cluster.ca,
      namespace: 'openfunction',
      serviceAccount,
      directory,
    });
    const env = {
      KUBECONFIG: identity.kubeconfig,
      REDIS_URL: cluster.redisUrl,
      QUEUE_PREFIX: 'bundled',
      PORT: '0',
      HOST: '127.0.0.1',
    };
    const entry = join(outdir, service, 'main.mjs');
    const started = await startService({ service, name: service, env, logs: directory, entry });
    running.push(started);
    await waitFor(`${service} is ready`, async () => (await started.readiness()) === true);
    expect(started.process.running).toBe(true);
    await identity.stop();
  });
});
