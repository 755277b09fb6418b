import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, explain } from '@openfunction/errors';
import { withLock } from '../lock.mjs';
import { type Say, sayWhile } from '../say.ts';
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
  const draft = await mkdtemp(`${await made(folder)}.new-`);
  try {
    say('fetching redis-server from the packages of this distribution');
    await sayWhile(
      say,
      (seconds) => `fetching redis-server: ${seconds} s`,
      async () => {
        const { names, options } = await missingPackages(say);
        await run('apt-get', [...options, 'download', ...names], { cwd: draft });
        for (const name of names) await run('sh', ['-c', 'dpkg -x "$1"_*.deb root', 'sh', name], { cwd: draft });
      },
    );
    await rm(folder, { recursive: true, force: true });
    await rename(join(draft, 'root'), folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** What apt would install for redis-server; package lists are fetched into a folder of ours when the system has none. */
async function missingPackages(say: Say): Promise<{ names: string[]; options: string[] }> {
  const names = await simulate([]).catch(() => []);
  if (names.length > 0) return { names, options: [] };
  say('fetching package lists into the cache');
  const options = await privateLists();
  await run('apt-get', [...options, 'update'], { timeoutMs: 300_000 });
  return { names: await simulate(options), options };
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

async function privateLists(): Promise<string[]> {
  const root = join(cacheRoot(), 'apt', PLATFORM);
  await mkdir(join(root, 'lists', 'partial'), { recursive: true });
  await mkdir(join(root, 'cache', 'archives', 'partial'), { recursive: true });
  // apt's own user may not enter our cache, and need not: packages are checked by signature, whoever fetches them.
  return ['-o', `Dir::State::lists=${root}/lists`, '-o', `Dir::Cache=${root}/cache`, '-o', 'APT::Sandbox::User=root'];
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

async function made(folder: string): Promise<string> {
  await mkdir(join(folder, '..'), { recursive: true });
  return folder;
}
