import { ask, FUNCTION_RULES, HTTP_ROUTE, type KubeObject, type RouteRule, valueAt } from '@openfunction/api';
import { KubeClient, statusOf } from '@openfunction/kube';
import { foreignCrds, NEEDS_GO, type StartedCluster, startTestCluster } from '@openfunction/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The rules about route rules refuse what the CRD of HTTPRoute does, and nothing else: a Function that is admitted gets its route.

const RUNS = 500;
const PLACE = 'spec.serving.triggers.http.route.rules';

const crds = await foreignCrds();
const rules = FUNCTION_RULES.filter(({ path, level }) => path.startsWith(`${PLACE}[]`) && level === 'deny');
const examples = rules.flatMap(({ accepts, refuses }) => [accepts, refuses].flatMap((fn) => valueAt(fn, PLACE)));

function refusedByRules(rule: unknown): boolean {
  const fn = { spec: { serving: { triggers: { http: { route: { rules: [rule] } } } } } };
  return rules.some((each) => ask(each, fn) !== undefined);
}

describe.skipIf(crds === undefined)(`route rules and the CRD of HTTPRoute${crds ? '' : `: ${NEEDS_GO}`}`, () => {
  let cluster: StartedCluster;
  let client: KubeClient;

  beforeAll(async () => {
    const manifests = (crds ?? []).filter(({ metadata }) => metadata.name.startsWith('httproutes.'));
    cluster = await startTestCluster({ manifests });
    client = KubeClient.of(cluster.admin);
  });

  afterAll(async () => {
    await client?.close();
    await cluster?.stop();
  });

  const refusedByCrd = async (rule: unknown): Promise<boolean> => {
    const metadata = { name: 'fn', namespace: 'default' };
    const route = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata, spec: { rules: [rule] } };
    return client.create(HTTP_ROUTE, route as KubeObject, { dryRun: true }).then(
      () => false,
      (error) => (statusOf(error)?.reason === 'Invalid' ? true : Promise.reject(error)),
    );
  };

  test.each(examples.map((rule) => [JSON.stringify(rule), rule]))('agree about %s', async (_text, rule) => {
    expect(await refusedByCrd(rule)).toBe(refusedByRules(rule));
  });

  test(`agree about ${RUNS} paths`, async () => {
    const piece = fc.constantFrom(
      '/',
      '/',
      'a',
      '.',
      '..',
      '%2f',
      '%2F',
      '%20',
      '%',
      '#',
      '?',
      ' ',
      '~',
      '@',
      'é',
      '\n',
    );
    const value = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    const type = fc.constantFrom('Exact', 'PathPrefix', 'RegularExpression', undefined);
    await fc.assert(
      fc.asyncProperty(fc.record({ type, value }), async (path) => {
        const rule = { matches: [{ path: JSON.parse(JSON.stringify(path)) }] } satisfies RouteRule;
        expect(await refusedByCrd(rule)).toBe(refusedByRules(rule));
      }),
      { numRuns: RUNS },
    );
  });
});
