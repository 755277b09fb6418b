import type { Builder } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { findEnvTrouble, makeEnvParam, makeStepEnv } from './env.ts';
import type { DeclaredParams } from './strategy.ts';

function makeBuilder(env: Record<string, string>, ...own: string[]): Builder {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Builder',
    metadata: { name: 'builder-a', namespace: 'ns' },
    spec: {
      image: 'acme/fn:v1',
      srcRepo: {},
      env,
      ...(own.length > 0 && { shipwright: { params: own.map((name) => ({ name, value: 'mine' })) } }),
    },
  };
}

const env: DeclaredParams = new Map([['env', 'array']]);
const text: DeclaredParams = new Map([['ENV_VARS', 'string']]);
const args: DeclaredParams = new Map([['build-args', 'array']]);
const together = (...maps: DeclaredParams[]): DeclaredParams => new Map(maps.flatMap((map) => [...map]));
const AB = { B: 'two words', A: 'x=1' };
const LIST = [{ value: 'A=x=1' }, { value: 'B=two words' }];

describe('spec.build.env goes', () => {
  it.each([
    ['as list env where there is one', together(text, args, env), AB, { name: 'env', values: LIST }],
    ['as text ENV_VARS', together(args, text), AB, { name: 'ENV_VARS', value: 'A=x=1#B=two words#' }],
    ['as build-args', args, AB, { name: 'build-args', values: LIST }],
    [
      'as build-args when ENV_VARS cannot hold a value',
      together(args, text),
      { A: '#' },
      { name: 'build-args', values: [{ value: 'A=#' }] },
    ],
    ['nowhere when there is none', env, {}, undefined],
  ])('%s', (_case, declared, values, param) => {
    expect(makeEnvParam(makeBuilder(values), declared)).toEqual(param);
    expect(findEnvTrouble(makeBuilder(values), declared, 'S')).toBeUndefined();
  });

  it('past a parameter that the user sets', () => {
    expect(makeEnvParam(makeBuilder(AB, 'env'), together(env, text))?.name).toBe('ENV_VARS');
  });
});

describe('spec.build.env cannot be handed over', () => {
  it.each([
    [
      'to a strategy with no parameter for it',
      new Map([['env', 'string']]),
      makeBuilder(AB),
      'S has no parameter that takes spec.build.env',
    ],
    [
      'with a # to one that divides there',
      text,
      makeBuilder({ A: '1', B: '#' }),
      'the value of B (spec.build.env) has a "#"',
    ],
    [
      'when the user sets the only parameter',
      text,
      makeBuilder(AB, 'ENV_VARS'),
      'spec.build.shipwright.params sets ENV_VARS',
    ],
    [
      'with a variable of Tekton',
      env,
      makeBuilder({ A: 'x$(context.taskRun.name)' }),
      'replace $(context.taskRun.name) in the value of A',
    ],
  ] as [string, DeclaredParams, Builder, string][])('%s', (_case, declared, builder, cause) => {
    expect(findEnvTrouble(builder, declared, 'S')?.cause).toContain(cause);
  });
});

/** What the kubelet makes of an argument (third_party/forked/golang/expansion), with HOME set in the container. */
function expand(argument: string): string {
  return argument.replace(/\$\$|\$\(HOME\)/g, (found) => (found === '$$' ? '$' : '/root'));
}

it.each(['$', '$$', '$$$', '$(HOME)', '$$(HOME)', '$HOME', 'pa$$word', 'a$b', '$(', 'end$'])(
  'a value arrives as it is written: %s',
  (value) => {
    const param = makeEnvParam(makeBuilder({ A: value }), env);
    expect(expand(param?.values?.[0]?.value ?? '')).toBe(`A=${value}`);
    expect(expand(makeEnvParam(makeBuilder({ A: value }), text)?.value ?? '')).toBe(`A=${value}#`);
  },
);

it('a single dollar is left alone: scripts, which no kubelet expands, read it too', () => {
  expect(makeEnvParam(makeBuilder({ A: 'US$ 5 $B' }), env)?.values).toEqual([{ value: 'A=US$ 5 $B' }]);
});

describe('a strategy that takes variables by none of those parameters', () => {
  const none: DeclaredParams = new Map([['platform-api-version', 'string']]);
  const withDockerfile = (dockerfile: string): Builder => {
    const builder = makeBuilder(AB);
    return { ...builder, spec: { ...builder.spec, dockerfile } };
  };

  it('gets them in the environment of its steps, sorted by name', () => {
    expect(makeStepEnv(makeBuilder({ ...AB, C: '' }), none)).toEqual([
      { name: 'A', value: 'x=1' },
      { name: 'B', value: 'two words' },
      { name: 'C' },
    ]);
    expect(makeEnvParam(makeBuilder(AB), none)).toBeUndefined();
    expect(findEnvTrouble(makeBuilder(AB), none, 'S')).toBeUndefined();
  });

  it('gets none when there is none', () => {
    expect(makeStepEnv(makeBuilder({}), none)).toBeUndefined();
  });

  it.each([
    ['the strategy reads a Dockerfile', new Map([['dockerfile', 'string']]), makeBuilder(AB)],
    ['Shipwright v1alpha1 tells the strategy the Dockerfile', new Map([['dockerfile', 'built-in']]), makeBuilder(AB)],
    ['a Dockerfile is asked for', none, withDockerfile('Dockerfile')],
  ] as [string, DeclaredParams, Builder][])(
    'does not get them where no Dockerfile would see them: %s',
    (_case, declared, builder) => {
      expect(makeStepEnv(builder, declared)).toBeUndefined();
      expect(findEnvTrouble(builder, declared, 'S')?.cause).toContain('no parameter that takes spec.build.env');
    },
  );

  it('gets them though a blank Dockerfile is written', () => {
    expect(makeStepEnv(withDockerfile(' '), none)).toHaveLength(2);
  });

  it.each(['env', 'ENV_VARS', 'build-args'])('is told from one that declares %s, whatever its type', (name) => {
    for (const type of ['string', 'array'] as const)
      expect(makeStepEnv(makeBuilder(AB), new Map([[name, type]]))).toBeUndefined();
  });

  it.each(['$', '$$', '$(HOME)', '$$(HOME)', '$HOME', 'pa$$word', '$('])(
    'gets a value as it is written: %s',
    (value) => {
      expect(expand(makeStepEnv(makeBuilder({ A: value }), none)?.[0]?.value ?? '')).toBe(value);
    },
  );

  it.each([
    '$(params.x)',
    '$(params["x"])',
    "$(params['x'])",
    '$(inputs.params.x)',
    '$(params.x[*])',
    '$(results["x"].path)',
  ])('cannot get one that Tekton replaces there: %s', (value) => {
    expect(findEnvTrouble(makeBuilder({ A: `x${value}` }), none, 'S')?.cause).toContain(
      `replace ${value} in the value of A`,
    );
  });

  it('leaves variables of parameters to those that take values by a parameter: nothing is replaced there twice', () => {
    expect(findEnvTrouble(makeBuilder({ A: '$(params.x)' }), env, 'S')).toBeUndefined();
  });
});
