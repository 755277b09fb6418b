import { describe, expect, it } from 'vitest';
import { lintText } from './lint.ts';

const GOOD = `apiVersion: core.openfunction.io/v1beta2
kind: Function
metadata: {name: hello}
spec:
  image: registry/hello:v1
  serving: {}
`;

function said(text: string): string[] {
  return lintText('f.yaml', text).findings.map(
    ({ line, level, field, message }) => `${line} ${level} ${field}: ${message}`,
  );
}

describe('lint', () => {
  it('has nothing to say about a good Function, nor about objects of others', () => {
    const other = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n';
    expect(lintText('f.yaml', `${GOOD}---\n${other}---\n`)).toEqual({ findings: [], objects: 1 });
  });

  it('says what admission says, with the line, in each of several documents', () => {
    const bad = GOOD.replace('registry/hello:v1', '" "').replace(
      '{}',
      '\n    timeout: 1d\n    scaleOptions:\n      minReplicas: -1',
    );
    expect(said(`${GOOD}---\n${bad}`)).toEqual([
      '12 error spec.image: Required value: must be specified',
      '16 error spec.serving.scaleOptions.minReplicas: Invalid value: -1: must be greater than or equal to 0',
      '14 error spec.serving.timeout: Invalid value: "1d": must be a duration such as "90s", "5m" or "1h30m"',
    ]);
  });

  it('N20 names where a field of v1beta1 has gone', () => {
    const old = `${GOOD.replace(
      '{}',
      '\n    runtime: async\n    inputs: [{name: a, component: b}]\n    scaleOptions: {keda: {scaledObject: {minReplicaCount: 1}}}\n    outputs: [{component: out}]',
    )}  port: 9000\n  build: {srcRepo: {url: u}, builder: b, params: {A: b}}\n`;
    const hints = said(old).filter((line) => line.includes('unknown field'));
    expect(hints.toSorted()).toEqual([
      '10 error spec.serving.outputs[0].component: unknown field: moved to spec.serving.outputs[0].dapr.name',
      '11 error spec.port: unknown field: moved to spec.serving.triggers.http.port',
      '12 error spec.build.params: unknown field: moved to spec.build.shipwright.params',
      '7 error spec.serving.runtime: unknown field: moved to spec.serving.triggers',
      '8 error spec.serving.inputs: unknown field: moved to spec.serving.triggers.dapr',
      '9 error spec.serving.scaleOptions.keda.scaledObject.minReplicaCount: unknown field: moved to spec.serving.scaleOptions.minReplicas',
    ]);
  });

  it('answers v1beta1 in its own paths, and says that it is deprecated', () => {
    const old =
      'apiVersion: core.openfunction.io/v1beta1\nkind: Function\nmetadata: {name: hello}\nspec:\n  image: a\n  port: 99999\n  serving: {runtime: knative}\n';
    expect(said(old)).toEqual([
      '1 warning apiVersion: core.openfunction.io/v1beta1 Function is deprecated; use core.openfunction.io/v1beta2',
      '6 error spec.port: Invalid value: 99999: must be between 1 and 65535',
    ]);
  });

  it('looks into Lists, knows unknown versions, and names the line of broken YAML', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: core.openfunction.io/v1beta2\n  kind: Function\n  metadata: {name: a}\n  spec: {image: "", serving: {}}\n`;
    expect(said(list)).toEqual(['7 error spec.image: Required value: must be specified']);
    expect(said(GOOD.replace('v1beta2', 'v1alpha1'))).toEqual([
      '1 error apiVersion: unknown version; known are core.openfunction.io/v1beta2, core.openfunction.io/v1beta1',
    ]);
    expect(said('a: [1,\nb: }')[0]).toMatch(/^2 error : /);
  });

  it('is not overwhelmed by aliases', () => {
    const bomb = Array.from(
      { length: 12 },
      (_, index) => `a${index}: &a${index} [${Array(12).fill(index === 0 ? 'x' : `*a${index - 1}`)}]`,
    );
    expect(said(bomb.join('\n'))[0]).toContain('alias');
  });
});
