import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodedError } from '@openfunction/errors';
import { poll } from './poll.ts';
import { describeExit, type ManagedProcess, startProcess } from './process/process.ts';

/** One replica of a service of this project, to be run as a process on this machine. */
export interface ServiceSpec {
  /** Folder under services/, e.g. `function-controller`. */
  service: string;
  /** Name of the process and its log, e.g. `function-controller-1`. */
  name: string;
  /** Settings beside the health port; nothing of our own environment but PATH, HOME and OTEL_* reaches the service. */
  env: Record<string, string>;
  /** Folder of the log. */
  logs: string;
  /** File to run instead of the service's source, e.g. its bundle. */
  entry?: string;
}

/** A service that runs. */
export interface ServiceProcess {
  process: ManagedProcess;
  healthPort: number;
  /** What `/readyz` answers: ready, or what it waits for. */
  readiness: () => Promise<true | string>;
}

const PORT_MS = 20_000;
const INHERITED = /^(PATH|HOME|TMPDIR|OTEL_.*)$/;

/** Starts a service with its health port on a free loopback port, and returns when that port answers. Throws `process.failed`. */
export async function startService(spec: ServiceSpec): Promise<ServiceProcess> {
  const source = new URL(`../../../services/${spec.service}/src/main.ts`, import.meta.url);
  const entry = spec.entry ?? fileURLToPath(source);
  const logFile = join(spec.logs, `${spec.name}.log`);
  const offset = (await readFile(logFile, 'utf8').catch(() => '')).length;
  const inherited = Object.entries(process.env).filter(([name]) => INHERITED.test(name));
  const env = { ...Object.fromEntries(inherited), HEALTH_PORT: '0', HEALTH_HOST: '127.0.0.1', ...spec.env };
  const child = await startProcess({ name: spec.name, command: process.execPath, args: [entry], env, logFile });
  const port = await poll(async () => await healthPort(child, logFile, offset), PORT_MS);
  if (port === undefined)
    throw new CodedError('process.failed', `${spec.name}: no health port within ${PORT_MS / 1000} s; see ${logFile}`);
  return { process: child, healthPort: port, readiness: () => readiness(port) };
}

/** The port from the service's log line; throws with its last line when the process has ended. */
async function healthPort(child: ManagedProcess, logFile: string, offset: number): Promise<number | undefined> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).slice(offset).trim().split('\n');
  if (!child.running) {
    throw new CodedError(
      'process.failed',
      `${child.name} ended with ${describeExit(await child.exited)}: ${lines.at(-1)?.slice(0, 500)}`,
    );
  }
  const line = lines.find((text) => text.includes('"component":"health"'));
  return line === undefined ? undefined : (JSON.parse(line) as { port: number }).port;
}

async function readiness(port: number): Promise<true | string> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch((error: Error) => error);
  if (answer instanceof Error) return 'does not answer';
  return answer.ok || (await answer.text()).trim();
}
