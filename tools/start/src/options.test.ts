import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';

test('without options: the node sample, one of each service, all of it', () => {
  expect(parseOptions([], {})).toEqual({
    sample: 'node',
    once: false,
    port: undefined,
    replicas: 1,
    platform: true,
    kubeconfig: undefined,
    reset: false,
    state: '.local',
    help: false,
  });
});

test('without the local platform nothing can build a sample, so none is tried', () => {
  expect(parseOptions(['--platform', 'off'], {}).sample).toBe('none');
  expect(parseOptions(['--platform', 'off', '--sample', 'go'], {}).sample).toBe('go');
});

test('a sample with a slash or .yaml is a manifest of the user', () => {
  expect(parseOptions(['--sample', './fn'], {}).sample).toEqual({ manifest: './fn' });
  expect(parseOptions(['--sample=fn.yaml'], {}).sample).toEqual({ manifest: 'fn.yaml' });
});

test('the option --state wins over OPENFUNCTION_STATE', () => {
  const env = { OPENFUNCTION_STATE: '/tmp/a' };
  expect(parseOptions([], env).state).toBe('/tmp/a');
  expect(parseOptions(['--state', '/tmp/b'], env).state).toBe('/tmp/b');
});

test.each([
  {
    argv: ['--sample', 'rust'],
    sentence: '--sample "rust" is not supported: use go, node, typescript, python, bindings, none',
  },
  { argv: ['--replicas', '0'], sentence: '--replicas "0" is not a number between 1 and 9' },
  { argv: ['--port', '70000'], sentence: '--port "70000" is not a number between 0 and 65535' },
  { argv: ['--port', '8e3'], sentence: '--port "8e3" is not a number between 0 and 65535' },
  { argv: ['--platform', 'maybe'], sentence: '--platform "maybe" is not supported: use on, off' },
])('$argv is refused in one sentence', ({ argv, sentence }) => {
  expect(() => parseOptions(argv, {})).toThrow(expect.objectContaining({ code: 'config.invalid', message: sentence }));
});

test('an unknown option is named, with where to look', () => {
  expect(() => parseOptions(['--smaple', 'go'], {})).toThrow(/--smaple.*--help/);
});
