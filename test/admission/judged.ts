import { FUNCTION, type Kind } from '@openfunction/api';
import { expect } from 'vitest';
import type { Https, Sent, Verdict } from './https.ts';
import { type NumberedCase, reviewedKind } from './numbered.ts';

/** What a review is to say. What is left out is not looked at. */
export interface Expected {
  /** Fields that are refused, all of them; none when it is let pass. */
  fields?: string[];
  /** Part of some cause. */
  says?: string;
  /** Part of some warning. */
  warns?: string;
  /** Looks at the rest. */
  also?: (verdict: Verdict) => void;
}

/** One promise, as objects and what is said of each of them by the mutating review. */
export function judged(
  number: string,
  what: string,
  sent: readonly (Sent & Expected & { kind?: Kind; version?: string })[],
): NumberedCase {
  return {
    number,
    what,
    show: async (https: Https) => {
      https.know({});
      for (const { object, old, kind = FUNCTION, version, fields = [], says, warns, also } of sent) {
        const verdict = await https.mutate(reviewedKind(kind, version), { object, ...(old !== undefined && { old }) });
        expect(verdict.fields).toEqual(fields);
        expect(verdict.allowed).toBe(fields.length === 0);
        if (says !== undefined) expect(verdict.causes.join('\n')).toContain(says);
        if (warns !== undefined) expect(verdict.warnings.join('\n')).toContain(warns);
        also?.(verdict);
      }
    },
  };
}
