import { join } from 'node:path';
import { CodedError, explain } from '@openfunction/errors';
import { withLock } from '../lock.mjs';
import type { Say } from '../say.ts';
import { download } from './download.ts';
import { makeFolder } from './draft.ts';
import { goBuild } from './go-build.ts';
import { cacheFolder, isExecutable, onPath } from './platform.ts';
import { PROGRAMS, type Program, type ProgramName } from './programs.ts';
import { sourcesOf } from './sources.ts';

/**
 * The path of a program that can be run: from `KUBEBUILDER_ASSETS`, PATH (clients only), the cache, a download, or built from
 * its Go module, whichever comes first. What takes time is said. Two processes at once make it once.
 * Throws `binary.unavailable` with what was tried and what to do.
 */
export async function findProgram(name: ProgramName, say: Say): Promise<string> {
  const program: Program = PROGRAMS[name];
  const ready = await findReady(program);
  if (ready !== undefined) return ready;
  const lock = `${cacheFolder(program.name, program.version)}.lock`;
  return withLock(
    lock,
    `fetching ${program.name}`,
    say,
    async () => (await findReady(program)) ?? fetchOrBuild(program, say),
  );
}

async function findReady(program: Program): Promise<string | undefined> {
  const places = [...assets(program), ...cached(program)];
  for (const file of places) if (await isExecutable(file)) return file;
  return program.fromPath ? onPath(program.name) : undefined;
}

function assets({ name }: Program): string[] {
  const folder = process.env['KUBEBUILDER_ASSETS'];
  return folder ? [join(folder, name)] : [];
}

function cached(program: Program): string[] {
  const versions = [program.version, ...sourcesOf(program).map(({ version }) => version)];
  return versions.map((version) => join(cacheFolder(program.name, version), program.name));
}

async function fetchOrBuild(program: Program, say: Say): Promise<string> {
  const failures: string[] = [];
  const attempt = async (version: string, make: (file: string, scratch: string) => Promise<void>) => {
    const folder = cacheFolder(program.name, version);
    try {
      await makeFolder(folder, (finished, scratch) => make(join(finished, program.name), scratch));
      return join(folder, program.name);
    } catch (error) {
      failures.push(explain(error));
      return undefined;
    }
  };
  for (const source of sourcesOf(program)) {
    const found = await attempt(source.version, (file) => download(source, file, say));
    if (found !== undefined) return found;
    say(`${program.name} is not downloaded: ${failures.at(-1)}`);
  }
  const built = await attempt(program.version, (file, scratch) => goBuild(program, file, scratch, say));
  if (built !== undefined) return built;
  throw new CodedError(
    'binary.unavailable',
    `${program.name} ${program.version} can be neither downloaded nor built (${failures.join('; ')}): ` +
      'install Go 1.24 or newer (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder that holds it',
  );
}
