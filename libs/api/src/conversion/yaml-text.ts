import { parseDocument, stringify } from 'yaml';
import { nestsDeeper, writeJson } from './json-text.ts';

/**
 * The YAML that v1beta1 keeps in annotations, read and written with the same bounds: whatever a user writes there, it
 * costs a few milliseconds at most, and nothing throws. Aliases are refused, so a small text stays a small value.
 */

/** Characters. The annotations hold a dozen lines. */
const MAX_LENGTH = 16_384;
/** Characters that mean something to YAML: the time to parse grows with the square of some of them. */
const MAX_MARKS = 1_500;
/** Levels of a value that is written. */
const MAX_NESTING = 32;
const MARKS = /[[\]{},?:\-&*!%|>\n#"'@]/g;
/** Texts that are remembered: in a LIST the same few return for every object, and parsing is the dearest step of all. */
const REMEMBERED = 256;

/** A value, or one sentence that says why the text has none. */
type YamlValue = { value: unknown } | { problem: string };

/** The JSON value of a YAML text. Total. The value is shared: do not change it. */
export const parseYaml: (text: string) => YamlValue = remembered(parse);

/** The YAML text of a JSON object: block style, two spaces, sorted keys; undefined when it is beyond the bounds. */
export function writeYaml(value: unknown): string | undefined {
  const json = writeJson(value);
  return nestsDeeper(json, MAX_NESTING) ? undefined : writeRemembered(json);
}

const writeRemembered = remembered((json: string) => {
  if (isTooLarge(json)) return undefined;
  const text = stringify(JSON.parse(json), { indent: 2, lineWidth: 0, sortMapEntries: true });
  return isTooLarge(text) ? undefined : text;
});

function parse(text: string): YamlValue {
  if (isTooLarge(text))
    return { problem: `must be YAML of at most ${MAX_LENGTH} characters and a few hundred entries` };
  // The parser reports what is wrong with a text, but throws for aliases and when its stack is full.
  try {
    const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
    const [error] = document.errors;
    if (error !== undefined) return { problem: `must be valid YAML: ${error.message}` };
    // Through text: tags can make values that JSON does not know.
    return { value: JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 0 }) ?? null)) };
  } catch (error) {
    return { problem: `must be valid YAML without aliases: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function isTooLarge(text: string): boolean {
  return text.length > MAX_LENGTH || (text.match(MARKS)?.length ?? 0) > MAX_MARKS;
}

/** The function with its latest results kept. Long texts are not: what is kept stays small. */
function remembered<Result>(compute: (text: string) => Result): (text: string) => Result {
  const results = new Map<string, Result>();
  return (text) => {
    if (text.length > MAX_LENGTH) return compute(text);
    if (results.has(text)) return results.get(text) as Result;
    const result = compute(text);
    if (results.size >= REMEMBERED) results.delete(results.keys().next().value as string);
    results.set(text, result);
    return result;
  };
}
