import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONVERSION_CASES } from './conversions.ts';
import { type Https, startHttps } from './https.ts';
import { NUMBERS, type NumberedCase } from './numbered.ts';
import { QUIRK_CASES } from './quirks.ts';
import { REFERENCE_CASES } from './reference-cases.ts';
import { ROW_CASES } from './rows.ts';

const CASES: readonly NumberedCase[] = [...ROW_CASES, ...REFERENCE_CASES, ...QUIRK_CASES, ...CONVERSION_CASES];

let https: Https;

beforeAll(async () => {
  https = await startHttps();
});

afterAll(() => https.stop());

describe('through the HTTPS handler', () => {
  it.each(CASES)('$number $what', async ({ show }) => show(https));
});

it('there is a test for every number of the specification', () => {
  const shown = new Set(CASES.map(({ number }) => number));
  expect(NUMBERS.filter((number) => !shown.has(number))).toEqual([]);
});
