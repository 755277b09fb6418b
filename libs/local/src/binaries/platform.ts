import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** `linux-x64`, `darwin-arm64`, …: as Node names it. */
export const PLATFORM = `${process.platform}-${process.arch}`;

/** The machine as Go and the release archives name it: amd64 or arm64. */
export const GO_ARCH = process.arch === 'x64' ? 'amd64' : process.arch;

/** The root of all cached files: `OPENFUNCTION_CACHE`, else `~/.cache/openfunction`. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  return env['OPENFUNCTION_CACHE'] || join(homedir(), '.cache', 'openfunction');
}

/** The folder of one program in one version for this machine. */
export function cacheFolder(name: string, version: string): string {
  return join(cacheRoot(), name, version, PLATFORM);
}

/** The first executable of that name on PATH. */
export async function onPath(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const file = join(folder, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** Whether this user may run the file. */
export async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
