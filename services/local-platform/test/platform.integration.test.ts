import { execFile, spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  DEPLOYMENT,
  GATEWAY_CLASS,
  HTTP_ROUTE,
  KNATIVE_REVISION,
  KNATIVE_SERVICE,
  KUBE_GATEWAY,
  type KubeObject,
  NODE,
  POD,
} from '@openfunction/api';
import { findProgram, silent } from '@openfunction/local';
import { freshNamespace, readAuditLog, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findCondition } from '../src/conditions.ts';
import { ask, type LocalPlatform, startLocalPlatform } from './local-platform.ts';
import { httpRoute, knativeService } from './objects.ts';

const run = promisify(execFile);
let platform: LocalPlatform;
let namespace: string;

beforeAll(async () => {
  platform = await startLocalPlatform();
  namespace = await freshNamespace(platform.client, 'local');
  await platform.image('acme/hello:v1', 'hello');
}, 180_000);

afterAll(() => platform?.stop());

function service(name: string): Promise<KubeObject | undefined> {
  return platform.client.get(KNATIVE_SERVICE, { namespace, name });
}

function readyOf(object: KubeObject | undefined) {
  const observed = object?.['status']?.observedGeneration === object?.metadata.generation;
  return observed ? findCondition(object?.['status']?.conditions, 'Ready') : undefined;
}

/** Applies a Knative Service and waits until it is Ready. */
async function serve(name: string, image: string, options?: Parameters<typeof knativeService>[3]): Promise<KubeObject> {
  await platform.client.create(KNATIVE_SERVICE, knativeService(namespace, name, image, options));
  return waitFor(`${name} to be Ready`, async () => {
    const found = await service(name);
    return readyOf(found)?.status === 'True' && found;
  });
}

async function route(name: string, revision: string): Promise<void> {
  const object = httpRoute(namespace, name, revision);
  await platform.client.apply(HTTP_ROUTE, object, { fieldManager: 'test', force: true });
  await waitFor(`route ${name} to be accepted`, async () => {
    const found = await platform.client.get(HTTP_ROUTE, { namespace, name });
    const parents: { conditions: { type: string; status: string; observedGeneration?: number }[] }[] =
      found?.['status']?.parents ?? [];
    const current = parents
      .flatMap(({ conditions }) => conditions)
      .filter(
        ({ status, observedGeneration }) => status === 'True' && observedGeneration === found?.metadata.generation,
      );
    return parents.length === 2 && current.length === 4;
  });
}

async function podsOf(revision: string): Promise<KubeObject[]> {
  const labelSelector = `serving.knative.dev/revision=${revision}`;
  return (await platform.client.list(POD, { namespace, labelSelector })).items;
}

/** Ids of the processes that the platform has notes about. */
function processes(): number[] {
  const names = readdirSync(join(platform.directory, 'state', 'processes'));
  return names.map((name) => Number.parseInt(name, 10));
}

/** Whether a process runs; one that has ended and is not reaped yet does not. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

/** The process of a function, asked of itself. */
async function environmentOf(host: string): Promise<Record<string, string>> {
  return JSON.parse((await ask(platform.port, host, '/env')).body);
}

async function kubectl(...args: string[]): Promise<string> {
  const program = await findProgram('kubectl', silent);
  const { stdout } = await run(program, ['--kubeconfig', platform.cluster.kubeconfig, '-n', namespace, ...args]);
  return stdout;
}

