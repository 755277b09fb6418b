import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../operator-config.ts';
import { makeServing } from '../testdata/serving.ts';
import { mergeTracing } from './tracing.ts';

const annotated = (text: string, tracing?: object) => {
  const serving = makeServing();
  serving.metadata.annotations = { 'plugins.tracing': text };
  return mergeTracing(serving, { ...DEFAULT_CONFIG, ...tracing });
};

describe('the tracing of an annotation', () => {
  it.each([
    ['has no name', 'enabled: true\nprovider:\n  oapServer: oap:11800\n'],
    ['has an empty name', 'enabled: true\nprovider:\n  name: ""\n'],
    ['has a name that no framework knows', 'enabled: true\nprovider:\n  name: jaeger\n'],
    ['is not there', 'enabled: true'],
  ])('is none when its provider %s: a framework would not start the function', (_case, text) => {
    expect(annotated(text)).toBeUndefined();
  });

  it('takes the name of the provider from the cluster', () => {
    const all = { enabled: true, provider: { name: 'skywalking' as const, oapServer: 'all:11800' } };
    const text = 'enabled: true\nprovider:\n  oapServer: own:11800\n';
    expect(annotated(text, { tracing: all })).toEqual({
      enabled: true,
      provider: { name: 'skywalking', oapServer: 'own:11800' },
    });
  });

  it('has an empty text where a member says nothing', () => {
    const text = 'enabled: true\nprovider:\n  name: skywalking\ntags:\n  layer: faas\n  empty:\n';
    expect(annotated(text)?.tags).toEqual({ layer: 'faas', empty: '' });
  });
});
