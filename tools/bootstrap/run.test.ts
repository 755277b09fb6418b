import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const RUN = fileURLToPath(new URL('run.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const ENTRY = `
const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];
for (const signal of signals) process.on(signal, () => { console.log(signal); if (signal === 'SIGTERM') process.exit(7); });
console.log('up', process.pid, Number(process.versions.node.split('.')[0]) >= 24, process.argv.slice(2).join(','));
setTimeout(() => {}, 30_000);
`;

let directory: string;
let entry: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'run-test-'));
  entry = relative(ROOT, join(directory, 'entry.ts'));
  await writeFile(join(directory, 'entry.ts'), ENTRY);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function start(...args: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout?.on('data', (data) => {
    text += data;
  });
  return { child, output: () => text };
}

test('runs TypeScript under Node 24 with its arguments; SIGINT and the exit code pass through', async () => {
  const { child, output } = start(entry, 'a', '--b');
  await expect.poll(output, { timeout: 10_000 }).toMatch(/^up \d+ true a,--b\n$/);
  child.kill('SIGINT');
  await expect.poll(output).toMatch(/\nSIGINT\n$/);
  child.kill('SIGINT'); // npm sends it again
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(7);
  await expect.poll(output).toMatch(/\nSIGINT\nSIGTERM\n$/);
}, 20_000);

test('an entry whose bootstrap is killed is told to stop', async () => {
  const { child, output } = start(entry);
  await expect.poll(output, { timeout: 10_000 }).toMatch(/^up \d+/);
  child.kill('SIGKILL');
  await expect.poll(output).toMatch(/\nSIGTERM\n$/);
}, 20_000);

test('without an entry it says how it is used', async () => {
  const child = spawn(process.execPath, [RUN], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr?.on('data', (data) => {
    text += data;
  });
  const [code] = await once(child, 'close');
  expect([code, text.startsWith('usage: ')]).toEqual([1, true]);
});
