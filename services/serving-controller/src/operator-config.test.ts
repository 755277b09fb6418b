import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, parseTexts, readOperatorConfig } from './operator-config.ts';

describe('the ConfigMap of the operator (controllers.md §4.2)', () => {
  it('has defaults where it says nothing, or is not there', () => {
    const blank = { hooks: ' \n', 'openfunction.dapr-proxy.image': '' };
    const said: (Record<string, string> | undefined)[] = [undefined, {}, blank];
    for (const data of said)
      expect(readOperatorConfig(data)).toEqual({ config: DEFAULT_CONFIG, problems: [], good: {} });
  });

  it('is read whole', () => {
    const { config, problems } = readOperatorConfig({
      'openfunction.dapr-proxy.image': 'proxy:v2\n',
      'knative-serving.namespace': 'kn',
      'knative-serving.config-features.name': 'features',
      hooks: 'pre: [a]\npost: [b]',
      plugins: 'order: [c, d]',
      tracing:
        'enabled: true\nprovider: {name: opentelemetry, exporter: {name: otlp, endpoint: "c:4317", timeout: 10}}\ntags: {n: 1}',
      'plugins.tracing': 'enabled: false',
      'of.another.component': '{',
    });
    expect(problems).toEqual([]);
    expect(config).toEqual({
      daprProxyImage: 'proxy:v2',
      knativeNamespace: 'kn',
      knativeFeatures: 'features',
      hooks: { pre: ['a'], post: ['b'], policy: 'Override' },
      plugins: { pre: ['c', 'd'], post: ['d', 'c'], policy: 'Override' },
      tracing: {
        enabled: true,
        provider: { name: 'opentelemetry', exporter: { name: 'otlp', endpoint: 'c:4317', timeout: '10' } },
        tags: { n: '1' },
      },
      pluginsTracing: { enabled: false },
    });
  });

  it('reads the sample that the original installs', () => {
    const text =
      'enabled: false\nprovider:\n  name: "skywalking"\n  oapServer: "localhost:xxx"\ntags:\n  layer: faas\nbaggage:\n  key: sw8';
    expect(readOperatorConfig({ 'plugins.tracing': text }).problems).toEqual([]);
  });

  it('takes a member of a map that says nothing for an empty text, as Go does', () => {
    const text = 'enabled: true\nprovider: {name: skywalking}\ntags: {layer: faas, empty: }\nbaggage: {none: null}';
    const { config, problems } = readOperatorConfig({ tracing: text });
    expect(problems).toEqual([]);
    expect(config.tracing).toMatchObject({ tags: { layer: 'faas', empty: '' }, baggage: { none: '' } });
  });

  it.each(['name: ""', 'name: jaeger', 'exporter: {name: file}'])(
    'does not judge the provider `%s` of tracing that is switched off',
    (provider) => {
      const { config, problems } = readOperatorConfig({
        'plugins.tracing': `enabled: false\nprovider:\n  ${provider}`,
      });
      expect([config.pluginsTracing, problems]).toEqual([{ enabled: false }, []]);
    },
  );

  it.each([
    ['hooks', 'pre: a', /pre/],
    ['hooks', '{', /YAML/],
    ['plugins', '- a', /mapping/],
    ['tracing', 'enabled: maybe', /enabled/],
    ['tracing', 'enabled: true', /provider: is required/],
    ['tracing', 'enabled: true\nprovider: {name: jaeger}', /provider\.name/],
    ['tracing', 'enabled: "true"\nprovider: {name: skywalking}', /enabled/],
    ['plugins.tracing', 'tags: {a: [1]}', /tags\.a/],
    ['openfunction.dapr-proxy.image', 'two words', /image reference/],
    ['knative-serving.namespace', 'Not A Name', /name of an object/],
  ])('keeps the last good value of %s where it says %j, and says why', (key, text, why) => {
    const good = {
      hooks: 'pre: [good]',
      plugins: 'pre: [good]',
      tracing: 'enabled: false',
      'plugins.tracing': 'enabled: false',
      'openfunction.dapr-proxy.image': 'good:v1',
      'knative-serving.namespace': 'good',
    };
    const before = readOperatorConfig(good);
    expect(before.good).toEqual(good);
    const after = readOperatorConfig({ ...good, [key]: text }, before.good);
    expect(after).toEqual({ ...before, problems: [{ key, problem: expect.stringMatching(why) }] });
  });

  it('goes back to the default when a key goes, whatever it was', () => {
    const before = readOperatorConfig({ hooks: 'pre: [a]', 'openfunction.dapr-proxy.image': 'p:v2' }).good;
    expect(readOperatorConfig({}, before)).toEqual({ config: DEFAULT_CONFIG, problems: [], good: {} });
  });

  it('has the default of a key that was never good, and remembers nothing of it', () => {
    const { config, problems, good } = readOperatorConfig(
      { hooks: 'pre: a' },
      { hooks: '{', tracing: 'enabled: false' },
    );
    expect([config, problems.length, good]).toEqual([DEFAULT_CONFIG, 1, {}]);
  });

  it.each([
    ['{"hooks":"pre: [a]"}', { hooks: 'pre: [a]' }],
    [undefined, undefined],
    ['{', undefined],
    ['[]', undefined],
    ['{"hooks":1}', undefined],
  ])('what was remembered as %s is %o', (json, texts) => {
    expect(parseTexts(json)).toEqual(texts);
  });
});
