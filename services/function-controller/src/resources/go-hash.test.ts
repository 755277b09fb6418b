import { describe, expect, it } from 'vitest';
import { type GoType, goBool, goInt32, goMap, goPointer, goSlice, goString, goStruct, isGoHash } from './go-hash.ts';

describe('the hash of the Go operator', () => {
  // The first six are the vectors of controllers.md, appendix A; the others were printed by mitchellh/hashstructure v1.1.0.
  const anonymous = goStruct<{ a?: string }>('', { a: ['A', goPointer(goString)] });
  it.each([
    ['a text', goString('a'), '12638153115695167422'],
    ['a list', goSlice(goString)(['a', 'b']), '2712570657419664240'],
    ['a map', goMap(goString)({ a: 'b' }), '4550450939398240104'],
    ['true', goBool(true), '12638153115695167454'],
    ['an int32', goInt32(1), '4934814342159144266'],
    ['a struct with a null pointer', anonymous({}), '181701068014038876'],
    ['false', goBool(false), '12638153115695167455'],
    ['a text beyond ASCII', goString('ü→😀'), '7740451664141231701'],
  ])('of %s', (_what, hash, expected) => {
    expect(String(hash)).toBe(expected);
  });

  it.each([
    ['list', goSlice(goString)],
    ['map', goMap(goString)],
  ] as const)('of a null or empty %s is 0', (_what, type) => {
    expect([type(undefined), type(null), type([] as never)]).toEqual([0n, 0n, 0n]);
  });

  it('tells the order of a list, not that of a map', () => {
    expect(goSlice(goString)(['b', 'a'])).not.toBe(goSlice(goString)(['a', 'b']));
    expect(goMap(goString)({ b: '2', a: '1' })).toBe(goMap(goString)({ a: '1', b: '2' }));
  });

  it('of a null pointer is not that of its zero value', () => {
    expect(goPointer(goString)(null)).not.toBe(goPointer(goString)(''));
    expect(goString(undefined)).toBe(goString(''));
  });
});

describe('the hash that the Go operator gave a serving (not needed, but it proves the nesting of structs)', () => {
  /** A struct whose fields are given by their Go names; `embedded` are its embedded structs. */
  const struct = (name: string, fields: Record<string, GoType<never>>, embedded: Record<string, GoType<object>> = {}) =>
    goStruct<Record<string, unknown>>(
      name,
      Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, [field, type as GoType<unknown>]])),
      embedded,
    ) as GoType<object>;
  const pointer = goPointer<never>(() => 0n);
  const list = goSlice<never>(() => 0n);
  const target = (type: GoType<object>) => goPointer(type) as GoType<never>;
  const text = goPointer(goString) as GoType<never>;
  const texts = goMap(goString) as GoType<never>;

  const gateway = struct('GatewayRef', { Name: goString as GoType<never>, Namespace: text });
  const common = struct('CommonRouteSpec', { GatewayRef: target(gateway) });
  const route = struct('RouteImpl', { Hostnames: list, Rules: list }, { CommonRouteSpec: common });
  const port = goPointer(goInt32) as GoType<never>;
  const http = struct('HttpTrigger', { Port: port, Engine: pointer, Route: target(route) });
  const triggers = struct('Triggers', { Http: target(http), Dapr: list, Inputs: list });
  const absent = { ScaleOptions: pointer, Template: pointer, Timeout: pointer, Hooks: pointer, Tracing: pointer };
  const empty = { Outputs: list, Bindings: list, Pubsub: list, States: list };
  const given = { Params: texts, Labels: texts, Annotations: texts, WorkloadType: goString as GoType<never> };
  const implementation = struct('ServingImpl', { Triggers: target(triggers), ...absent, ...empty, ...given });
  const serving = struct(
    'ServingSpec',
    { Version: text, Image: goString as GoType<never>, ImageCredentials: pointer },
    { ServingImpl: implementation },
  );
  const e1 = {
    Version: 'v1.0.0',
    Image: 'repo/img:v1',
    Triggers: { Http: { Port: 8080, Route: { GatewayRef: { Name: 'openfunction', Namespace: 'openfunction' } } } },
  };

  // All of controllers.md, appendix A.
  it.each<[string, object, string]>([
    ['nothing at all', {}, '6279305382667616497'],
    ['an image', { Image: 'i' }, '5475840816986776617'],
    ['an image and params', { Image: 'i', Params: { a: 'b' } }, '5632588312585424975'],
    ['an image and labels', { Image: 'i', Labels: { a: 'b' } }, '17486400588535500360'],
    ['what the first end-to-end scenario has', e1, '16094209176066618941'],
  ])('with %s', (_what, value, expected) => {
    expect(String(serving(value))).toBe(expected);
  });
});

describe('a hash', () => {
  it.each([
    ['14165285899942527405', true],
    ['v1:00ff', false],
    ['v2:12', false],
    ['', false],
  ])('%j is of the Go operator: %s', (hash, expected) => {
    expect(isGoHash(hash)).toBe(expected);
  });
});
