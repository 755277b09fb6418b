import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCoded } from '@openfunction/errors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { poll } from '../poll.ts';
import { ProcessGroup } from './group.ts';
import { startProcess } from './process.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'process-test-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function shell(script: string, name = 'script') {
  return { name, command: '/bin/sh', args: ['-c', script], logFile: join(directory, `${name}.log`) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function pidFrom(file: string): Promise<number> {
  const text = await poll(async () => (await readFile(file, 'utf8').catch(() => '')).trim() || undefined, 5000);
  return Number(text);
}

describe('startProcess', () => {
  test('says why a process ended before it was ready', async () => {
    const failing = startProcess({ ...shell('echo no such flag >&2; exit 3'), ready: async () => false });
    await expect(failing).rejects.toSatisfy((error) => isCoded(error, 'process.failed'));
    await expect(failing).rejects.toThrow(/ended with code 3: no such flag/);
  });

  test('says when a process does not become ready in time, and ends it', async () => {
    const pidFile = join(directory, 'pid');
    const slow = startProcess({
      ...shell(`echo $$ > ${pidFile}; exec sleep 60`),
      ready: async () => false,
      readyTimeoutMs: 300,
    });
    await expect(slow).rejects.toThrow(/not ready in time/);
    expect(isAlive(await pidFrom(pidFile))).toBe(false);
  });

  test('says that a program does not exist', async () => {
    const missing = startProcess({
      name: 'nothing',
      command: join(directory, 'nothing'),
      logFile: join(directory, 'log'),
    });
    await expect(missing).rejects.toSatisfy((error) => isCoded(error, 'process.failed'));
  });

  test('ends a process that does not listen to SIGTERM, and what it has started', async () => {
    const pidFile = join(directory, 'child');
    const stubborn = await startProcess(
      shell(`trap '' TERM; sh -c 'trap "" TERM; echo $$ > ${pidFile}; sleep 60; sleep 60' & wait`),
    );
    const child = await pidFrom(pidFile);
    expect(await stubborn.stop(200)).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await poll(() => !isAlive(child) || undefined, 10_000)).toBe(true);
  });
});

describe('ProcessGroup', () => {
  test('stops its members, last started first', async () => {
    const order = join(directory, 'order');
    const group = new ProcessGroup();
    for (const name of ['first', 'second']) {
      const ready = join(directory, `${name}.ready`);
      const script = `trap 'echo ${name} >> ${order}; exit 0' TERM; echo > ${ready}; while :; do sleep 0.05; done`;
      await group.start({
        ...shell(script, name),
        ready: () =>
          readFile(ready).then(
            () => true,
            () => false,
          ),
      });
    }
    await group.stop();
    expect(await readFile(order, 'utf8')).toBe('second\nfirst\n');
    expect(group.running).toEqual([]);
  });

  test('starts a member again when it dies, and says so; stopping ends it for good', async () => {
    const said: string[] = [];
    const group = new ProcessGroup({ restart: (line) => said.push(line) });
    const first = await group.start(shell('exec sleep 60'));
    process.kill(first.pid, 'SIGKILL');
    const again = await poll(() => group.running.find(({ pid }) => pid !== first.pid), 5000);
    expect(again?.running).toBe(true);
    expect(said).toEqual([expect.stringMatching(/^script ended with signal SIGKILL .* starting it again in 0\.\d s$/)]);
    await group.stop();
    expect(group.running).toEqual([]);
    expect(isAlive(again?.pid ?? 0)).toBe(false);
  });

  test('goes on trying, with longer pauses, while a member cannot be started', async () => {
    const said: string[] = [];
    const group = new ProcessGroup({ restart: (line) => said.push(line) });
    const flag = join(directory, 'began');
    await group.start(shell(`[ -e ${flag} ] && exit 3; touch ${flag}; sleep 0.1`));
    await poll(() => (said.length >= 3 ? true : undefined), 10_000);
    await group.stop();
    expect(said[0]).toContain('code 0');
    expect(said[1]).toContain('code 3');
    const pauses = said.map((line) => Number(/in ([\d.]+) s/.exec(line)?.[1]));
    expect(pauses[2]).toBeGreaterThan(pauses[0] ?? 0);
  });
});

describe('the guard', () => {
  test('ends the children of a process that is killed', async () => {
    const pidFile = join(directory, 'pid');
    const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', PARENT, pidFile, directory], {
      env: { ...process.env, MODULE: new URL('./process.ts', import.meta.url).href },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const child = await pidFrom(pidFile);
    expect(isAlive(child)).toBe(true);
    parent.kill('SIGKILL');
    expect(await poll(() => !isAlive(child) || undefined, 20_000)).toBe(true);
  });
});

const PARENT = `
import { writeFileSync } from 'node:fs';
const { startProcess } = await import(process.env.MODULE);
const [pidFile, directory] = process.argv.slice(1);
const { pid } = await startProcess({ name: 'child', command: 'sleep', args: ['60'], logFile: directory + '/log' });
writeFileSync(pidFile, pid + '\\n');
setInterval(() => {}, 1000);
`;