describe('a Knative Service on the local platform', () => {
  test('becomes Ready with a revision, a Deployment and a pod, and answers through its route', async () => {
    const ready = await serve('one', 'acme/hello:v1');
    expect(ready['status']).toMatchObject({
      latestCreatedRevisionName: 'one-v1',
      latestReadyRevisionName: 'one-v1',
      url: `http://one.${namespace}.localhost:${platform.port}`,
      address: { url: `http://one.${namespace}.svc.cluster.local` },
    });
    const types = ready['status'].conditions.map(
      ({ type, status }: { type: string; status: string }) => `${type}=${status}`,
    );
    expect(types).toEqual(['ConfigurationsReady=True', 'Ready=True', 'RoutesReady=True']);

    await route('fn-one', 'one-v1');
    const answer = await ask(platform.port, `fn-one.${namespace}.localhost`);
    expect(answer).toMatchObject({ status: 200, body: `hello one-v1.${namespace}.svc.cluster.local` });
    expect((await ask(platform.port, `fn-one.${namespace}.svc.cluster.local`)).status).toBe(200);
    expect((await ask(platform.port, `one.${namespace}.svc.cluster.local`)).status).toBe(200);
    const [pod] = await podsOf('one-v1');
    expect(pod).toMatchObject({ spec: { nodeName: 'local' }, status: { phase: 'Running' } });
  });

  test('runs with the variables of image and container, its own port, and none of the platform', async () => {
    const env = await environmentOf(`one.${namespace}.localhost`);
    const [pod] = await podsOf('one-v1');
    expect(env).toMatchObject({
      FROM_IMAGE: 'hello',
      POD_NAME: pod?.metadata.name,
      POD_NAMESPACE: namespace,
      COMPOSED: `${namespace}/x`,
      K_SERVICE: 'one',
      K_REVISION: 'one-v1',
    });
    expect(JSON.parse(env['FUNC_CONTEXT'] ?? '{}')).toEqual({ name: 'one', port: env['PORT'] });
    expect(Object.keys(env)).not.toContain('KUBECONFIG');
    expect(Object.values(env).join()).not.toContain('must not be seen');
  });

  test('gets as many instances as its open requests need, up to max-scale, and fewer when they are over', async () => {
    const annotations = { 'autoscaling.knative.dev/max-scale': '3', 'autoscaling.knative.dev/window': '6s' };
    await serve('many', 'acme/hello:v1', { annotations, spec: { containerConcurrency: 1 } });
    const host = `many.${namespace}.localhost`;
    const asked = Array.from({ length: 12 }, () => ask(platform.port, host, '/env?ms=1000'));
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => JSON.parse(body).POD_NAME)).size).toBe(3);
    await waitFor('no instance', async () => (await podsOf('many-v1')).length === 0, 30_000);
  });

  test('streams bodies both ways, and upgrades connections', async () => {
    const body = 'x'.repeat(300_000);
    const answer = await ask(platform.port, `one.${namespace}.localhost`, '/echo', { method: 'POST', body });
    expect(answer.body).toBe(body);

    const socket = connect(platform.port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: one.${namespace}.localhost\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n`);
    let heard = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      if (heard === '') socket.write('hello');
      heard += chunk;
    });
    await waitFor('an answer through the tunnel', () => heard.includes('you said hello'));
    socket.destroy();
  });

  test('says in one sentence what to try when the host or the path is unknown', async () => {
    const unknown = await ask(platform.port, 'nobody.localhost');
    expect(unknown.status).toBe(404);
    expect(unknown.body).toContain(`http://fn-one.${namespace}.localhost:${platform.port}/`);
    expect(unknown.body.trim().split('\n')).toHaveLength(1);
  });

  test('is shown by kubectl: node, pods, logs, events', async () => {
    const [pod] = await podsOf('one-v1');
    const name = pod?.metadata.name ?? '';
    expect(await kubectl('get', 'nodes')).toMatch(/local\s+Ready/);
    expect(await kubectl('get', 'pods')).toMatch(new RegExp(`${name}\\s+1/1\\s+Running\\s+0`));
    expect(await kubectl('logs', name)).toContain('hello listens');
    const stamped = await kubectl('logs', name, '--timestamps', '--tail=1');
    expect(stamped).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z hello .*\n$/);
    expect(await kubectl('describe', 'pod', name)).toMatch(/Started container function/);
    expect(await kubectl('get', 'ksvc')).toMatch(/one\s+http:\S+\s+one-v1\s+one-v1\s+True/);
  });

  test('follows logs until the pod ends', async () => {
    await serve('followed', 'acme/hello:v1');
    const [pod] = await podsOf('followed-v1');
    const program = await findProgram('kubectl', silent);
    const args = ['--kubeconfig', platform.cluster.kubeconfig, '-n', namespace, 'logs', '-f', pod?.metadata.name ?? ''];
    const follower = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let seen = '';
    follower.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      seen += chunk;
    });
    const ended = new Promise((resolve) => follower.once('exit', resolve));
    await waitFor('the first lines', () => seen.includes('listens'));
    await ask(platform.port, `followed.${namespace}.localhost`, '/mark');
    await waitFor('the new line', () => seen.includes('GET /mark'));
    await platform.client.delete(KNATIVE_SERVICE, { namespace, name: 'followed' });
    expect(await ended).toBe(0);
  });
});

