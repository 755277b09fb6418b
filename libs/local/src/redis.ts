import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { findRedis } from './binaries/redis.ts';
import { writeSecretFile } from './kubeconfig.ts';
import { freePort } from './process/free-port.ts';
import { ProcessGroup } from './process/group.ts';
import type { Say } from './say.ts';

/** A Redis to work with. */
export interface Redis {
  /** `redis://…`, with the password when it is ours: never log it. */
  url: string;
  /** Process id when it is ours. */
  pid?: number;
  /** Stops it when it is ours; one named by `REDIS_URL` is left alone. */
  stop(): Promise<void>;
}

/**
 * A Redis >= 7: the one `REDIS_URL` names, unless `own` asks for one that may be emptied and killed; else a process of ours on
 * a free loopback port, without persistence (the queue is rebuilt from the API server).
 *
 * Other users of the machine could reach the port, and a job queue is worth protecting: it has a random password, handed over
 * in a file of mode 0600, never on a command line. Throws `binary.unavailable` or `process.failed`.
 */
export async function startRedis(options: {
  directory: string;
  logDirectory?: string;
  own?: boolean;
  log: Say;
  /** When given, a Redis of ours that dies is started again (empty), and this hears of it. Default: it stays down. */
  restart?: Say;
}): Promise<Redis> {
  const given = process.env['REDIS_URL'];
  if (given && options.own !== true) return { url: given, stop: async () => {} };
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { command, env } = await findRedis(options.log);
  const port = await freePort();
  const password = randomBytes(24).toString('base64url');
  const config = join(directory, 'redis.conf');
  await writeSecretFile(config, configuration(port, password, directory));
  const group = new ProcessGroup({ restart: options.restart });
  const started = await group.start({
    name: 'redis-server',
    command,
    args: [config],
    env: { ...process.env, ...env },
    logFile: join(options.logDirectory ?? join(directory, 'logs'), 'redis-server.log'),
    ready: () => answers(port, password),
  });
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    pid: started.pid,
    stop: async () => {
      await group.stop();
      await rm(config, { force: true });
    },
  };
}

/** No eviction: a queue that silently loses keys is worse than one that refuses them (and BullMQ demands it). */
function configuration(port: number, password: string, directory: string): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    'save ""',
    'appendonly no',
    // `ps` shows which folder it belongs to.
    'set-proc-title no',
    'maxmemory-policy noeviction',
    `dir "${directory}"`,
    '',
  ].join('\n');
}

function answers(port: number, password: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      if (answer.split('\r\n').length > 2) socket.end();
    });
    socket.on('error', () => {}); // not up yet; 'close' follows
    socket.on('close', () => done(answer === '+OK\r\n+PONG\r\n'));
  });
}
