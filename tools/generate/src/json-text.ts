const WIDTH = 120;

/**
 * JSON laid out as the formatter of this repository would: objects one member to a line, arrays of plain values on one
 * line where they fit.
 */
export function jsonText(value: unknown): string {
  return `${layOut(value, '', 0)}\n`;
}

/** @param used columns already taken on the line where the value begins, and by the comma after it */
function layOut(value: unknown, indent: string, used: number): string {
  if (Array.isArray(value)) return layOutArray(value, indent, used);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  const inner = `${indent}  `;
  const lines = entries.map(([key, member]) => {
    const name = `${inner}${JSON.stringify(key)}: `;
    return name + layOut(member, inner, name.length + 1);
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function layOutArray(items: unknown[], indent: string, used: number): string {
  const plain = items.every((item) => typeof item !== 'object' || item === null);
  const oneLine = `[${items.map((item) => JSON.stringify(item)).join(', ')}]`;
  if (plain && used + oneLine.length <= WIDTH) return oneLine;
  const inner = `${indent}  `;
  return `[\n${items.map((item) => inner + layOut(item, inner, inner.length + 1)).join(',\n')}\n${indent}]`;
}
