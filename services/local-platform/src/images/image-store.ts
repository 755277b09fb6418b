import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDigest, parseReference } from './reference.ts';
import type { ImageConfig, StoredImage } from './stored-image.ts';
import { hashTree, linkTree, listTree } from './tree.ts';

/*
 * <root>/sha256/<hex>/files/        the files of an image, never changed once they are there
 * <root>/sha256/<hex>/config.json   its ImageConfig
 * <root>/references/<hash>.json     { reference, digest }: the newest build of one `repository:tag`
 * <root>/work/                      what is not finished yet
 */

/** The registry of a laptop: images as folders, addressed by what is in them. Several processes may use one store. */
export class ImageStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** `repository:tag@sha256:…` is found by its digest, `repository:tag` by its newest build; undefined when there is none. */
  async resolve(reference: string): Promise<StoredImage | undefined> {
    const parsed = parseReference(reference);
    if (parsed === undefined) return undefined;
    const digest = parsed.digest ?? (await this.#newest(parsed.name));
    if (digest === undefined) return undefined;
    const config = await readJson<ImageConfig>(join(this.#folder(digest), 'config.json'));
    if (config === undefined) return undefined;
    const directory = join(this.#folder(digest), 'files');
    const [program = '', ...args] = config.command;
    const command = [program.startsWith('./') ? join(directory, program) : program, ...args];
    return { digest, command, env: config.env, directory, language: config.language };
  }

  /**
   * Takes the files of `directory` (which is used up) in as the newest build of `reference`. Equal content and config give
   * an equal digest. Nothing is visible before everything is there, and two writers of one image end with the same one.
   */
  async commit(
    reference: string,
    directory: string,
    config: ImageConfig,
  ): Promise<{ digest: `sha256:${string}`; size: number }> {
    const parsed = parseReference(reference);
    if (parsed === undefined) throw new TypeError(`not an image reference: ${JSON.stringify(reference)}`);
    const entries = await listTree(directory);
    const files = await hashTree(directory, entries);
    const canonical = { command: config.command, env: Object.entries(config.env).sort(), language: config.language };
    const hex = createHash('sha256')
      .update(`${files}\n${JSON.stringify(canonical)}`)
      .digest('hex');
    const digest = `sha256:${hex}` as const;
    await this.#place(digest, directory, config);
    await this.#point(parsed.name, digest);
    return { digest, size: entries.reduce((sum, entry) => sum + entry.size, 0) };
  }

  /** A fresh empty folder on the disk of the store; whoever asked removes it. */
  async workDirectory(): Promise<string> {
    const work = join(this.#root, 'work');
    await mkdir(work, { recursive: true });
    return await mkdtemp(join(work, `${process.pid}-`));
  }

  /** Removes what writers that are no longer alive have left unfinished. */
  async removeLeftovers(): Promise<void> {
    const work = join(this.#root, 'work');
    for (const name of await readdir(work).catch(() => [])) {
      if (!isAlive(Number.parseInt(name, 10))) await rm(join(work, name), { recursive: true, force: true });
    }
  }

  #folder(digest: `sha256:${string}`): string {
    return join(this.#root, 'sha256', digest.slice('sha256:'.length));
  }

  async #newest(name: string): Promise<`sha256:${string}` | undefined> {
    const pointer = await readJson<{ digest: string }>(this.#pointerFile(name));
    return pointer !== undefined && isDigest(pointer.digest) ? pointer.digest : undefined;
  }

  #pointerFile(name: string): string {
    return join(this.#root, 'references', `${createHash('sha256').update(name).digest('hex')}.json`);
  }

  async #place(digest: `sha256:${string}`, directory: string, config: ImageConfig): Promise<void> {
    const target = this.#folder(digest);
    if (await exists(join(target, 'config.json'))) return;
    const staging = await this.workDirectory();
    try {
      await moveTree(directory, join(staging, 'files'));
      await writeFile(join(staging, 'config.json'), JSON.stringify(config));
      await mkdir(join(this.#root, 'sha256'), { recursive: true });
      await rename(staging, target);
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      if (!(await exists(join(target, 'config.json')))) throw error;
    }
  }

  async #point(name: string, digest: string): Promise<void> {
    const file = this.#pointerFile(name);
    await mkdir(join(this.#root, 'references'), { recursive: true });
    const draft = `${file}.${randomUUID()}`;
    try {
      await writeFile(draft, JSON.stringify({ reference: name, digest }));
      await rename(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
  }
}

/** Renames, or links and copies when the two places are on different disks. */
async function moveTree(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await linkTree(from, to);
  }
}

/** Whether a process with this id runs, ours or not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** The JSON in a file; undefined when the file is not there. */
async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
