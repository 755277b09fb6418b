import type { Choices } from './choices.ts';

/** JSON texts that no library would write: names twice, names that objects inherit, numbers beyond all bounds, depth, noise. */

const NAMES = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  '',
  '0',
  'length',
  'spec',
  'a\\u0000b',
  '\\ud800',
];
const NUMBERS = [
  '1e999',
  '-1e999',
  '-0',
  '0.1e-400',
  '123456789012345678901234567890',
  '9223372036854775808',
  '1E3',
  '4.0',
];

/** One member whose value has no parts. */
const MEMBER = /"((?:[^"\\]|\\.)*)":("(?:[^"\\]|\\.)*"|-?[\d.e+]+|true|false|null|\{\}|\[\])/g;

/** The text with one thing in it that is unusual; now and then it is no longer JSON. */
export function withNoise(choices: Choices, text: string): string {
  const way = choices.below(20);
  if (way === 0) return withBytes(choices, text);
  if (way === 1) return text.slice(0, choices.below(text.length));
  const members = [...text.matchAll(MEMBER)];
  if (members.length === 0) return text;
  const found = choices.of(members);
  const [whole, name = ''] = found;
  return `${text.slice(0, found.index)}${member(choices, whole, name)}${text.slice(found.index + whole.length)}`;
}

function member(choices: Choices, whole: string, name: string): string {
  const way = choices.below(6);
  const value = whole.slice(name.length + 3);
  if (way === 0) return `${whole},${whole}`;
  if (way === 1) return `${whole},"${name}":${unusual(choices)}`;
  if (way === 2) return `"${choices.of(NAMES)}":${value}`;
  if (way === 3) return `${whole},"${choices.of(NAMES)}":{"polluted":${value},"name":"x","type":"bindings.kafka"}`;
  return `"${name}":${unusual(choices)}`;
}

function unusual(choices: Choices): string {
  const way = choices.below(20);
  if (way === 0) return nested(choices.of([10, 40, 400, 3000]), choices.percent(50));
  if (way === 1)
    return JSON.stringify(
      choices.of(['a', '-', '1h', '{{.', '𝒜', '"', '[ ', '\u0000', ': ']).repeat(choices.of([50, 500, 5000])),
    );
  if (way === 2) return `[${Array.from({ length: choices.of([20, 200]) }, () => '{"name":"a"}').join(',')}]`;
  if (way < 6) return JSON.stringify('ä\u{1f600}\ud800'.slice(choices.below(4)));
  return choices.of(NUMBERS);
}

function nested(depth: number, isList: boolean): string {
  return isList ? '['.repeat(depth) + ']'.repeat(depth) : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

function withBytes(choices: Choices, text: string): string {
  const at = choices.below(text.length);
  const more = choices.of(['', ',', '"', '{', '}', '0', '\\', '\u0000', 'null', '\ufeff']);
  return text.slice(0, at) + more + text.slice(at + choices.below(3));
}
