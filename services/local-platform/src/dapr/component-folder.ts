import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes the folder hold these files, readable by us alone, and no others. */
export async function writeComponentFiles(folder: string, texts: readonly [string, string][]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = new Set(texts.map(([name]) => `${name}.yaml`));
  for (const name of await readdir(folder)) if (!names.has(name)) await rm(join(folder, name));
  for (const [name, text] of texts) {
    const file = join(folder, `${name}.yaml`);
    if ((await readFile(file, 'utf8').catch(() => '')) !== text) await writeFile(file, text, { mode: 0o600 });
  }
}
