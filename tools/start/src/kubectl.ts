import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { explain } from '@openfunction/errors';
import { findProgram } from '@openfunction/local';

/** `npm run kubectl -- …`: kubectl of the PATH, else the cached one, on the cluster of the `npm start` that runs in this checkout. */
async function main(args: string[]): Promise<number> {
  const state = resolve(process.env['OPENFUNCTION_STATE'] || '.local');
  const kubeconfig = join(state, 'kubeconfig');
  if (!existsSync(kubeconfig)) throw new Error(`${kubeconfig} does not exist: run npm start first`);
  const kubectl = await findProgram('kubectl', say);
  const child = spawn(kubectl, args, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: kubeconfig } });
  // Ctrl-C reaches kubectl from the terminal; a signal to us alone is passed on. Either way its end is ours.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((done, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => done(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  say(explain(error));
  return 1;
});
