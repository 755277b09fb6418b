import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Makes the content of `folder` in a draft beside it and moves it into place when it is whole, so that nobody ever sees half of
 * it. `make` gets the folder to fill and one for scratch. Callers hold a lock: drafts of earlier runs that were killed are removed.
 */
export async function makeFolder(
  folder: string,
  make: (finished: string, scratch: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(folder);
  const prefix = `${basename(folder)}.new-`;
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) if (name.startsWith(prefix)) await remove(join(parent, name));
  const draft = await mkdtemp(join(parent, prefix));
  try {
    const [finished, scratch] = [join(draft, 'finished'), join(draft, 'scratch')];
    await Promise.all([mkdir(finished), mkdir(scratch)]);
    await make(finished, scratch);
    await remove(folder);
    await rename(finished, folder);
  } finally {
    await remove(draft);
  }
}

function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}
