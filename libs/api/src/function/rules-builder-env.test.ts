import { describe, expect, it } from 'vitest';
import { ask, type Complaint } from '../rules.ts';
import { built } from './examples.ts';
import { FUNCTION_RULES } from './rules.ts';

/** What a row says, each complaint as its field below `spec.build` and its words. */
function said(id: string, build: object): string[] {
  const rule = FUNCTION_RULES.find((row) => row.id === id);
  if (rule === undefined) throw new Error(`no row ${id}`);
  const told = [ask(rule, built(build)) ?? []].flat() as Complaint[];
  return told.map(({ at, detail }) => `${at?.slice(2).join('.')} ${detail}`);
}

function saidOfParams(...params: unknown[]): string[] {
  return said('build.shipwright.params.builder', { shipwright: { params } });
}

describe('spec.build.env', () => {
  it.each([
    ...['GIT_CONFIG_COUNT', 'GIT_CONFIG_KEY_0', 'GIT_CONFIG_VALUE_12', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM'],
    ...['GIT_CONFIG_PARAMETERS', 'GIT_PROXY_COMMAND', 'GIT_SSH', 'GIT_EXEC_PATH', 'GIT_TEMPLATE_DIR', 'GIT_ASKPASS'],
    ...['SSH_ASKPASS', 'GCONV_PATH', 'NODE_PATH', 'XDG_CONFIG_HOME'],
  ])('refuses %s', (name) => {
    expect(said('build.env.builder', { env: { [name]: 'x' } })).toEqual([
      expect.stringMatching(`^env\\.${name} changes the builder itself \\(`),
    ]);
  });

  it.each(['GIT_CONFIG_NOSYSTEM', 'GIT_COMMITTER_NAME', 'PATHS', 'MY_PATH', 'path', 'LDFLAGS', 'NODE_ENV', 'GOFLAGS'])(
    'takes %s',
    (name) => {
      expect(said('build.env.builder', { env: { [name]: 'x' } })).toEqual([]);
    },
  );
});

describe('parameters that are the environment of a build', () => {
  it('are refused at the item of the list that names such a variable', () => {
    const values = [{ value: 'FUNC_NAME=hello' }, { value: 'LD_PRELOAD=/x.so' }, { value: 'BASH_ENV=x' }];
    expect(saidOfParams({ name: 'target' }, { name: 'env', values })).toEqual([
      expect.stringMatching(/^shipwright\.params\.1\.values\.1\.value LD_PRELOAD changes the builder itself \(the dyn/),
      expect.stringMatching(/^shipwright\.params\.1\.values\.2\.value BASH_ENV changes the builder itself \(shells/),
    ]);
  });

  it('are refused at the text that names such variables, each once', () => {
    const value = 'FUNC_NAME=a#PATH=/x#GIT_CONFIG_KEY_0=core.sshCommand# PATH=/y#';
    expect(saidOfParams({ name: 'ENV_VARS', value })).toEqual([
      expect.stringMatching(/^shipwright\.params\.0\.value PATH changes/),
      expect.stringMatching(/^shipwright\.params\.0\.value GIT_CONFIG_KEY_0 changes/),
    ]);
  });

  it('are refused at the text that a value of the cluster is put into', () => {
    const from = (format: string) => ({ name: 'any', key: 'any', format });
    const format = `NODE_OPTIONS=\${SECRET_VALUE}`;
    const values = [{ secretValue: from(format) }, { configMapValue: from(`A=\${CONFIGMAP_VALUE}`) }];
    expect(saidOfParams({ name: 'env', values }, { name: 'ENV_VARS', configMapValue: from('A=#HOME=/x') })).toEqual([
      expect.stringMatching(/^shipwright\.params\.0\.values\.0\.secretValue\.format NODE_OPTIONS changes/),
      expect.stringMatching(/^shipwright\.params\.1\.configMapValue\.format HOME changes/),
    ]);
  });

  it('name their variables in full: what the kubelet puts there is not seen', () => {
    expect(saidOfParams({ name: 'env', values: [{ value: 'LD_$(EMPTY)PRELOAD=/x.so' }] })).toEqual([
      expect.stringContaining('must be written out'),
    ]);
  });

  it.each<[string, unknown]>([
    ['the name inside a value', { name: 'env', values: [{ value: 'A=LD_PRELOAD=/x.so' }] }],
    ['a # in an item of a list', { name: 'env', values: [{ value: 'A=b#PATH=/x' }] }],
    ['a name that only begins alike', { name: 'ENV_VARS', value: 'PATHS=/x#HOMEPAGE=y#' }],
    ['build arguments, which a Dockerfile gets', { name: 'build-args', values: [{ value: 'PATH=/x' }] }],
    ['another parameter', { name: 'RUN_IMAGE', value: 'PATH=/x' }],
    ['what is no text', { name: 'env', value: 1, values: [null, 1, {}, { value: {} }], secretValue: 'PATH=' }],
    ['what is no parameter', null],
  ])('may hold %s', (_what, param) => {
    expect(saidOfParams(param)).toEqual([]);
  });
});
