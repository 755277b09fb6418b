import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The manifests that the original publishes: in development and CI beside the checkout, otherwise absent. */
export const MANIFESTS = resolve(import.meta.dirname, '../../shared/data/openfunction/manifests');

/** For the name of a test that is skipped without them; empty when they are there. */
export const ABSENT = existsSync(MANIFESTS) ? '' : ` (skipped: they are not at ${MANIFESTS})`;

/** File and verdict of each manifest in the table of INDEX.md; none when they are absent. */
export function publishedManifests(): [file: string, verdict: string][] {
  if (ABSENT !== '') return [];
  const lines = readFileSync(join(MANIFESTS, 'INDEX.md'), 'utf8').split('\n');
  const rows = lines.map((line) =>
    line.split(' | ').map((cell) => cell.replace(/^\| /, '').replaceAll('`', '').trim()),
  );
  return rows.filter(([file = '']) => file.endsWith('.yaml')).map(([file = '', , , , verdict = '']) => [file, verdict]);
}
