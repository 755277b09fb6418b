import { type FieldPath, isObject } from '@openfunction/api';
import { type Document, isCollection, LineCounter, parseAllDocuments } from 'yaml';

/** One object of a file. */
export interface Manifest {
  object: unknown;
  /** The line of the field, or of the nearest one around it that is written. Counted from 1. */
  lineOf: (path: FieldPath) => number;
}

/** A text that is no YAML: why, and on which line. */
export interface Unreadable {
  line: number;
  message: string;
}

/** Anchors that refer to each other can make a small file huge. */
const MOST_ALIASES = 100;

/** The objects of a file with any number of YAML (or JSON) documents; the items of a List each on their own. Empty documents are skipped. */
export function readManifests(text: string): (Manifest | Unreadable)[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  return [...documents].flatMap((document) => read(document, lines));
}

function read(document: Document.Parsed, lines: LineCounter): (Manifest | Unreadable)[] {
  const [error] = document.errors;
  if (error !== undefined)
    return [{ line: lines.linePos(error.pos[0]).line, message: error.message.split('\n')[0] ?? '' }];
  const line = (path: FieldPath) => lineAt(document, lines, path);
  let object: unknown;
  try {
    object = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (problem) {
    return [{ line: line([]), message: (problem as Error).message }];
  }
  if (object === null || object === undefined) return [];
  if (!isObject(object) || object['kind'] !== 'List' || !Array.isArray(object['items']))
    return [{ object, lineOf: line }];
  return object['items'].map((item, index) => ({ object: item, lineOf: (path) => line(['items', index, ...path]) }));
}

function lineAt(document: Document.Parsed, lines: LineCounter, path: FieldPath): number {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node: unknown = depth === 0 ? document.contents : keyOrValue(document, path.slice(0, depth));
    const range = (node as { range?: [number, number, number] } | null | undefined)?.range;
    if (range !== undefined) return lines.linePos(range[0]).line;
  }
  return 1;
}

/** The key of a member, which stands on the line that the user looks for; the item itself in a list. */
function keyOrValue(document: Document.Parsed, path: FieldPath): unknown {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isCollection(parent)) return undefined;
  const name = path.at(-1);
  const pair = parent.items.find((item) => String((item as { key?: unknown }).key) === String(name));
  return (pair as { key?: unknown } | undefined)?.key ?? document.getIn(path, true);
}
