import { join } from 'node:path';
import { CodedError } from '@openfunction/errors';
import type { Say } from '../say.ts';
import { cacheFolder, isExecutable, onPath } from './platform.ts';
import { PROGRAMS, type Program, type ProgramName } from './programs.ts';

/**
 * The path of a program that can be run: from `KUBEBUILDER_ASSETS`, PATH (clients only), the cache, a download, or built from
 * its Go module, whichever comes first. What takes time is said. Throws `binary.unavailable` with what to do about it.
 */
export async function findProgram(name: ProgramName, _say: Say): Promise<string> {
  const program: Program = PROGRAMS[name];
  const ready = await findReady(program);
  if (ready !== undefined) return ready;
  throw new CodedError(
    'binary.unavailable',
    `${name} ${program.version} is neither in KUBEBUILDER_ASSETS nor in the cache`,
  );
}

async function findReady(program: Program): Promise<string | undefined> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets && (await isExecutable(join(assets, program.name)))) return join(assets, program.name);
  if (program.fromPath) {
    const found = await onPath(program.name);
    if (found !== undefined) return found;
  }
  const cached = join(cacheFolder(program.name, program.version), program.name);
  return (await isExecutable(cached)) ? cached : undefined;
}
