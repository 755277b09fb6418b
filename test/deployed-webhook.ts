/** The webhook as its image and its Deployment run it: for tests and benchmarks whose figures should be those of a cluster. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { valueAt } from '@openfunction/api';
import { readManifests } from '@openfunction/local';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** One entry of a container's `env`. */
interface Setting {
  name: string;
  value?: string;
}

/** Bundles the webhook as the image has it; returns the file. */
export async function bundleWebhook(outdir: string): Promise<string> {
  const args = ['tools/bundle/src/main.ts', 'webhook', '--outdir', outdir];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  return join(outdir, 'webhook/main.mjs');
}

/** What the image gives to Node before the file. */
export async function imageArgs(): Promise<string[]> {
  const file = join(ROOT, 'deploy/Dockerfile');
  const entrypoint = /^ENTRYPOINT (\[.*\])$/m.exec(await readFile(file, 'utf8'))?.[1];
  if (entrypoint === undefined) throw new Error(`${file}: no ENTRYPOINT in the form of a list`);
  return (JSON.parse(entrypoint) as string[]).slice(1, -1);
}

/** The settings that the Deployment writes out. */
export async function deployedEnv(): Promise<Record<string, string>> {
  const [deployment] = await readManifests([join(ROOT, 'deploy/base/50-webhook-deployment.yaml')]);
  const env = valueAt(deployment, ['spec', 'template', 'spec', 'containers', 0, 'env']) as Setting[];
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}
