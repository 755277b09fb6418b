import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, explain } from '@openfunction/errors';
import { withLock } from '../lock.mjs';
import { type Say, sayWhile } from '../say.ts';
import { makeFolder } from './draft.ts';
import { cacheFolder, cacheRoot, onPath, PLATFORM } from './platform.ts';
import { run } from './run.ts';

/** How to run redis-server: `env` is added to the environment. */
export interface RedisProgram {
  command: string;
  env: Record<string, string>;
}

const OLDEST = 7;
const HINT = 'install redis-server 7 or newer, or name a running one in REDIS_URL';

/**
 * redis-server >= 7: from PATH, the cache, else the distribution's package unpacked into the cache (Debian, Ubuntu; its service
 * is not started, nothing is installed) or installed by brew (macOS). Throws `binary.unavailable`.
 */
export async function findRedis(say: Say): Promise<RedisProgram> {
  const installed = await onPath('redis-server');
  if (installed !== undefined && (await isNewEnough({ command: installed, env: {} })))
    return { command: installed, env: {} };
  try {
    return process.platform === 'darwin' ? await fromBrew(say) : await fromPackage(say);
  } catch (error) {
    throw new CodedError('binary.unavailable', `redis-server cannot be had (${explain(error)}): ${HINT}`, error);
  }
}

async function fromPackage(say: Say): Promise<RedisProgram> {
  const folder = cacheFolder('redis', await distribution());
  const cached = unpacked(folder);
  if (await isNewEnough(cached)) return cached;
  await withLock(`${folder}.lock`, 'unpacking redis-server', say, async () => {
    if (!(await isNewEnough(cached))) await unpackInto(folder, say);
  });
  if (await isNewEnough(cached)) return cached;
  throw new CodedError('binary.unavailable', `the package's redis-server is older than ${OLDEST} or does not run`);
}

/** The packages of redis-server that this system lacks, unpacked side by side. */
async function unpackInto(folder: string, say: Say): Promise<void> {
  if ((await onPath('apt-get')) === undefined || (await onPath('dpkg')) === undefined) {
    throw new CodedError('binary.unavailable', 'this system has no apt-get and dpkg');
  }
  say('fetching redis-server from the packages of this distribution');
  const progress = (seconds: number) => `fetching redis-server: ${seconds} s`;
  await makeFolder(folder, (finished, scratch) =>
    sayWhile(say, progress, async () => {
      // The system's package lists may be missing or old; then lists of our own are fetched.
      const names = await downloadPackages(scratch, []).catch(async () =>
        downloadPackages(scratch, await privateLists(say)),
      );
      for (const name of names)
        await run('sh', ['-c', 'dpkg -x "$1"_*.deb "$2"', 'sh', name, finished], { cwd: scratch });
    }),
  );
}

/** Downloads what apt would install for redis-server; returns the names of the packages. */
async function downloadPackages(folder: string, options: string[]): Promise<string[]> {
  const names = await simulate(options);
  if (names.length === 0) throw new CodedError('binary.unavailable', 'apt knows no package redis-server');
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

async function simulate(options: string[]): Promise<string[]> {
  const plan = await run('apt-get', [
    ...options,
    'install',
    '--simulate',
    '--no-install-recommends',
    '-y',
    'redis-server',
  ]);
  return [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? '');
}

async function fromBrew(say: Say): Promise<RedisProgram> {
  if ((await onPath('brew')) === undefined) throw new CodedError('binary.unavailable', 'brew is not installed');
  say('installing redis with brew');
  await sayWhile(
    say,
    (seconds) => `brew install redis: ${seconds} s`,
    () => run('brew', ['install', '--quiet', 'redis'], { timeoutMs: 600_000 }),
  );
  return { command: join((await run('brew', ['--prefix', 'redis'])).trim(), 'bin', 'redis-server'), env: {} };
}

function unpacked(root: string): RedisProgram {
  const machine = process.arch === 'x64' ? 'x86_64-linux-gnu' : 'aarch64-linux-gnu';
  const libraries = ['usr/lib', 'lib'].map((folder) => join(root, folder, machine)).join(':');
  return { command: join(root, 'usr', 'bin', 'redis-server'), env: { LD_LIBRARY_PATH: libraries } };
}

/** Whether it runs here (its libraries are found) and is new enough. */
async function isNewEnough({ command, env }: RedisProgram): Promise<boolean> {
  const text = await run(command, ['--version'], { env: { ...process.env, ...env } }).catch(() => '');
  return Number(/ v=(\d+)\./.exec(text)?.[1] ?? 0) >= OLDEST;
}

/** `debian-12`: a package fits the distribution it was made for. */
async function distribution(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string) => new RegExp(`^${name}="?([\\w.-]+)"?$`, 'm').exec(text)?.[1] ?? 'unknown';
  return `${field('ID')}-${field('VERSION_ID')}`;
}
