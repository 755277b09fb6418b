import { createHash } from 'node:crypto';
import { createReadStream, constants as fsConstants } from 'node:fs';
import { copyFile, link, lstat, mkdir, readdir, readFile, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** One file or symbolic link below a folder. Folders themselves do not count: an empty one is no content. */
export interface TreeEntry {
  /** Relative, with `/`. */
  path: string;
  kind: 'file' | 'link';
  executable: boolean;
  size: number;
}

const AT_ONCE = 16;
/** Bytes. A stream for each small file would cost more than the file. */
const READ_AT_ONCE = 1_000_000;

/** Every file and link below `root`, sorted by path. */
export async function listTree(root: string): Promise<TreeEntry[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
  return await mapSome(paths, async (path) => describe(root, path));
}

async function describe(root: string, path: string): Promise<TreeEntry> {
  const { mode, size } = await lstat(join(root, path)).then((stat) => ({ mode: stat.mode, size: stat.size }));
  const kind = (mode & fsConstants.S_IFMT) === fsConstants.S_IFLNK ? 'link' : 'file';
  return { path, kind, executable: kind === 'file' && (mode & 0o100) !== 0, size };
}

/** SHA-256 (hex) over paths, modes and contents: equal trees have equal hashes, whatever their times and owners. */
export async function hashTree(root: string, entries: readonly TreeEntry[]): Promise<string> {
  const lines = await mapSome(entries, async (entry) => {
    const content =
      entry.kind === 'link'
        ? await readlink(join(root, entry.path))
        : await hashFile(join(root, entry.path), entry.size);
    return JSON.stringify([entry.path, entry.kind, entry.executable, content]);
  });
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

async function hashFile(file: string, size: number): Promise<string> {
  const hash = createHash('sha256');
  if (size <= READ_AT_ONCE) return hash.update(await readFile(file)).digest('hex');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Makes `to` equal to `from` by hard links, or by copies where the file system allows no links between the two. */
export async function linkTree(from: string, to: string): Promise<void> {
  const entries = await listTree(from);
  const folders = new Set(entries.map((entry) => join(to, entry.path, '..')));
  await mkdir(to, { recursive: true });
  await mapSome([...folders], (folder) => mkdir(folder, { recursive: true }));
  await mapSome(entries, (entry) => linkEntry(join(from, entry.path), join(to, entry.path), entry.kind));
}

async function linkEntry(from: string, to: string, kind: TreeEntry['kind']): Promise<void> {
  if (kind === 'link') return await symlink(await readlink(from), to);
  try {
    await link(from, to);
  } catch (error) {
    if (!cannotLink(error)) throw error;
    await copyFile(from, to, fsConstants.COPYFILE_FICLONE);
  }
}

/** Another device, no links on this file system, or too many links to one file. */
function cannotLink(error: unknown): boolean {
  return ['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '');
}

async function mapSome<In, Out>(items: readonly In[], work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as In);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}
