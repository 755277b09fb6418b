import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CONFIG_MAP, DEPLOYMENT, type KubeObject, POD } from '@openfunction/api';
import { KubeClient, statusOf } from '@openfunction/kube';
import { issueIdentity } from '@openfunction/local';
import {
  freshNamespace,
  readAuditLog,
  startTestCluster,
  type TestCluster,
  testCluster,
  waitFor,
} from '@openfunction/testing';
import { beforeAll, describe, expect, test } from 'vitest';

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await freshNamespace(cluster.client, 'control-plane');
});

function configMap(name: string, owner?: KubeObject): KubeObject {
  const ownerReferences = owner && [
    { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid ?? '' },
  ];
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...(ownerReferences && { ownerReferences }) },
    data: { run: randomUUID() },
  };
}

async function refusal(request: Promise<unknown>): Promise<number | undefined> {
  return request.then(
    () => undefined,
    (error) => statusOf(error)?.httpCode,
  );
}

describe('the control plane', () => {
  test('keeps what is written and is Kubernetes 1.34', async () => {
    const made = await cluster.client.create(CONFIG_MAP, configMap('kept'));
    const read = await cluster.client.get(CONFIG_MAP, { namespace, name: 'kept' });
    expect(read?.['data']).toEqual(made['data']);
    expect(await cluster.client.request('GET', '/version')).toMatchObject({ major: '1', minor: '34' });
  });

  test('refuses a request without credentials and one of a ServiceAccount without a role', async () => {
    const { server, ca } = cluster;
    const nobody = KubeClient.of({ server, ca });
    expect(await refusal(nobody.list(CONFIG_MAP, { namespace }))).toBe(403);
    await nobody.close();

    const directory = join(cluster.directory, 'identity-without-role');
    const identity = await issueIdentity({
      client: cluster.client,
      ca,
      namespace,
      serviceAccount: 'default',
      directory,
    });
    const client = await KubeClient.load({ kubeconfig: identity.kubeconfig });
    expect(await refusal(client.list(CONFIG_MAP, { namespace }))).toBe(403);
    expect((await stat(identity.token)).mode & 0o777).toBe(0o600);
    expect(await readFile(identity.kubeconfig, 'utf8')).toContain(`tokenFile: ${identity.token}`);
    await client.close();
    await identity.stop();
  });

  test('collects an object whose owner is gone', async () => {
    const owner = await cluster.client.create(CONFIG_MAP, configMap('owner'));
    await cluster.client.create(CONFIG_MAP, configMap('owned', owner));
    await cluster.client.delete(CONFIG_MAP, { namespace, name: 'owner' });
    const gone = async () => (await cluster.client.get(CONFIG_MAP, { namespace, name: 'owned' })) === undefined;
    expect(await waitFor('the owned object is gone', gone, 30_000)).toBe(true);
  });

  test('makes Pods for a Deployment', async () => {
    const labels = { app: 'some' };
    await cluster.client.create(DEPLOYMENT, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'some', namespace },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example/none' }] } },
      },
    });
    const pods = await waitFor('two Pods', async () => {
      const { items } = await cluster.client.list(POD, { namespace, labelSelector: 'app=some' });
      return items.length === 2 && items;
    });
    expect(pods.map((pod) => pod['spec'].containers[0].image)).toEqual(['example/none', 'example/none']);
  });

  test('writes every request into the audit log, refused ones included', async () => {
    const refused = KubeClient.of({ server: cluster.server, ca: cluster.ca });
    const name = `unseen-${randomUUID()}`;
    expect(await refusal(refused.get(CONFIG_MAP, { namespace, name }))).toBe(403);
    await cluster.client.create(CONFIG_MAP, configMap(`seen-${name}`));
    const events = await waitFor('both requests in the log', async () => {
      const all = await readAuditLog(cluster.auditLogFile);
      const ours = all.filter(
        ({ requestURI, objectRef }) => requestURI.includes(name) || objectRef?.name?.includes(name),
      );
      return ours.length >= 2 && ours;
    });
    const facts = events.map(({ verb, user, responseStatus }) => [verb, user.username, responseStatus?.code]);
    expect(facts).toEqual([
      ['get', 'system:anonymous', 403],
      ['create', 'openfunction-admin', 201],
    ]);
    await refused.close();
  });
});

describe('a control plane of its own', () => {
  test('leaves no process behind when it is stopped', async () => {
    const own = await startTestCluster({ crds: false });
    const before = processesOf(own.directory).map(programOf).sort();
    await own.stop();
    expect(before).toEqual(['etcd', 'kube-apiserver', 'kube-controller-manager', 'redis-server']);
    expect(processesOf(own.directory)).toEqual([]);
    await expect(stat(own.directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

/** Command lines that name the folder. */
function processesOf(directory: string): string[] {
  return execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(directory));
}

function programOf(commandLine: string): string {
  return basename(commandLine.split(' ')[0] ?? '');
}
