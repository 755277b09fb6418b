import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'openfunction-test-';
const OWNER = 'owner.pid';

/** A folder for one test cluster. */
export interface TestFolder {
  path: string;
  /** Removes it, unless `OPENFUNCTION_KEEP` is set. */
  remove(): Promise<void>;
}

/** Makes a folder under the system's temporary folder, and removes those of runs that were killed. */
export async function makeTestFolder(): Promise<TestFolder> {
  await removeAbandoned();
  const path = await mkdtemp(join(tmpdir(), PREFIX));
  if (process.env['OPENFUNCTION_KEEP']) return { path, remove: async () => {} };
  await writeFile(join(path, OWNER), String(process.pid));
  // A process that is just ending may still write its last line.
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }) };
}

async function removeAbandoned(): Promise<void> {
  const names = await readdir(tmpdir());
  for (const name of names.filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    const owner = Number(await readFile(join(folder, OWNER), 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) await rm(folder, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
