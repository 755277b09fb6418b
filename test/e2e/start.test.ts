import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isOurs, readAuditLog } from '@openfunction/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

// `npm start` as a user runs it, but with a state folder and a port of its own, so that it may run beside another one.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A start takes 12 s on two idle cores, and five times that where others keep them busy. */
const MOST_MS = 300_000;

let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'openfunction-e2e-'));
});
afterAll(() => rm(state, { recursive: true, force: true }));

interface Run {
  code: number;
  output: string;
  seconds: number;
}

function npmStart(...args: string[]): Promise<Run> {
  const startedAt = Date.now();
  return new Promise((resolve) => {
    const all = ['start', '--', '--once', '--port', '0', '--state', state, ...args];
    execFile('npm', all, { cwd: ROOT, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      resolve({ code, output: stdout + stderr, seconds: (Date.now() - startedAt) / 1000 });
    });
  });
}

/** Processes that name the state folder on their command line or have it in their environment. */
function processesOf(directory: string): Promise<string[]> {
  return new Promise((resolve) => {
    execFile('ps', ['axeww', '-o', 'pid=,command='], { maxBuffer: 1 << 26 }, (_, stdout) => {
      resolve(
        stdout.split('\n').filter((line) => line.includes(directory) && !line.trim().startsWith(`${process.pid} `)),
      );
    });
  });
}

test('a function from Git source answers, everything is stopped, and nobody was refused anything', {
  timeout: MOST_MS,
}, async () => {
  const first = await npmStart('--sample', 'node', '--replicas', '2');
  expect(first.output).toMatch(/^ready$/m);
  expect(first.output).toMatch(/^http:\/\/hello-node\.default\.localhost:\d+\/\n {2}Hello, World!$/m);
  expect(first.code).toBe(0);
  expect(await processesOf(state)).toEqual([]);

  const events = await readAuditLog(join(state, 'data', 'control-plane', 'audit.log'));
  const ours = events.filter(isOurs);
  expect(ours.length).toBeGreaterThan(0);
  expect(ours.filter(({ responseStatus }) => [401, 403].includes(responseStatus?.code ?? 0))).toEqual([]);
});

test('it starts again on what it left, and its time is printed', { timeout: MOST_MS }, async () => {
  const { code, output, seconds } = await npmStart('--sample', 'node');
  expect(code, output).toBe(0);
  console.log(JSON.stringify({ warmStartSeconds: seconds }));
});

test('a sample that cannot be built ends with its reason in one sentence', { timeout: MOST_MS }, async () => {
  const manifest = await readFile(join(ROOT, 'samples/hello-node/function.yaml'), 'utf8');
  const broken = join(state, 'broken.yaml');
  await writeFile(broken, manifest.replace(/^( +)sourceSubPath: .*$/m, '$&\n$1revision: no-such-branch'));
  const { code, output } = await npmStart('--sample', broken);
  expect(code).toBe(1);
  const last = output
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('failed: '));
  expect(last).toEqual([
    expect.stringMatching(/^failed: hello-node is not ready: GitRevisionNotFound: .*"no-such-branch"/),
  ]);
  expect(output).not.toMatch(/^ +at /m);
  expect(await processesOf(state)).toEqual([]);
});
