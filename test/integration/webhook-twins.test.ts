import {
  type AdmissionTable,
  BUILDER_TABLE,
  FUNCTION_TABLE,
  GATEWAY_TABLE,
  SERVING_TABLE,
  type StructuralSchema,
  valueAt,
} from '@openfunction/api';
import { BUILDER_SCHEMA, FUNCTION_SCHEMA, GATEWAY_SCHEMA, SERVING_SCHEMA } from '@openfunction/api/schemas';
import { freshNamespace, type TestCluster, testCluster } from '@openfunction/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { overlaid } from '../../tools/fuzz/src/overlay.ts';
import { difference, type Sides, type Tally } from './agreement.ts';

// While the webhook is away, the CRD holds what it can of the rules. Here no webhook is installed: whatever a rule with a twin
// refuses, the API server must refuse too, and it must refuse nothing that the rules accept.

const RUNS = 1000;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await testCluster();
});

/** The specs of the rows' examples. */
function examplesOf({ rules }: AdmissionTable): unknown[] {
  return rules
    .filter(({ level, on }) => level === 'deny' && on.includes('create'))
    .flatMap(({ accepts, refuses }) => [accepts, refuses].map((object) => valueAt(object, 'spec')));
}

/** Examples laid over each other: what one row refuses stands beside what others do. */
function specs(table: AdmissionTable): fc.Arbitrary<unknown> {
  const examples = examplesOf(table);
  const example = fc.constantFrom(...examples);
  // No list: the API server lets one pass where `format: duration` is.
  const value = fc.constantFrom<unknown>(undefined, '', ' ', 'x', '-1s', '5m', -1, 0, 1, 99999, {}, null);
  const place = fc.nat();
  return fc
    .tuple(example, example, example, place, fc.option(value, { nil: 'keep' }))
    .map(([first, second, third, at, more]) => withLeaf(overlaid(overlaid(first, second), third), at, more));
}

/** The value with one of its leaves changed. */
function withLeaf(value: unknown, at: number, leaf: unknown): unknown {
  const copy = structuredClone(value);
  const holders = leavesOf(copy);
  const holder = holders[at % Math.max(1, holders.length)];
  if (leaf !== 'keep' && holder !== undefined) holder.parent[holder.key] = leaf;
  return JSON.parse(JSON.stringify(copy));
}

function leavesOf(value: unknown): { parent: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent).flatMap((key) => {
    const inner = leavesOf(parent[key]);
    return inner.length > 0 ? inner : [{ parent, key }];
  });
}

const KINDS: [AdmissionTable, StructuralSchema][] = [
  [FUNCTION_TABLE, FUNCTION_SCHEMA],
  [BUILDER_TABLE, BUILDER_SCHEMA],
  [SERVING_TABLE, SERVING_SCHEMA],
  [GATEWAY_TABLE, GATEWAY_SCHEMA],
];

describe.each(KINDS)('$kind.kind', (table, schema) => {
  test(`the CRD and the table agree about ${RUNS} objects`, async () => {
    const namespace = await freshNamespace(cluster.client, 'twins');
    const sides: Sides = { client: cluster.client, namespace, table, schema };
    const tally: Tally = { refused: 0, byTwin: new Set() };
    for (const spec of examplesOf(table)) expect(await difference(sides, spec, tally)).toBeUndefined();
    await fc.assert(
      fc.asyncProperty(specs(table), async (spec) => {
        expect(await difference(sides, spec, tally)).toBeUndefined();
      }),
      { numRuns: RUNS },
    );
    expect(tally.refused).toBeGreaterThan(RUNS / 3);
    const twins = table.rules.filter(
      ({ level, on, twin }) => level === 'deny' && on.includes('create') && twin !== undefined,
    );
    // The schema alone speaks for those whose twin it is, and a name of a new object has nothing to do with its spec.
    const silent = twins.filter(
      ({ id, twin, path }) => twin !== 'schema' && path.startsWith('spec') && !tally.byTwin.has(id),
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
  }, 120_000);
});
