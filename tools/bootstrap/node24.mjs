import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A Node >= 24: this one, or the one among the packages; undefined when there is none for this machine. */
export function findNode24(root) {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const machine = `${process.platform}-${process.arch}`;
  const candidates = [`node-${machine}`, `node-bin-${machine}`].map((name) =>
    join(root, 'node_modules', name, 'bin', 'node'),
  );
  return candidates.find((file) => existsSync(file));
}