describe('scaling', () => {
  test('goes to zero after the window, and holds the next request until an instance is there', async () => {
    const annotations = { 'autoscaling.knative.dev/window': '6s' };
    await serve('sleepy', 'acme/hello:v1', { annotations });
    const host = `sleepy.${namespace}.localhost`;
    const { PORT } = await environmentOf(host);
    const begun = Date.now();
    await waitFor('no pod', async () => (await podsOf('sleepy-v1')).length === 0, 20_000);
    expect(Date.now() - begun).toBeGreaterThan(5_000);
    expect(await accepts(Number(PORT))).toBe(false);
    expect(readyOf(await service('sleepy'))?.status).toBe('True');

    const asked = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(platform.port, host)));
    console.log(`cold start: 20 requests answered within ${Math.round(performance.now() - asked)} ms`);
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await podsOf('sleepy-v1')).toHaveLength(1);
  }, 60_000);

  test('keeps an instance when min-scale says so', async () => {
    const annotations = { 'autoscaling.knative.dev/window': '6s', 'autoscaling.knative.dev/min-scale': '1' };
    await serve('kept', 'acme/hello:v1', { annotations });
    const { HOSTNAME } = await environmentOf(`kept.${namespace}.localhost`);
    await serve('clock', 'acme/hello:v1', { annotations: { 'autoscaling.knative.dev/window': '6s' } });
    await waitFor('its neighbour to be at zero', async () => (await podsOf('clock-v1')).length === 0, 20_000);
    expect((await podsOf('kept-v1')).map(({ metadata }) => metadata.name)).toEqual([HOSTNAME]);
  }, 60_000);

  test('lets no more requests in than containerConcurrency', async () => {
    const annotations = { 'autoscaling.knative.dev/max-scale': '1' }; // a second instance would let in a second request
    await serve('narrow', 'acme/hello:v1', { annotations, spec: { containerConcurrency: 1 } });
    const host = `narrow.${namespace}.localhost`;
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 4 }, () => ask(platform.port, host, '/?ms=200')));
    expect(performance.now() - begun).toBeGreaterThan(790);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });
});

