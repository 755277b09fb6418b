import { hash } from 'node:crypto';
import type { Tree } from '../json.ts';

/** JSON text and names of values of any depth: conversion sees objects before every other check, so nothing here recurses. */

/** An object or list that is being written: its keys (none for a list) and how many members are out. */
interface OpenValue {
  value: Tree | readonly unknown[];
  keys: readonly string[] | undefined;
  length: number;
  written: number;
}

/**
 * Compact JSON with sorted keys. `JSON.stringify` gives up on values nested a few thousand levels deep, which the API
 * server accepts; this does not.
 */
export function writeJson(root: unknown): string {
  const parts: string[] = [];
  const open: OpenValue[] = [];
  writeStart(root, parts, open);
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const { value, keys, length, written } = top;
    if (written === length) {
      parts.push(keys === undefined ? ']' : '}');
      open.pop();
      continue;
    }
    top.written += 1;
    if (written > 0) parts.push(',');
    const key = keys?.[written] ?? written;
    if (typeof key === 'string') parts.push(JSON.stringify(key), ':');
    writeStart((value as Record<string | number, unknown>)[key], parts, open);
  }
  return parts.join('');
}

function writeStart(value: unknown, parts: string[], open: OpenValue[]): void {
  if (typeof value !== 'object' || value === null) {
    parts.push(JSON.stringify(value) ?? 'null');
  } else if (Array.isArray(value)) {
    parts.push('[');
    open.push({ value, keys: undefined, length: value.length, written: 0 });
  } else {
    const keys = Object.keys(value).sort();
    parts.push('{');
    open.push({ value: value as Tree, keys, length: keys.length, written: 0 });
  }
}

/** Longest JSON text that is its own fingerprint. */
const SHORT_TEXT = 24;

/**
 * A short name for a JSON value: equal values have equal ones, different values different ones but for a chance of 2^-64.
 * A short value is told as it is, which is quicker than a hash, and a person can read it.
 */
export function fingerprint(value: unknown): string {
  const text = writeJson(value);
  return text.length <= SHORT_TEXT ? `=${text}` : hash('sha256', text, 'hex').slice(0, 16);
}

/** Whether JSON text nests deeper than `limit`, without parsing it. Brackets inside strings do not count. */
export function nestsDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (char === 0x5c) i += inString ? 1 : 0;
    else if (char === 0x22) inString = !inString;
    else if (inString) continue;
    else if (char === 0x5b || char === 0x7b) depth += 1;
    else if (char === 0x5d || char === 0x7d) depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}

/** JSON of a value of any depth, by the quick way wherever that works. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return writeJson(value);
    throw error;
  }
}
