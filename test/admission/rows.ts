import { printPath } from '@openfunction/admission';
import { ADMISSION_TABLES, type Default, isObject, type Kind, type Rule, segments, valueAt } from '@openfunction/api';
import { expect } from 'vitest';
import { overlaid } from '../../tools/fuzz/src/overlay.ts';
import { type NumberedCase, reviewedKind } from './numbered.ts';

/** Every row of every table: its examples, judged by the whole of the mutating review. */
export const ROW_CASES: readonly NumberedCase[] = ADMISSION_TABLES.flatMap(({ kind, defaults, rules }) => [
  ...defaults.map((row) => defaultCase(kind, row)),
  ...rules.map((row) => ruleCase(kind, row)),
]);

/** What the object must have besides the example, or other rules would refuse it and no patch would come. */
const WHOLE: Record<string, object> = {
  Function: {
    image: 'registry/hello',
    serving: {},
    build: { builder: 'b', srcRepo: { url: 'https://git.example/hello' } },
  },
  Gateway: { domain: 'ofn.io', gatewayRef: { name: 'contour', namespace: 'projectcontour' } },
};

function defaultCase(kind: Kind, row: Default): NumberedCase {
  return {
    number: row.number,
    what: `${kind.kind} ${row.id} sets what it promises, and nothing the second time`,
    show: async (https) => {
      https.know({});
      const needed = valueAt(row.before, 'spec.gatewayDef') === undefined ? WHOLE[kind.kind] : { domain: 'ofn.io' };
      const whole = (object: unknown) => overlaid({ spec: needed }, object);
      const stored = row.old === undefined ? undefined : whole(row.old);
      const sent = { object: whole(row.before), ...(stored !== undefined && { old: stored }) };
      const reviewed = reviewedKind(kind);
      const { allowed, causes, object } = await https.mutate(reviewed, sent);
      expect({ allowed, causes }).toEqual({ allowed: true, causes: [] });
      const [expected, made] = [row.after, object].map((one) => valueAt(one, row.path));
      if (isObject(expected)) expect(made).toMatchObject(expected);
      else if (Array.isArray(expected))
        expect(made).toEqual(expect.arrayContaining(expected.map((item) => expect.objectContaining(item))));
      else if (row.path !== 'metadata.annotations' || expected !== undefined) expect(made).toEqual(expected);
      expect((await https.mutate(reviewed, { ...sent, object })).patched).toEqual([]);
    },
  };
}

function ruleCase(kind: Kind, row: Rule): NumberedCase {
  return {
    number: row.number,
    what: `${kind.kind} ${row.id} ${row.level === 'deny' ? 'refuses' : 'warns of'} its bad example and lets its good one pass`,
    show: async (https) => {
      const { old, exists, count } = row.seen ?? {};
      https.know({ ...(exists && { exists }), ...(count && { count }) });
      const reviewed = reviewedKind(kind);
      const sent = (object: unknown) => ({ object, ...(old !== undefined && { old }) });
      const [good, bad] = [
        await https.mutate(reviewed, sent(row.accepts)),
        await https.mutate(reviewed, sent(row.refuses)),
      ];
      const path = new RegExp(`^${pattern(row.path)}: `);
      expect(good.causes).toEqual([]);
      if (row.level === 'deny') {
        expect(bad.causes.filter((cause) => path.test(cause))).not.toEqual([]);
        // The validating review says it as well, should anything have come in between.
        expect((await https.validate(reviewed, sent(row.refuses))).allowed).toBe(false);
      } else {
        expect(good.warnings.filter((warning) => path.test(warning) && bad.warnings.includes(warning))).toEqual([]);
        expect(bad.warnings.filter((warning) => path.test(warning))).not.toEqual([]);
      }
    },
  };
}

/** A pattern for every field that a row's path stands for. */
function pattern(path: string): string {
  const printed = printPath(segments(path).flatMap((name) => (name.endsWith('[]') ? [name.slice(0, -2), 0] : [name])));
  return printed
    .replaceAll(/[.[\]()*+?^$]/g, '\\$&')
    .replaceAll('\\[0\\]', '\\[\\d+\\]')
    .replace(/\.?\\\*|\\\[\\\*\\\]/, '[.[].+');
}