describe('what goes wrong', () => {
  test('a missing image is said at once, and the function runs when it is there', async () => {
    await platform.client.create(KNATIVE_SERVICE, knativeService(namespace, 'later', 'acme/later:v1'));
    const failed = await waitFor('Ready to be False', async () => {
      const ready = readyOf(await service('later'));
      return ready?.status === 'False' && ready;
    });
    expect(failed).toMatchObject({ reason: 'RevisionFailed' });
    expect(failed.message).toContain('"acme/later:v1" is not in the local image store');
    const revision = await platform.client.get(KNATIVE_REVISION, { namespace, name: 'later-v1' });
    expect(readyOf(revision)?.reason).toBe('ImageNotFound');
    await platform.image('acme/later:v1', 'later');
    await waitFor('Ready to be True', async () => readyOf(await service('later'))?.status === 'True');
  });

  test('a crash at start is told with exit code and last words, without stack frames', async () => {
    const script = 'console.log("reading settings");\nthrow new Error("no settings in /etc/here");\n';
    await platform.image('acme/crash:v1', 'crash', script);
    await platform.client.create(KNATIVE_SERVICE, knativeService(namespace, 'crash', 'acme/crash:v1'));
    const failed = await waitFor('Ready to be False', async () => {
      const ready = readyOf(await service('crash'));
      return ready?.status === 'False' && ready;
    });
    expect(failed.message).toContain('Container failed with:');
    expect(failed.message).toContain('no settings in /etc/here');
    expect(failed.message).not.toMatch(/^\s+at /m);
    const revision = await platform.client.get(KNATIVE_REVISION, { namespace, name: 'crash-v1' });
    expect(readyOf(revision)?.reason).toBe('ExitCode1');
    const [pod] = await waitFor('a restart', async () => {
      const pods = await podsOf('crash-v1');
      return pods[0]?.['status'].containerStatuses[0].restartCount > 0 && pods;
    });
    expect(await kubectl('logs', '--previous', pod?.metadata.name ?? '')).toContain('no settings in /etc/here');
    await waitFor('CrashLoopBackOff', async () => (await kubectl('get', 'pods')).includes('CrashLoopBackOff'));
  });

  test('a function that does not listen is told after the deadline', async () => {
    await platform.image('acme/deaf:v1', 'deaf', 'setInterval(() => {}, 1000);\n');
    await platform.client.create(KNATIVE_SERVICE, knativeService(namespace, 'deaf', 'acme/deaf:v1'));
    const failed = await waitFor('Ready to be False', async () => {
      const ready = readyOf(await service('deaf'));
      return ready?.status === 'False' && ready;
    });
    expect(failed.message).toContain('does not listen on the port in its environment variable PORT');
  });

  test('a function that ends during a request answers 502, and is started again', async () => {
    await serve('fragile', 'acme/hello:v1');
    const host = `fragile.${namespace}.localhost`;
    expect((await ask(platform.port, host, '/exit')).status).toBe(502);
    expect((await ask(platform.port, host)).status).toBe(200);
    const [pod] = await podsOf('fragile-v1');
    expect(pod?.['status'].containerStatuses[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 7, reason: 'Error' } },
    });
  });

  test('a changed template under an old revision name is refused', async () => {
    await serve('renamed', 'acme/hello:v1');
    const changed = knativeService(namespace, 'renamed', 'acme/other:v2');
    await platform.client.patch(KNATIVE_SERVICE, { namespace, name: 'renamed' }, { spec: changed['spec'] });
    const failed = await waitFor('Ready to be False', async () => {
      const ready = readyOf(await service('renamed'));
      return ready?.status === 'False' && ready;
    });
    expect(failed.message).toContain('a changed template needs a new name');
  });
});

