import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KubeClient } from '@openfunction/kube';
import { findProgram, freePort, silent, startProcess } from '@openfunction/local';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** How long `npm start` may take, where nothing has to be built. */
export const UP_MS = 120_000;

const run = promisify(execFile);

/** What a command said, and how it ended. */
export interface Said {
  stdout: string;
  stderr: string;
  code: number;
}

/** A system that `npm start` has started, with a state folder and a port of its own. */
export interface Platform {
  /** For files of the test; goes when the system is stopped. */
  folder: string;
  state: string;
  /** What the start has said. */
  logFile: string;
  /** Where functions are asked. */
  port: number;
  client: KubeClient;
  kubectl(args: string[], input?: string): Promise<Said>;
  stop(): Promise<void>;
}

/** Starts the system as a user does, with more options of `npm start`, and waits until it says how to go on. */
export async function startPlatform(more: string[], upMs = UP_MS): Promise<Platform> {
  const folder = await mkdtemp(join(tmpdir(), 'openfunction-e2e-'));
  const state = join(folder, 'state');
  const port = await freePort();
  const kubectl = await findProgram('kubectl', silent);
  const logFile = join(folder, 'start.log');
  const args = [join(ROOT, 'tools/start/src/main.ts'), '--port', String(port), '--state', state, ...more];
  const started = await startProcess({
    name: 'npm start',
    command: process.execPath,
    args,
    cwd: ROOT,
    logFile,
    ready: async () => /^go on with/m.test(await readFile(logFile, 'utf8')),
    readyTimeoutMs: upMs,
  });
  const kubeconfig = join(state, 'kubeconfig');
  const client = await KubeClient.load({ kubeconfig });
  return {
    folder,
    state,
    logFile,
    port,
    client,
    kubectl: (words, input) => say(kubectl, [`--kubeconfig=${kubeconfig}`, ...words], input),
    stop: async () => {
      await client.close();
      await started.stop(30_000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function say(command: string, args: string[], input?: string): Promise<Said> {
  const running = run(command, args, { maxBuffer: 1 << 26 });
  running.child.stdin?.end(input);
  return await running.then(
    ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
    ({ stdout, stderr, code }: Said) => ({ stdout, stderr, code }),
  );
}

/** A Function in the namespace `default`, as `kubectl apply -f -` takes it. */
export function functionManifest(name: string, more: Record<string, unknown>): string {
  return JSON.stringify({
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Function',
    metadata: { name, namespace: 'default' },
    ...more,
  });
}
