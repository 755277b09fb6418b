import type { KubeObject, ServingSpec } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { asStored, make, makeServing, the } from '../testdata/serving.ts';

const EVENTS: Partial<ServingSpec> = { triggers: { dapr: [] } };
const RESERVED = { 'openfunction.io/managed': 'true', 'openfunction.io/serving': 'serving-a' };

function deployment(spec: Partial<ServingSpec>, owned: KubeObject[] = []): KubeObject {
  return the(make(makeServing({ ...EVENTS, ...spec }), { owned }), 'Deployment');
}

/** The Deployment that the Go operator made of it, under a name of its own. */
function left(spec: Partial<ServingSpec>, change: (spec: KubeObject['spec']) => void = () => {}): KubeObject {
  return asStored(deployment(spec), (copy) => {
    copy.metadata.name = 'serving-a-deployment-v100-qsrtc';
    change(copy['spec']);
  });
}

describe('pods of a Deployment that the Go operator made', () => {
  const before = { labels: { team: 'a', tier: 'x' }, annotations: { note: 'x', 'dapr.io/log-level': 'debug' } };

  it('stay as they are while nothing changes', () => {
    const live = left(before);
    expect(deployment(before, [live])['spec'].template).toEqual(live['spec'].template);
  });

  it('get labels and annotations that are changed in place, and lose those that are no longer wanted', () => {
    const { metadata } = deployment({ labels: { team: 'b' } }, [left(before)])['spec'].template;
    expect(metadata.labels).toEqual({ ...RESERVED, 'app.kubernetes.io/version': 'v1.0.0', team: 'b' });
    expect(metadata.annotations).not.toHaveProperty('note');
    expect(metadata.annotations).toMatchObject({ 'dapr.io/app-id': 'fn-ns', 'dapr.io/log-level': 'debug' });
  });

  it('keep what their selector holds until the next version', () => {
    const live = left(before, (spec) => {
      spec.selector.matchLabels = { ...RESERVED, team: 'a' };
    });
    const { selector, template } = deployment({ labels: { team: 'b' } }, [live])['spec'];
    expect([selector.matchLabels.team, template.metadata.labels.team]).toEqual(['a', 'a']);
    expect(template.metadata.labels).not.toHaveProperty('tier');
  });

  it('name each variable and port once: the API server takes no other', () => {
    const ports = [{ name: 'web', containerPort: 8080 }];
    const live = left({}, ({ template }) => {
      const [container] = template.spec.containers;
      container.env = [{ name: 'A', value: '1' }, ...container.env, { name: 'A', value: '2' }];
      container.ports = [...ports, { containerPort: 8080, protocol: 'TCP' }];
    });
    const [container] = deployment({}, [live])['spec'].template.spec.containers;
    expect(container.env.filter(({ name }: { name: string }) => name === 'A')).toEqual([{ name: 'A', value: '2' }]);
    expect(container.ports).toEqual(ports);
  });
});
