import { own } from '@openfunction/api';

const SHOWN_LENGTH = 120;
const SHOWN_MEMBERS = 8;
const SHOWN_DEPTH = 3;

/** A text as it is; empty for anything else. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The value as a message shows it: JSON, cut short when it is long or deep. */
export function show(value: unknown): string {
  const text = showTo(value, SHOWN_DEPTH);
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH - 1).toWellFormed()}…`;
}

function showTo(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN_LENGTH * 2).toWellFormed());
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value))
    return depth === 0 ? '[…]' : `[${showMembers(value.keys(), (key) => showTo(value[key], depth - 1))}]`;
  if (depth === 0) return '{…}';
  return `{${showMembers(Object.keys(value), (key) => `${JSON.stringify(key.slice(0, SHOWN_LENGTH))}:${showTo(own(value, key), depth - 1)}`)}}`;
}

function showMembers<Key>(keys: Iterable<Key>, showOne: (key: Key) => string): string {
  const shown: string[] = [];
  for (const key of keys) {
    if (shown.length === SHOWN_MEMBERS) return `${shown.join(',')},…`;
    shown.push(showOne(key));
  }
  return shown.join(',');
}
