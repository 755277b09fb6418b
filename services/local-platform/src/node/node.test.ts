import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Pod } from '../objects.ts';
import { ContainerLog, type LogLine, readLog } from './container-log.ts';
import { CrashBackoff } from './crash-backoff.ts';
import { type EnvironmentSource, makeEnvironment } from './environment.ts';
import { type PodRun, podStatus } from './pod-status.ts';
import { isUnscheduled } from './scheduler.ts';

const NOW = new Date('2030-01-01T00:00:00Z');

function pod(spec: Partial<Pod['spec']> = {}): Pod {
  const metadata = { name: 'p-1', namespace: 'demo', uid: 'u1', labels: { tier: 'x' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: [{ name: 'function', image: 'a:v1' }], ...spec },
  };
}

describe('the variables of a function', () => {
  const source = (change: Partial<EnvironmentSource>): EnvironmentSource => ({
    pod: pod(),
    image: {},
    container: [],
    port: 20_001,
    home: '/home/of/pod',
    beside: {},
    host: { PATH: '/bin', KUBECONFIG: '/secret', REDIS_URL: 'redis://secret' },
    ...change,
  });

  test('are of the host only what is harmless', () => {
    expect(makeEnvironment(source({}))).toEqual({ PATH: '/bin', HOME: '/home/of/pod', HOSTNAME: 'p-1', PORT: '20001' });
  });

  test('of one name the last wins, and the port is always ours', () => {
    const container = [
      { name: 'A', value: 'first' },
      { name: 'A', value: 'last' },
      { name: 'PORT', value: '8080' },
    ];
    expect(makeEnvironment(source({ image: { A: 'image', B: 'image' }, container }))).toMatchObject({
      A: 'last',
      B: 'image',
      PORT: '20001',
    });
  });

  test('refer to fields of the pod and to one another', () => {
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
    const container = [
      field('NAME', 'metadata.name'),
      field('TIER', "metadata.labels['tier']"),
      { name: 'BOTH', value: '$(NAME)-$(TIER) $$(NAME) $(UNKNOWN)' },
    ];
    expect(makeEnvironment(source({ container }))).toMatchObject({ TIER: 'x', BOTH: 'p-1-x $(NAME) $(UNKNOWN)' });
  });

  test('say it when they come from where this machine has nothing', () => {
    const valueFrom = { secretKeyRef: {} } as object;
    const container = [{ name: 'A', valueFrom }];
    expect(() => makeEnvironment(source({ container }))).toThrow('Variable "A" comes from secretKeyRef');
  });

  test('carry the port inside the context of a function, whatever else it is', () => {
    const container = [
      { name: 'FUNC_CONTEXT', value: '{"name":"fn","port":"8080"}' },
      { name: 'FUNC_CONTEXT_V1BETA2', value: 'no json' },
    ];
    const env = makeEnvironment(source({ container }));
    expect(JSON.parse(env['FUNC_CONTEXT'] ?? '')).toEqual({ name: 'fn', port: '20001' });
    expect(env['FUNC_CONTEXT_V1BETA2']).toBe('no json');
  });
});

describe('the log of a container', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'container-log-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const texts = (lines: LogLine[]) => lines.map(({ text }) => text);
  const open = () =>
    new ContainerLog(join(directory, '0.log'), (error) => {
      throw error;
    });

  test('puts lines together from pieces, one stream apart from the other', () => {
    const log = open();
    log.write('stdout', 'one\ntw');
    log.write('stderr', 'error\n');
    log.write('stdout', 'o\nend');
    log.end();
    expect(texts(log.read())).toEqual(['one', 'error', 'two', 'end']);
    expect(texts(log.read({ tailLines: 2 }))).toEqual(['two', 'end']);
    expect(log.read({ tailLines: 0 })).toEqual([]);
    expect(log.read({ since: new Date(Date.now() + 60_000) })).toEqual([]);
  });

  test('tells followers of each line and of the end', () => {
    const log = open();
    const heard: (string | undefined)[] = [];
    log.follow((line) => heard.push(line?.text));
    log.write('stdout', 'a\nb\n');
    log.end();
    expect(heard).toEqual(['a', 'b', undefined]);
  });

  test('keeps the last words without stack frames', () => {
    const log = open();
    log.write('stderr', 'starting\n\nError: no settings\n    at read (file:///x/y.js:1:2)\n    at main (z.js:3)\n');
    expect(log.lastWords()).toBe('starting\nError: no settings');
  });

  test('does not grow for ever', () => {
    const log = open();
    const line = `${'x'.repeat(1_000_000)}\n`;
    for (let written = 0; written < 30; written += 1) log.write('stdout', line);
    log.end();
    expect(readLog(join(directory, '0.log')).length).toBeLessThan(20);
    expect(readLog(join(directory, '0.log')).length).toBeGreaterThan(7);
  });
});

describe('the status of a pod', () => {
  const run: PodRun = {
    container: { name: 'function', image: 'a:v1' },
    imageId: 'a@sha256:1',
    containerId: 'process://1',
    ready: false,
    restarts: 0,
    state: { running: { startedAt: '2030-01-01T00:00:00Z' } },
    lastState: {},
    acceptedAt: NOW,
  };
  const ended = (exitCode: number) => ({ terminated: { exitCode, reason: '', finishedAt: '' } });

  test.each([
    ['Running', {}, {}],
    ['Pending', { state: { waiting: { reason: 'ImageNotFound', message: '' } } }, {}],
    ['Running', { state: { waiting: { reason: 'CrashLoopBackOff', message: '' } } }, {}],
    ['Running', { state: ended(1) }, {}],
    ['Failed', { state: ended(1) }, { restartPolicy: 'Never' }],
    ['Succeeded', { state: ended(0) }, { restartPolicy: 'OnFailure' }],
    ['Running', { state: ended(1) }, { restartPolicy: 'OnFailure' }],
  ] as const)('has phase %s with %o and %o', (phase, change, spec) => {
    expect(podStatus(pod(spec as Partial<Pod['spec']>), { ...run, ...change } as PodRun, NOW).phase).toBe(phase);
  });

  test('says that sidecars do not run here', () => {
    const two = pod({ containers: [{ name: 'sidecar' }, { name: 'function' }] });
    const { containerStatuses, conditions } = podStatus(two, { ...run, ready: true }, NOW);
    expect(containerStatuses?.map(({ name, ready }) => [name, ready])).toEqual([
      ['sidecar', false],
      ['function', true],
    ]);
    expect(conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
  });
});

describe('the back-off of a container that ends', () => {
  test('grows from one second to one minute', () => {
    const backoff = new CrashBackoff();
    expect(Array.from({ length: 8 }, () => backoff.after(10))).toEqual(
      [1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1000),
    );
  });

  test('is nothing the first time after a good while, and begins anew after a minute', () => {
    const backoff = new CrashBackoff();
    expect(backoff.after(15_000)).toBe(0);
    expect(backoff.after(15_000)).toBe(2_000);
    expect(backoff.after(61_000)).toBe(0);
  });
});

describe('the scheduler', () => {
  test.each([
    [true, {}],
    [false, { nodeName: 'elsewhere' }],
    [false, { schedulerName: 'another' }],
    [false, { schedulingGates: [{}] }],
  ] as const)('takes a pod: %s for %o', (taken, spec) => {
    expect(isUnscheduled(pod(spec as Partial<Pod['spec']>))).toBe(taken);
  });
});
