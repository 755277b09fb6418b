import { expect, it } from 'vitest';
import { FUNCTION_RULES } from '../function/rules.ts';
import { isObject } from '../rules.ts';
import { SERVING_RULES } from '../serving/rules.ts';
import { convert, V1BETA2_PRESERVED } from './convert.ts';
import { writeJson } from './json-text.ts';

/** What the rows' examples are in v1beta1, and what a user of v1beta1 would have got for the same text. */

const GROUP = 'core.openfunction.io';

function converted(object: unknown, version: string): Record<string, unknown> {
  const result = convert(object, `${GROUP}/${version}`);
  if ('problem' in result) throw new Error(result.problem);
  return result.object as Record<string, unknown>;
}

const shown = new Set<string>();

function linesOf(kind: string, id: string, example: unknown): string[] {
  const down = converted({ ...(example as object), apiVersion: `${GROUP}/v1beta2`, kind }, 'v1beta1');
  const text = writeJson(down);
  // Rows share examples; and what is longer shows nothing more.
  if (text.length > 2_000 || shown.has(text)) return [];
  shown.add(text);
  const { [V1BETA2_PRESERVED]: _, ...annotations } = annotationsOf(down);
  const up = converted({ ...down, metadata: { annotations } }, 'v1beta2');
  return [`${kind} ${id}`, `    v1beta1 ${writeJson(parts(down))}`, `    v1beta2 ${writeJson(parts(up))}`];
}

function annotationsOf({ metadata }: Record<string, unknown>): Record<string, unknown> {
  return isObject(metadata) && isObject(metadata['annotations']) ? metadata['annotations'] : {};
}

function parts({ metadata, spec }: Record<string, unknown>): object {
  return { ...(metadata !== undefined && { metadata }), spec };
}

it('examples are converted as is on file (`npx vitest run libs/api/src/conversion --update` writes it anew)', async () => {
  const lines = [
    ...FUNCTION_RULES.flatMap(({ id, accepts }) => linesOf('Function', id, accepts)),
    ...SERVING_RULES.flatMap(({ id, accepts }) => linesOf('Serving', id, accepts)),
  ];
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('testdata/on-file.txt');
});
