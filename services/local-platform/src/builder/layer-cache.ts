import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock } from './file-lock.ts';

const KEPT_MS = 30 * 24 * 3600 * 1000;

/** Folders of installed dependencies, by what they were installed from. Shared by every build and every `npm start` of the user. */
export class LayerCache {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * The folder for `inputs` (name of the tool first), made by `fill` in a temporary folder when it is not there yet. It is complete
   * or absent, and must not be changed.
   */
  async get(
    inputs: readonly string[],
    signal: AbortSignal | undefined,
    fill: (directory: string) => Promise<void>,
  ): Promise<string> {
    const key = `${inputs[0]}-${createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 40)}`;
    const layer = join(this.#root, 'layers', key);
    if (await use(layer)) return layer;
    return await withFileLock(join(this.#root, 'locks', key), signal, async () => {
      if (!(await use(layer))) await this.#make(key, layer, fill);
      return layer;
    });
  }

  /** Removes layers that no build has used for 30 days. Images have links of their own to the files. */
  async prune(now: number): Promise<void> {
    const layers = join(this.#root, 'layers');
    for (const name of await readdir(layers).catch(() => [])) {
      const used = await stat(join(layers, name)).catch(() => undefined);
      if (used !== undefined && now - used.mtimeMs > KEPT_MS)
        await rm(join(layers, name), { recursive: true, force: true });
    }
  }

  async #make(key: string, layer: string, fill: (directory: string) => Promise<void>): Promise<void> {
    const draft = join(this.#root, 'drafts', key);
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
    try {
      await fill(draft);
      await mkdir(join(this.#root, 'layers'), { recursive: true });
      await rename(draft, layer);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
}

/** Whether the layer is there; marks it as used now. */
async function use(layer: string): Promise<boolean> {
  const now = new Date();
  return await utimes(layer, now, now).then(
    () => true,
    () => false,
  );
}
