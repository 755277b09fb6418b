import { REVIEWED_KINDS, type ReviewedKind } from '@openfunction/admission';
import type { Kind } from '@openfunction/api';
import type { Https } from './https.ts';

/** One promise of the specification, shown through the HTTPS handler. */
export interface NumberedCase {
  /** e.g. `V6`, `Q12`, `§4.1-7`. */
  number: string;
  what: string;
  show: (https: Https) => Promise<void>;
}

/** A kind and version that is reviewed. */
export function reviewedKind(kind: Kind, version: string = kind.versions[0]): ReviewedKind {
  const found = REVIEWED_KINDS.find((one) => one.kind === kind && one.version === version);
  if (found === undefined) throw new Error(`${version} ${kind.kind} is not reviewed`);
  return found;
}

function count(letter: string, last: number): string[] {
  return Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
}

/** Every number of ../shared/spec/admission.md that admission or conversion has to keep. */
export const NUMBERS: readonly string[] = [
  ...count('D', 9),
  ...count('V', 40),
  ...count('G', 8),
  ...count('GD', 5),
  ...count('Q', 46),
  ...count('N', 23),
  ...count('C', 13),
  ...count('X', 7),
  ...count('§4.1-', 32),
  ...count('§4.4-', 25),
];
