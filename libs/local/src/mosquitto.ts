import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { findMosquitto } from './binaries/mosquitto.ts';
import { writeSecretFile } from './kubeconfig.ts';
import { freePort } from './process/free-port.ts';
import { startProcess } from './process/process.ts';
import type { Say } from './say.ts';

/** An MQTT broker for tests and samples. */
export interface Mosquitto {
  /** `tcp://127.0.0.1:<port>`, as Dapr's MQTT components want it. */
  url: string;
  stop(): Promise<void>;
}

/**
 * An MQTT broker of ours on a free loopback port. Anybody on this machine may use it: it carries what a sample or a test sends,
 * and keeps nothing. Throws `binary.unavailable` or `process.failed`.
 */
export async function startMosquitto(options: { directory: string; log: Say }): Promise<Mosquitto> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { command, env } = await findMosquitto(options.log);
  const port = await freePort();
  const config = join(directory, 'mosquitto.conf');
  await writeSecretFile(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest stderr\n`,
  );
  const broker = await startProcess({
    name: 'mosquitto',
    command,
    args: ['-c', config],
    env: { ...process.env, ...env },
    logFile: join(directory, 'mosquitto.log'),
    ready: () => accepts(port),
  });
  return {
    url: `tcp://127.0.0.1:${port}`,
    stop: async () => {
      await broker.stop();
    },
  };
}

/** Whether the broker takes connections. */
function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => socket.end());
    socket.once('error', () => done(false));
    socket.once('close', () => done(true)); // after an error it is done already
  });
}