describe('a route that moves', () => {
  test('loses no request while the old Service is deleted under load', async () => {
    await platform.image('acme/hello:v2', 'newer');
    await serve('old', 'acme/hello:v1');
    await route('moving', 'old-v1');
    const host = `moving.${namespace}.localhost`;
    const seen = new Map<string, number>();
    const failures: string[] = [];
    const pending = new Set<Promise<void>>();
    const shoot = (at: number) => {
      const options = at % 5 === 0 ? { method: 'POST', body: 'b'.repeat(5_000) } : {};
      const request = ask(platform.port, host, `/?ms=${at % 7 === 0 ? 600 : 5}`, options).then(
        ({ status, body }) => {
          const who = body.split(' ')[0] ?? '';
          seen.set(who, (seen.get(who) ?? 0) + 1);
          if (status !== 200) failures.push(`${status} ${body}`);
        },
        (error: Error) => void failures.push(error.message),
      );
      pending.add(request);
      void request.finally(() => pending.delete(request));
    };
    let shots = 0;
    const load = setInterval(() => shoot(shots++), 10);
    await waitFor('load on the old one', () => (seen.get('hello') ?? 0) > 50);
    await serve('new', 'acme/hello:v2');
    await route('moving', 'new-v1');
    await platform.client.delete(KNATIVE_SERVICE, { namespace, name: 'old' });
    await waitFor('the old pod to be gone', async () => (await podsOf('old-v1')).length === 0);
    const after = seen.get('newer') ?? 0;
    await waitFor('load on the new one', () => (seen.get('newer') ?? 0) > after + 50);
    clearInterval(load);
    await Promise.all(pending);
    console.log(`route switch: ${shots} requests, answered by ${JSON.stringify(Object.fromEntries(seen))}`);
    expect(failures).toEqual([]);
  }, 60_000);

  test('shows gateways, their class and the number of routes', async () => {
    const gatewayClass = await platform.client.get(GATEWAY_CLASS, { name: 'openfunction-local' });
    expect(findCondition(gatewayClass?.['status']?.conditions, 'Accepted')?.status).toBe('True');
    await waitFor('both routes to be counted', async () => {
      const gateway = await platform.client.get(KUBE_GATEWAY, { namespace: 'openfunction', name: 'local' });
      expect(gateway?.['status'].addresses).toEqual([{ type: 'IPAddress', value: '127.0.0.1' }]);
      return gateway?.['status'].listeners.every(
        ({ attachedRoutes }: { attachedRoutes: number }) => attachedRoutes === 2,
      );
    });
  });
});

describe('endings', () => {
  test('deleting a Service ends its process and leaves nothing', async () => {
    await serve('leaving', 'acme/hello:v1');
    const before = processes();
    const { PORT } = await environmentOf(`leaving.${namespace}.localhost`);
    await platform.client.delete(KNATIVE_SERVICE, { namespace, name: 'leaving' });
    await waitFor('children to be gone', async () => {
      const deployment = await platform.client.get(DEPLOYMENT, { namespace, name: 'leaving-v1-deployment' });
      const revision = await platform.client.get(KNATIVE_REVISION, { namespace, name: 'leaving-v1' });
      return deployment === undefined && revision === undefined && (await podsOf('leaving-v1')).length === 0;
    });
    expect(await accepts(Number(PORT))).toBe(false);
    const gone = before.filter((pid) => !processes().includes(pid));
    expect(gone.length).toBeGreaterThan(0);
    expect(gone.filter(isAlive)).toEqual([]);
  });

  test('a platform that was killed ends what it left, and goes on', async () => {
    const before = processes();
    expect(before.length).toBeGreaterThan(0);
    await platform.restart('SIGKILL');
    expect(before.filter(isAlive)).toEqual([]);
    await waitFor('an answer', async () => (await ask(platform.port, `one.${namespace}.localhost`)).status === 200);
    const [pod] = await waitFor('the pod to say so', async () => {
      const pods = await podsOf('one-v1');
      return pods.length === 1 && findCondition(pods[0]?.['status'].conditions, 'Ready')?.status === 'True' && pods;
    });
    expect(pod?.['status'].containerStatuses[0]).toMatchObject({ restartCount: 1, ready: true });
    expect(readyOf(await service('one'))?.status).toBe('True');
    const node = await platform.client.get(NODE, { name: 'local' });
    expect(findCondition(node?.['status'].conditions, 'Ready')?.status).toBe('True');
  });

  test('a platform that is stopped leaves no process, and nothing was forbidden to it', async () => {
    const before = processes();
    await platform.restart('SIGTERM');
    expect(before.filter(isAlive)).toEqual([]);
    const events = await readAuditLog(platform.cluster.auditLogFile);
    const ours = events.filter(({ user }) => user?.username?.endsWith('openfunction-local-platform'));
    expect(ours.length).toBeGreaterThan(100);
    const refused = ours.filter(({ responseStatus }) => responseStatus?.code === 403);
    expect(
      refused.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}/${objectRef?.subresource ?? ''}`),
    ).toEqual([]);
  });
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
