/**
 * JSON patches as RFC 6902 describes them, as far as admission answers with them. Shares nothing with the code that makes the
 * patches: it stands for the API server.
 */

export interface Operation {
  op: string;
  path: string;
  value?: unknown;
}

/** The document with the operations applied in their order. Throws where the RFC says that a patch fails. */
export function applyPatch(document: unknown, operations: readonly Operation[]): unknown {
  return operations.reduce((current, operation) => applyOne(current, tokensOf(operation.path), operation), document);
}

/** The reference tokens of a JSON pointer (RFC 6901). */
function tokensOf(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new Error(`${pointer}: a pointer begins with a slash`);
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function applyOne(target: unknown, [token, ...rest]: readonly string[], operation: Operation): unknown {
  const { op, path, value } = operation;
  if (token === undefined) {
    if (op === 'remove') throw new Error('the whole document cannot be removed');
    return value;
  }
  if (typeof target !== 'object' || target === null) throw new Error(`${path}: nothing can be at ${token}`);
  if (rest.length > 0) return put(target, token, applyOne(memberAt(target, token, path), rest, operation));
  if (op === 'add') return Array.isArray(target) ? insert(target, token, value, path) : put(target, token, value);
  memberAt(target, token, path);
  if (op === 'replace') return put(target, token, value);
  if (op !== 'remove') throw new Error(`${op}: not an operation that admission uses`);
  return Array.isArray(target)
    ? target.toSpliced(Number(token), 1)
    : Object.fromEntries(Object.entries(target).filter(([name]) => name !== token));
}

function memberAt(target: object, token: string, path: string): unknown {
  if (!Object.hasOwn(target, token) || (Array.isArray(target) && !/^(0|[1-9]\d*)$/.test(token)))
    throw new Error(`${path}: there is nothing at ${token}`);
  return (target as Record<string, unknown>)[token];
}

function put(target: object, token: string, value: unknown): unknown {
  if (Array.isArray(target)) return target.with(Number(token), value);
  return Object.fromEntries([...Object.entries(target).filter(([name]) => name !== token), [token, value]]);
}

function insert(target: readonly unknown[], token: string, value: unknown, path: string): unknown[] {
  const at = token === '-' ? target.length : Number(token);
  if (!Number.isInteger(at) || at < 0 || at > target.length) throw new Error(`${path}: no place for an item`);
  return target.toSpliced(at, 0, value);
}
